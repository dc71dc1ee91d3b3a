import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FakeMachine } from './support/fake-machine.js';
import { findPrometheusPrograms } from './support/prometheus-programs.js';

/** `npm test` on machines without Prometheus. */
describe('scripts/prometheus.mjs', () => {
  let machine: FakeMachine;
  let policy: string;

  beforeEach(() => {
    machine = new FakeMachine();
    policy = join(machine.folder, 'policy-rc.d');
  });
  afterEach(() => machine.remove());

  const aptGet = (updated: boolean): void =>
    machine.aptGet(updated, machine.putting('prometheus', 'promtool'), ` policy=$([ -x '${policy}' ] && '${policy}'; echo $?)`);
  const ensure = (uid?: number): Promise<string> =>
    machine.ensure(
      {
        script: 'prometheus',
        ensure: 'ensurePrometheus',
        finder: 'prometheus-programs',
        find: 'findPrometheusPrograms',
        env: { POLICY_RC_D: policy, PROMETHEUS: undefined },
      },
      uid,
    );
  const both = (): string => `${join(machine.path, 'prometheus')} ${join(machine.path, 'promtool')}`;

  it('installs nothing where they are', async () => {
    aptGet(true);
    machine.program('prometheus');
    machine.program('promtool');
    expect(await ensure()).to.equal(both());
    expect(machine.noted).to.deep.equal([]);
  });

  it('installs them where one is missing, while a policy keeps the service from starting', async () => {
    aptGet(false);
    machine.program('prometheus');
    expect(await ensure()).to.equal(both());
    const install = 'apt-get install -y --no-install-recommends prometheus policy=101';
    expect(machine.noted).to.deep.equal([install, 'apt-get update policy=101', install]);
    expect(existsSync(policy), 'the policy afterwards').to.equal(false);
  });

  const help = 'Install prometheus, so that both are on the PATH, or set PROMETHEUS to the path of prometheus, with promtool beside it.';

  it('says what to install where that needs a password, and where no package manager is known', async () => {
    const missing = 'Error: The specs of monitoring/ need prometheus and promtool: they are not both on the PATH';
    expect(await ensure()).to.equal(`${missing}, and there is no apt-get or brew here to install them. ${help}`);
    aptGet(true);
    expect(await ensure(1000)).to.equal(`${missing}, and apt-get needs a password to install them. ${help}`);
    expect(machine.noted).to.deep.equal([]);
  });

  it('says what to install where the package manager fails', async () => {
    machine.program('apt-get', 'exit 100');
    expect(await ensure()).to.equal(
      `Error: The specs of monitoring/ need prometheus and promtool, and apt-get could not install them. ${help}`,
    );
  });

  describe(findPrometheusPrograms.name, () => {
    it('prefers what PROMETHEUS names, with the promtool beside it, and refuses one that is no program', () => {
      const { path, folder } = machine;
      const other = join(folder, 'other');
      mkdirSync(other);
      for (const name of ['prometheus', 'promtool']) {
        machine.program(name);
        renameSync(join(path, name), join(other, name));
        machine.program(name);
      }
      expect(findPrometheusPrograms({ PATH: path })).to.deep.equal({
        prometheus: join(path, 'prometheus'),
        promtool: join(path, 'promtool'),
      });
      expect(findPrometheusPrograms({ PATH: path, PROMETHEUS: join(other, 'prometheus') })).to.deep.equal({
        prometheus: join(other, 'prometheus'),
        promtool: join(other, 'promtool'),
      });
      expect(() => findPrometheusPrograms({ PATH: path, PROMETHEUS: 'nobody' })).to.throw(
        "PROMETHEUS is 'nobody', which is no program that can be run.",
      );
    });

    it('knows none where there is no promtool', () => {
      machine.program('prometheus');
      expect(findPrometheusPrograms({ PATH: machine.path })).to.equal(undefined);
    });
  });
});
