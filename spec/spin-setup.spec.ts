import { join } from 'node:path';
import { expect } from 'chai';
import { FakeMachine } from './support/fake-machine.js';
import { findModelPrograms } from './support/model-programs.js';

/** `npm test` on machines without SPIN. */
describe('scripts/spin.mjs', () => {
  let machine: FakeMachine;

  beforeEach(() => void (machine = new FakeMachine()));
  afterEach(() => machine.remove());

  const aptGet = (updated: boolean): void => machine.aptGet(updated, machine.putting('spin', 'gcc'));
  const call = { script: 'spin', ensure: 'ensureSpin', finder: 'model-programs', find: 'findModelPrograms', env: { SPIN: undefined } };
  const both = (): string => `${join(machine.path, 'spin')} ${join(machine.path, 'gcc')}`;

  it('installs nothing where they are', async () => {
    aptGet(true);
    machine.program('spin');
    machine.program('gcc');
    expect(await machine.ensure(call)).to.equal(both());
    expect(machine.noted).to.deep.equal([]);
  });

  it('installs what is missing, and fetches the lists of packages where they are missing', async () => {
    aptGet(false);
    machine.program('gcc');
    expect(await machine.ensure(call)).to.equal(both());
    const install = 'apt-get install -y --no-install-recommends spin gcc libc6-dev';
    expect(machine.noted).to.deep.equal([install, 'apt-get update', install]);
  });

  const help = 'Install spin and gcc (or clang), so that they are on the PATH, or set SPIN to the path of spin.';

  it('says what to install where that needs a password, and where no package manager is known', async () => {
    const missing = 'Error: The models need spin and a C compiler: they are not both on the PATH';
    expect(await machine.ensure(call)).to.equal(`${missing}, and there is no apt-get or brew here to install them. ${help}`);
    aptGet(true);
    expect(await machine.ensure(call, 1000)).to.equal(`${missing}, and apt-get needs a password to install them. ${help}`);
    expect(machine.noted).to.deep.equal([]);
  });

  it('says what to install where the package manager fails', async () => {
    machine.program('apt-get', 'exit 100');
    expect(await machine.ensure(call)).to.equal(
      `Error: The models need spin and a C compiler, and apt-get could not install them. ${help}`,
    );
  });

  describe(findModelPrograms.name, () => {
    it('prefers what SPIN names, and refuses one that is no program', () => {
      const { path } = machine;
      for (const name of ['spin', 'spin6', 'clang', 'gcc']) machine.program(name);
      expect(findModelPrograms({ PATH: path })).to.deep.equal({ spin: join(path, 'spin'), compiler: join(path, 'gcc') });
      expect(findModelPrograms({ PATH: path, SPIN: 'spin6' })).to.deep.equal({ spin: join(path, 'spin6'), compiler: join(path, 'gcc') });
      expect(() => findModelPrograms({ PATH: path, SPIN: 'nobody' })).to.throw("SPIN is 'nobody', which is no program that can be run.");
    });

    it('knows none where there is no compiler', () => {
      machine.program('spin');
      expect(findModelPrograms({ PATH: machine.path })).to.equal(undefined);
    });
  });
});
