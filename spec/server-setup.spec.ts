import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { projectRoot } from './support/project.js';
import { runProgram } from './support/programs.js';
import { findServerProgram } from './support/server-program.js';

/** `npm test` on machines without a server: package managers are played by scripts that note how they were called. */
describe('scripts/server.mjs', () => {
  let machine: string;
  let path: string;
  let policy: string;
  let calls: string;

  const program = (name: string, script: string): void => {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  };
  const noted = (): string[] => (existsSync(calls) ? readFileSync(calls, 'utf8').trimEnd().split('\n') : []);

  /** An `apt-get` that knows these packages once its lists are `updated`, and installs a program of the package's name. */
  const aptGet = (packages: readonly string[], { updated }: { readonly updated: boolean }): void => {
    if (updated) writeFileSync(join(machine, 'lists'), '');
    program(
      'apt-get',
      `echo "apt-get $* policy=$([ -x '${policy}' ] && '${policy}'; echo $?)" >> '${calls}'
       [ "$1" = update ] && { : > '${machine}/lists'; exit 0; }
       for name in "$@"; do :; done
       [ -e '${machine}/lists' ] || exit 100
       case " ${packages.join(' ')} " in *" $name "*) ;; *) exit 100;; esac
       printf '#!/bin/sh\\n' > '${path}'/"$name"; chmod +x '${path}'/"$name"`,
    );
  };

  /** Runs it, and resolves with the program it found or installed; rejects with what it complained of. */
  const ensure = async ({ uid = 0 } = {}): Promise<string> => {
    const server = pathToFileURL(join(projectRoot, 'scripts/server.mjs')).href;
    const finder = new URL('./support/server-program.js', import.meta.url).href;
    const script = `
      process.getuid = () => ${uid};
      const { ensureServer } = await import(${JSON.stringify(server)});
      const { findServerProgram } = await import(${JSON.stringify(finder)});
      try { console.log(ensureServer(findServerProgram)); } catch (error) { console.log('Error: ' + error.message); }`;
    const env = { PATH: path, POLICY_RC_D: policy, REDIS_SERVER: undefined };
    const output = await runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd: machine, env });
    return output.trimEnd().split('\n').at(-1)!;
  };

  beforeEach(() => {
    machine = mkdtempSync(join(tmpdir(), 'inversify-cache-machine-'));
    path = join(machine, 'bin');
    policy = join(machine, 'policy-rc.d');
    calls = join(machine, 'calls');
    mkdirSync(path);
    for (const tool of ['sh', 'rm', 'chmod']) symlinkSync(join('/bin', tool), join(path, tool));
  });

  afterEach(() => rmSync(machine, { recursive: true, force: true }));

  it('installs nothing where a server is on the PATH', async () => {
    aptGet(['redis-server'], { updated: true });
    program('valkey-server', '');
    expect(await ensure()).to.equal(join(path, 'valkey-server'));
    expect(noted()).to.deep.equal([]);
  });

  it('installs one with apt-get as root, while a policy keeps its service from starting', async () => {
    aptGet(['redis-server'], { updated: true });
    expect(await ensure()).to.equal(join(path, 'redis-server'));
    expect(noted()).to.deep.equal(['apt-get install -y --no-install-recommends redis-server policy=101']);
    expect(existsSync(policy), 'the policy afterwards').to.equal(false);
  });

  it('leaves a policy of the machine alone', async () => {
    aptGet(['redis-server'], { updated: true });
    writeFileSync(policy, '#!/bin/sh\nexit 0\n');
    chmodSync(policy, 0o755);
    expect(await ensure()).to.equal(join(path, 'redis-server'));
    expect(noted()).to.deep.equal(['apt-get install -y --no-install-recommends redis-server policy=0']);
    expect(readFileSync(policy, 'utf8')).to.equal('#!/bin/sh\nexit 0\n');
  });

  it('fetches the lists of packages where they are missing, and takes Valkey where there is no Redis', async () => {
    aptGet(['valkey-server'], { updated: false });
    expect(await ensure()).to.equal(join(path, 'valkey-server'));
    expect(noted().map((call) => call.replace(' policy=101', ''))).to.deep.equal([
      'apt-get install -y --no-install-recommends redis-server',
      'apt-get install -y --no-install-recommends valkey-server',
      'apt-get update',
      'apt-get install -y --no-install-recommends redis-server',
      'apt-get install -y --no-install-recommends valkey-server',
    ]);
  });

  it('goes by sudo where that asks no password', async () => {
    aptGet(['redis-server'], { updated: true });
    program('sudo', `echo "sudo $1" >> '${calls}'; shift; exec "$@"`);
    program('true', '');
    expect(await ensure({ uid: 1000 })).to.equal(join(path, 'redis-server'));
    expect(noted()[0]).to.equal('sudo -n');
  });

  it('installs with brew where there is no apt-get', async () => {
    program('brew', `echo "brew $*" >> '${calls}'; printf '#!/bin/sh\\n' > '${path}/redis-server'; chmod +x '${path}/redis-server'`);
    expect(await ensure({ uid: 501 })).to.equal(join(path, 'redis-server'));
    expect(noted()).to.deep.equal(['brew install redis']);
  });

  const help = 'Install redis-server or valkey-server, so that it is on the PATH, or set REDIS_SERVER to its path.';

  it('says what to install where sudo asks a password', async () => {
    aptGet(['redis-server'], { updated: true });
    program('sudo', 'exit 1');
    expect(await ensure({ uid: 1000 })).to.equal(
      `Error: The integration specs need a Redis server: neither redis-server nor valkey-server is on the PATH, and apt-get needs a password to install one. ${help}`,
    );
    expect(noted()).to.deep.equal([]);
  });

  it('says what to install where no package manager is known', async () => {
    expect(await ensure()).to.equal(
      `Error: The integration specs need a Redis server: neither redis-server nor valkey-server is on the PATH, and there is no apt-get or brew here to install one. ${help}`,
    );
  });

  it('says what to install where the package manager fails', async () => {
    aptGet([], { updated: true });
    expect(await ensure()).to.equal(`Error: The integration specs need a Redis server, and apt-get could not install one. ${help}`);
    expect(existsSync(policy), 'the policy afterwards').to.equal(false);
  });

  describe(findServerProgram.name, () => {
    it('prefers what REDIS_SERVER names, by path or by name, to everything on the PATH', () => {
      program('redis-server', '');
      program('keydb-server', '');
      expect(findServerProgram({ PATH: path })).to.equal(join(path, 'redis-server'));
      expect(findServerProgram({ PATH: path, REDIS_SERVER: 'keydb-server' })).to.equal(join(path, 'keydb-server'));
      expect(findServerProgram({ PATH: '', REDIS_SERVER: join(path, 'keydb-server') })).to.equal(join(path, 'keydb-server'));
    });

    it('refuses a REDIS_SERVER that is no program rather than taking another', () => {
      program('redis-server', '');
      expect(() => findServerProgram({ PATH: path, REDIS_SERVER: 'nobody' })).to.throw(
        "REDIS_SERVER is 'nobody', which is no program that can be run.",
      );
    });
  });
});
