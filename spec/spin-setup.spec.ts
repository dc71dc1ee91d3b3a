import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { findModelPrograms } from './support/model-programs.js';
import { runProgram } from './support/programs.js';
import { projectRoot } from './support/project.js';

/** `npm test` on machines without SPIN: package managers are played by scripts that note how they were called. */
describe('scripts/spin.mjs', () => {
  let machine: string;
  let path: string;
  let calls: string;

  const program = (name: string, script = ''): void => {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  };
  const noted = (): string[] => (existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : []);

  /** An `apt-get` that knows SPIN once its lists are `updated`. */
  const aptGet = (updated: boolean): void => {
    if (updated) writeFileSync(join(machine, 'lists'), '');
    program(
      'apt-get',
      `echo "apt-get $*" >> '${calls}'
       [ "$1" = update ] && { : > '${machine}/lists'; exit 0; }
       [ -e '${machine}/lists' ] || exit 100
       for name in spin gcc; do printf '#!/bin/sh\\n' > '${path}'/$name; chmod +x '${path}'/$name; done`,
    );
  };

  /** Runs it, and resolves with the programs it found or installed, or with what it complained of. */
  const ensure = async ({ uid = 0 } = {}): Promise<string> => {
    const spin = pathToFileURL(join(projectRoot, 'scripts/spin.mjs')).href;
    const finder = new URL('./support/model-programs.js', import.meta.url).href;
    const script = `
      process.getuid = () => ${uid};
      const { ensureSpin } = await import(${JSON.stringify(spin)});
      const { findModelPrograms } = await import(${JSON.stringify(finder)});
      try { console.log(Object.values(ensureSpin(findModelPrograms)).join(' ')); } catch (error) { console.log('Error: ' + error.message); }`;
    const output = await runProgram(process.execPath, ['--input-type=module', '-e', script], {
      cwd: machine,
      env: { PATH: path, SPIN: undefined },
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

  const both = (): string => `${join(path, 'spin')} ${join(path, 'gcc')}`;

  it('installs nothing where they are', async () => {
    aptGet(true);
    program('spin');
    program('gcc');
    expect(await ensure()).to.equal(both());
    expect(noted()).to.deep.equal([]);
  });

  it('installs what is missing, and fetches the lists of packages where they are missing', async () => {
    aptGet(false);
    program('gcc');
    expect(await ensure()).to.equal(both());
    const install = 'apt-get install -y --no-install-recommends spin gcc libc6-dev';
    expect(noted()).to.deep.equal([install, 'apt-get update', install]);
  });

  const help = 'Install spin and gcc (or clang), so that they are on the PATH, or set SPIN to the path of spin.';

  it('says what to install where that needs a password, and where no package manager is known', async () => {
    const missing = 'Error: The models need spin and a C compiler: they are not both on the PATH';
    expect(await ensure()).to.equal(`${missing}, and there is no apt-get or brew here to install them. ${help}`);
    aptGet(true);
    expect(await ensure({ uid: 1000 })).to.equal(`${missing}, and apt-get needs a password to install them. ${help}`);
    expect(noted()).to.deep.equal([]);
  });

  it('says what to install where the package manager fails', async () => {
    program('apt-get', 'exit 100');
    expect(await ensure()).to.equal(`Error: The models need spin and a C compiler, and apt-get could not install them. ${help}`);
  });

  describe(findModelPrograms.name, () => {
    it('prefers what SPIN names, and refuses one that is no program', () => {
      for (const name of ['spin', 'spin6', 'clang', 'gcc']) program(name);
      expect(findModelPrograms({ PATH: path })).to.deep.equal({ spin: join(path, 'spin'), compiler: join(path, 'gcc') });
      expect(findModelPrograms({ PATH: path, SPIN: 'spin6' })).to.deep.equal({ spin: join(path, 'spin6'), compiler: join(path, 'gcc') });
      expect(() => findModelPrograms({ PATH: path, SPIN: 'nobody' })).to.throw("SPIN is 'nobody', which is no program that can be run.");
    });

    it('knows none where there is no compiler', () => {
      program('spin');
      expect(findModelPrograms({ PATH: path })).to.equal(undefined);
    });
  });
});
