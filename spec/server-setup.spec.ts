import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FakeMachine } from './support/fake-machine.js';
import { findServerProgram } from './support/server-program.js';

/** `npm test` on machines without a server. */
describe('scripts/server.mjs', () => {
  let machine: FakeMachine;
  let path: string;
  let policy: string;

  beforeEach(() => {
    machine = new FakeMachine();
    path = machine.path;
    policy = join(machine.folder, 'policy-rc.d');
  });
  afterEach(() => machine.remove());

  /** An `apt-get` that knows these packages once its lists are `updated`, and installs a program of the package's name. */
  const aptGet = (packages: readonly string[], { updated }: { readonly updated: boolean }): void =>
    machine.aptGet(
      updated,
      `for name in "$@"; do :; done
       case " ${packages.join(' ')} " in *" $name "*) ;; *) exit 100;; esac
       ${machine.putting('"$name"')}`,
      ` policy=$([ -x '${policy}' ] && '${policy}'; echo $?)`,
    );
  const ensure = (uid?: number): Promise<string> =>
    machine.ensure(
      {
        script: 'server',
        ensure: 'ensureServer',
        finder: 'server-program',
        find: 'findServerProgram',
        env: { POLICY_RC_D: policy, REDIS_SERVER: undefined },
      },
      uid,
    );

  it('installs nothing where a server is on the PATH', async () => {
    aptGet(['redis-server'], { updated: true });
    machine.program('valkey-server');
    expect(await ensure()).to.equal(join(path, 'valkey-server'));
    expect(machine.noted).to.deep.equal([]);
  });

  it('installs one with apt-get as root, while a policy keeps its service from starting', async () => {
    aptGet(['redis-server'], { updated: true });
    expect(await ensure()).to.equal(join(path, 'redis-server'));
    expect(machine.noted).to.deep.equal(['apt-get install -y --no-install-recommends redis-server policy=101']);
    expect(existsSync(policy), 'the policy afterwards').to.equal(false);
  });

  it('leaves a policy of the machine alone', async () => {
    aptGet(['redis-server'], { updated: true });
    writeFileSync(policy, '#!/bin/sh\nexit 0\n');
    chmodSync(policy, 0o755);
    expect(await ensure()).to.equal(join(path, 'redis-server'));
    expect(machine.noted).to.deep.equal(['apt-get install -y --no-install-recommends redis-server policy=0']);
    expect(readFileSync(policy, 'utf8')).to.equal('#!/bin/sh\nexit 0\n');
  });

  it('fetches the lists of packages where they are missing, and takes Valkey where there is no Redis', async () => {
    aptGet(['valkey-server'], { updated: false });
    expect(await ensure()).to.equal(join(path, 'valkey-server'));
    expect(machine.noted.map((call) => call.replace(' policy=101', ''))).to.deep.equal([
      'apt-get install -y --no-install-recommends redis-server',
      'apt-get install -y --no-install-recommends valkey-server',
      'apt-get update',
      'apt-get install -y --no-install-recommends redis-server',
      'apt-get install -y --no-install-recommends valkey-server',
    ]);
  });

  it('goes by sudo where that asks no password', async () => {
    aptGet(['redis-server'], { updated: true });
    machine.manager('sudo', 'shift; exec "$@"');
    machine.program('true');
    expect(await ensure(1000)).to.equal(join(path, 'redis-server'));
    expect(machine.noted[0]).to.match(/^sudo -n /);
  });

  it('installs with brew where there is no apt-get', async () => {
    machine.manager('brew', machine.putting('redis-server'));
    expect(await ensure(501)).to.equal(join(path, 'redis-server'));
    expect(machine.noted).to.deep.equal(['brew install redis']);
  });

  const help = 'Install redis-server or valkey-server, so that it is on the PATH, or set REDIS_SERVER to its path.';

  it('says what to install where sudo asks a password', async () => {
    aptGet(['redis-server'], { updated: true });
    machine.program('sudo', 'exit 1');
    expect(await ensure(1000)).to.equal(
      `Error: The integration specs need a Redis server: neither redis-server nor valkey-server is on the PATH, and apt-get needs a password to install one. ${help}`,
    );
    expect(machine.noted).to.deep.equal([]);
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
      machine.program('redis-server');
      machine.program('keydb-server');
      expect(findServerProgram({ PATH: path })).to.equal(join(path, 'redis-server'));
      expect(findServerProgram({ PATH: path, REDIS_SERVER: 'keydb-server' })).to.equal(join(path, 'keydb-server'));
      expect(findServerProgram({ PATH: '', REDIS_SERVER: join(path, 'keydb-server') })).to.equal(join(path, 'keydb-server'));
    });

    it('refuses a REDIS_SERVER that is no program rather than taking another', () => {
      machine.program('redis-server');
      expect(() => findServerProgram({ PATH: path, REDIS_SERVER: 'nobody' })).to.throw(
        "REDIS_SERVER is 'nobody', which is no program that can be run.",
      );
    });
  });
});
