import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { findBrowserProgram } from './support/browser-program.js';
import { runProgram } from './support/programs.js';
import { projectRoot } from './support/project.js';

/** `npm test` on machines without a browser: package managers are played by scripts that note how they were called. */
describe('scripts/browser.mjs', () => {
  let machine: string;
  let path: string;
  let calls: string;

  const program = (name: string, script = ''): void => {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  };
  const noted = (): string[] => (existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : []);

  /** An `apt-get` that knows Chromium once its lists are `updated`. */
  const aptGet = (updated: boolean): void => {
    if (updated) writeFileSync(join(machine, 'lists'), '');
    program(
      'apt-get',
      `echo "apt-get $*" >> '${calls}'
       [ "$1" = update ] && { : > '${machine}/lists'; exit 0; }
       [ -e '${machine}/lists' ] || exit 100
       printf '#!/bin/sh\\n' > '${path}/chromium'; chmod +x '${path}/chromium'`,
    );
  };

  /** Runs it, and resolves with the program it found or installed, or with what it complained of. */
  const ensure = async ({ uid = 0 } = {}): Promise<string> => {
    const browser = pathToFileURL(join(projectRoot, 'scripts/browser.mjs')).href;
    const finder = new URL('./support/browser-program.js', import.meta.url).href;
    const script = `
      process.getuid = () => ${uid};
      const { ensureBrowser } = await import(${JSON.stringify(browser)});
      const { findBrowserProgram } = await import(${JSON.stringify(finder)});
      try { console.log(ensureBrowser(findBrowserProgram)); } catch (error) { console.log('Error: ' + error.message); }`;
    const output = await runProgram(process.execPath, ['--input-type=module', '-e', script], {
      cwd: machine,
      env: { PATH: path, CHROMIUM: undefined },
    });
    return output.trimEnd().split('\n').at(-1)!;
  };

  beforeEach(() => {
    machine = mkdtempSync(join(tmpdir(), 'inversify-cache-machine-'));
    path = join(machine, 'bin');
    calls = join(machine, 'calls');
    mkdirSync(path);
    for (const tool of ['sh', 'rm', 'chmod']) symlinkSync(join('/bin', tool), join(path, tool));
  });

  afterEach(() => rmSync(machine, { recursive: true, force: true }));

  it('installs nothing where there is one', async () => {
    aptGet(true);
    program('google-chrome');
    expect(await ensure()).to.equal(join(path, 'google-chrome'));
    expect(noted()).to.deep.equal([]);
  });

  it('installs one with a font, and fetches the lists of packages where they are missing', async () => {
    aptGet(false);
    expect(await ensure()).to.equal(join(path, 'chromium'));
    const install = 'apt-get install -y --no-install-recommends chromium fonts-dejavu-core';
    expect(noted()).to.deep.equal([install, 'apt-get update', install]);
  });

  const help = 'Install chromium or Google Chrome, so that it is on the PATH, or set CHROMIUM to its path.';

  it('says what to install where that needs a password, and where no package manager is known', async () => {
    expect(await ensure()).to.equal(
      `Error: The specs of the console need a Chromium: none is on the PATH, and there is no apt-get or brew here to install one. ${help}`,
    );
    aptGet(true);
    expect(await ensure({ uid: 1000 })).to.equal(
      `Error: The specs of the console need a Chromium: none is on the PATH, and apt-get needs a password to install one. ${help}`,
    );
    expect(noted()).to.deep.equal([]);
  });

  it('says what to install where the package manager fails', async () => {
    program('apt-get', 'exit 100');
    expect(await ensure()).to.equal(`Error: The specs of the console need a Chromium, and apt-get could not install one. ${help}`);
  });

  describe(findBrowserProgram.name, () => {
    it('prefers what CHROMIUM names, and refuses one that is no program', () => {
      program('chromium');
      program('brave');
      expect(findBrowserProgram({ PATH: path })).to.equal(join(path, 'chromium'));
      expect(findBrowserProgram({ PATH: path, CHROMIUM: 'brave' })).to.equal(join(path, 'brave'));
      expect(() => findBrowserProgram({ PATH: path, CHROMIUM: 'nobody' })).to.throw(
        "CHROMIUM is 'nobody', which is no program that can be run.",
      );
    });
  });
});
