import { expect } from 'chai';
import { normalHour } from './normal-hour.js';
import { checkAnswers, firedUntil, STEP_SECONDS } from './promtool.js';
import { type Scrape, seriesOf } from './scrape.js';

describe('monitoring/alerts.yml, over an hour of normal life', function () {
  this.timeout(60_000);

  let hour: readonly Scrape[];

  before(async () => {
    hour = await normalHour();
  });

  it('has heard of reads, failing loads, evictions and restarts', () => {
    const texts = hour.map(({ text }) => text);
    expect(hour.length).to.equal(3 * (3_600 / STEP_SECONDS + 1) - 3);
    for (const metric of [
      'cache_gets_total{.*result="hit",tier="local"}',
      'cache_loads_total{.*result="failure"}',
      'cache_coherence_messages_total{.*}',
      'cache_evictions_total{.*cause="remote"}',
    ])
      expect(
        texts.some((text) => new RegExp(`^${metric} [1-9]`, 'm').test(text)),
        metric,
      ).to.equal(true);
    expect(texts.at(-1)).to.include('instance_id="i2-2"');
  });

  it('is silent', async () => {
    await checkAnswers(seriesOf(hour), [firedUntil(3_600, [])]);
  });

  it('tells of one thing that went wrong in it', async () => {
    const broken = hour.map((scrape): Scrape => {
      const isWrong = scrape.instance === '10.0.0.1:8091' && scrape.atSeconds >= 600 && scrape.atSeconds < 900;
      return isWrong ? { ...scrape, text: scrape.text.replace(/^(cache_coherence_pending\{.*cache="book"\}) 0$/m, '$1 3') } : scrape;
    });
    await checkAnswers(seriesOf(broken), [
      firedUntil(3_600, [{ name: 'CacheEvictionsPending', instance: '10.0.0.1:8091', cache: 'book' }]),
    ]);
  });
});
