import { expect } from 'chai';
import { ALERT_CASES, LENGTH_SECONDS, seriesOfCase } from './alert-cases.js';
import { alerts } from './monitoring-files.js';
import { checkAnswers, firedUntil, promtool } from './promtool.js';

/** Who is told, by alert. */
const SEVERITIES: Readonly<Record<string, string>> = {
  CacheNotProven: 'warning',
  CacheEvictionsPending: 'critical',
  CacheBypassed: 'warning',
  CacheHeartbeatsRefused: 'warning',
  CacheLoadsFailing: 'critical',
};

describe('monitoring/alerts.yml', function () {
  this.timeout(30_000);

  it('is well-formed, and monitoring/prometheus.yml finds it', async () => {
    expect(await promtool(['check', 'rules', 'alerts.yml'])).to.include(`${alerts().length} rules found`);
    expect(await promtool(['check', 'config', 'prometheus.yml'])).to.include('SUCCESS: 1 rule files found');
  });

  describe('when', () => {
    for (const alertCase of ALERT_CASES) {
      const { title, firing } = alertCase;
      const names = [...new Set(Object.values(firing).flat())];
      it(`${title}: ${names.length === 0 ? 'is silent' : `fires ${names.join(', ')}`}, and nothing else`, async () => {
        const answers = Object.entries(firing).map(([seconds, expected]) => ({
          expr: 'ALERTS{alertstate="firing"}',
          eval_time: `${seconds}s`,
          exp_samples: expected.map((name) => ({
            labels: `ALERTS{alertname="${name}", alertstate="firing", severity="${SEVERITIES[name]}", job="shop", instance="a", cache="book"}`,
            value: 1,
          })),
        }));
        const ever = names.map((name) => ({ name, instance: 'a', cache: 'book' }));
        await checkAnswers(seriesOfCase(alertCase), [...answers, firedUntil(LENGTH_SECONDS, ever)]);
      });
    }

    it('covers every alert', () => {
      const fired = ALERT_CASES.flatMap(({ firing }) => Object.values(firing).flat());
      expect([...new Set(fired)].sort()).to.deep.equal(
        alerts()
          .map(({ name }) => name)
          .sort(),
      );
    });
  });
});
