import { join } from 'node:path';
import { expect } from 'chai';
import { findBrowserProgram } from './support/browser-program.js';
import { FakeMachine } from './support/fake-machine.js';

/** `npm test` on machines without a browser. */
describe('scripts/browser.mjs', () => {
  let machine: FakeMachine;

  beforeEach(() => void (machine = new FakeMachine()));
  afterEach(() => machine.remove());

  const aptGet = (updated: boolean): void => machine.aptGet(updated, machine.putting('chromium'));
  const ensure = (uid?: number): Promise<string> =>
    machine.ensure(
      { script: 'browser', ensure: 'ensureBrowser', finder: 'browser-program', find: 'findBrowserProgram', env: { CHROMIUM: undefined } },
      uid,
    );

  it('installs nothing where there is one', async () => {
    aptGet(true);
    machine.program('google-chrome');
    expect(await ensure()).to.equal(join(machine.path, 'google-chrome'));
    expect(machine.noted).to.deep.equal([]);
  });

  it('installs one with a font, and fetches the lists of packages where they are missing', async () => {
    aptGet(false);
    expect(await ensure()).to.equal(join(machine.path, 'chromium'));
    const install = 'apt-get install -y --no-install-recommends chromium fonts-dejavu-core';
    expect(machine.noted).to.deep.equal([install, 'apt-get update', install]);
  });

  const help = 'Install chromium or Google Chrome, so that it is on the PATH, or set CHROMIUM to its path.';

  it('says what to install where that needs a password, and where no package manager is known', async () => {
    expect(await ensure()).to.equal(
      `Error: The specs of the console need a Chromium: none is on the PATH, and there is no apt-get or brew here to install one. ${help}`,
    );
    aptGet(true);
    expect(await ensure(1000)).to.equal(
      `Error: The specs of the console need a Chromium: none is on the PATH, and apt-get needs a password to install one. ${help}`,
    );
    expect(machine.noted).to.deep.equal([]);
  });

  it('says what to install where the package manager fails', async () => {
    machine.program('apt-get', 'exit 100');
    expect(await ensure()).to.equal(`Error: The specs of the console need a Chromium, and apt-get could not install one. ${help}`);
  });

  describe(findBrowserProgram.name, () => {
    it('prefers what CHROMIUM names, and refuses one that is no program', () => {
      const { path } = machine;
      machine.program('chromium');
      machine.program('brave');
      expect(findBrowserProgram({ PATH: path })).to.equal(join(path, 'chromium'));
      expect(findBrowserProgram({ PATH: path, CHROMIUM: 'brave' })).to.equal(join(path, 'brave'));
      expect(() => findBrowserProgram({ PATH: path, CHROMIUM: 'nobody' })).to.throw(
        "CHROMIUM is 'nobody', which is no program that can be run.",
      );
    });
  });
});
