import { expect } from 'chai';
import { ask } from '../samples/ask.js';
import { SampleRun } from '../samples/sample-run.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { waitFor } from '../support/wait.js';
import { alerts, asked, dashboard, panels } from './monitoring-files.js';
import { prometheusFiles } from './prometheus-files.js';

/** Long enough for several scrapes, also on a busy machine. */
const RATE_INTERVAL = '2m';

describe('monitoring/, on the running Book sample', function () {
  this.timeout(120_000);

  let run: SampleRun;
  let prometheus: PrometheusServer;
  let urls: readonly string[];

  before(async () => {
    run = new SampleRun('book', ['--serve', '--port', '0'], 'program');
    await run.printed('Ctrl-C ends them.');
    urls = [...run.output.matchAll(/^ {2}server-\d {2}(http:\/\/127\.0\.0\.1:\d+)$/gm)].map(([, url]) => url as string);
    const targets = urls.map((url) => new URL(url).host);
    prometheus = await PrometheusServer.start(prometheusFiles({ targets, everyMs: 500 }));
    await waitFor(async () => (await countOf('up == 1')) === 4, { what: 'the first scrapes', everyMs: 50 });
    for (const url of urls) for (const path of ['/books/Dune', '/books/Dune', '/authors/1/books']) await ask(url + path);
    const body = JSON.stringify({ author: 'Frank Herbert', price: 5 });
    await ask(`${urls[0]}/books/Dune`, { method: 'PUT', body });
    // Each has been scraped twice at the least, and knows of the eviction.
    await waitFor(async () => (await countOf(`rate(cache_coherence_messages_total{cache="book"}[${RATE_INTERVAL}]) > 0`)) === 4, {
      what: 'the scrape of an eviction',
      everyMs: 50,
    });
  });

  after(async () => {
    await prometheus?.stop();
    await run?.remove();
  });

  const countOf = async (expr: string): Promise<number> => (await prometheus.query(`count(${expr})`))[0]?.value ?? 0;
  const valueOf = async (expr: string): Promise<number | undefined> => (await prometheus.query(expr))[0]?.value;

  for (const { title, targets } of panels()) {
    it(`has data for the panel '${title}'`, async () => {
      for (const { expr } of targets) {
        const answer = await prometheus.query(asked(expr, RATE_INTERVAL));
        expect(answer, expr).not.to.deep.equal([]);
        if (expr.includes('by (instance')) expect(new Set(answer.map(({ labels }) => labels['instance'])).size, expr).to.equal(4);
        if (expr.includes('by (instance, cache')) {
          expect([...new Set(answer.map(({ labels }) => labels['cache']))].sort(), expr).to.deep.equal(['book', 'booksByAuthor']);
        }
      }
    });
  }

  it('shows what has happened', async () => {
    expect(await valueOf('sum(cache_gets_total{result="hit", tier="local"})')).to.be.at.least(4);
    expect(await valueOf('max(cache_coherence_bound_seconds)')).to.equal(await valueOf('min(cache_coherence_bound_seconds)'));
    expect(await valueOf('min(cache_coherence_proven_age_seconds)')).to.be.at.least(0);
    expect(await valueOf('sum(cache_coherence_lag_seconds_count{cache="book"})')).to.be.at.least(4);
    expect(await valueOf('sum(cache_load_duration_seconds_count)')).to.be.at.least(2);
    expect(await valueOf('max(cache_local_memory_bytes)')).to.be.greaterThan(0);
  });

  it('offers the instances and caches to choose from', async () => {
    const choices = dashboard().templating.list.flatMap(({ query }) =>
      typeof query === 'string' ? [] : [/^label_values\((\w+), (\w+)\)$/.exec(query.query) ?? []],
    );
    const sizes = await Promise.all(
      choices.map(async ([, metric, label]) => (await prometheus.query(`group by (${label}) (${metric})`)).length),
    );
    expect(sizes).to.deep.equal([4, 2]);
  });

  it('has loaded the alerts, and none of them fires', async () => {
    expect(await prometheus.alertNames()).to.deep.equal(alerts().map(({ name }) => name));
    expect(await prometheus.firing()).to.deep.equal([]);
    for (const { expr } of dashboard().annotations.list) expect(await prometheus.query(asked(expr, RATE_INTERVAL))).to.deep.equal([]);
  });
});
