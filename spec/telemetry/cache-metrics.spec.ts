import { expect } from 'chai';
import { Container } from 'inversify';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Cache, CacheManager, CompositeCacheManager, enableCaching, NoOpCacheManager } from '../../lib/index.js';
import { bindCacheMetrics } from '../../lib/telemetry/index.js';
import { projectRoot } from '../support/project.js';
import { Prometheus } from '../support/prometheus.js';
import { MapCacheManager } from '../support/map-cache.js';
import { ownNamespace } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

describe(bindCacheMetrics.name, () => {
  let container: Container;
  let manager: CacheManager;
  let prometheus: Prometheus;

  beforeEach(async () => {
    container = new Container();
    manager = await enableCaching(container, { namespace: ownNamespace(), caches: { book: { maximumSize: 2 } } });
    prometheus = await Prometheus.start();
  });

  afterEach(async () => {
    await prometheus.stop();
    await container.unbindAllAsync();
  });

  const bind = (target = manager): (() => void) => bindCacheMetrics(target, { meterProvider: prometheus.meterProvider });
  const cacheOf = (name: string): Cache => manager.getCache(name) as Cache;
  const load = (cache: Cache, key: string): Promise<string> => cache.getOrLoad(key, () => key);

  it('offers reads by their result, writes, evictions by their cause, and the size', async () => {
    bind();
    const book = cacheOf('book');
    for (const key of ['a', 'b', 'c']) await load(book, key); // Three misses; room for two.
    await load(book, 'c');
    await load(book, 'c'); // Two hits.
    await load(book, 'b'); // It had to make room, but the remote tier has it still.
    await Promise.all([1, 2, 3].map(() => load(book, 'd'))); // One miss, two join it.
    await book.put('d', 'D');
    await book.evictAll(['d', 'none']);
    await load(book, 'fails').catch(() => undefined);
    await book.getOrLoad('thrown', () => Promise.reject(new Error('no'))).catch(() => undefined);
    await book.clear();
    await load(book, 'last');
    const samples = await prometheus.samples();
    expect(samples).to.deep.include({
      'cache_gets_total{cache="book",result="hit",tier="local"}': 2,
      'cache_gets_total{cache="book",result="hit",tier="remote"}': 1,
      'cache_gets_total{cache="book",result="miss"}': 7,
      'cache_gets_total{cache="book",result="joined"}': 2,
      'cache_puts_total{cache="book",source="put"}': 1,
      'cache_puts_total{cache="book",source="load"}': 6,
      'cache_loads_total{cache="book",result="success"}': 6,
      'cache_loads_total{cache="book",result="failure"}': 1,
      'cache_invalidations_total{cache="book",operation="evict"}': 2,
      'cache_invalidations_total{cache="book",operation="clear"}': 1,
      'cache_evictions_total{cache="book",cause="expired"}': 0,
      'cache_evictions_total{cache="book",cause="remote"}': 0,
      'cache_evictions_total{cache="book",cause="coherence"}': 0,
      'cache_size{cache="book"}': 1,
      'cache_coherence_messages_total{cache="book"}': 3,
      'cache_coherence_pending{cache="book"}': 0,
      'cache_breaker_open{cache="book"}': 0,
      'cache_up{cache="book"}': 1,
      'cache_link_up{link="command"}': 1,
      'cache_link_up{link="subscriber"}': 1,
    });
    // Six entries came in by loads and one from the remote tier, one by a put; whatever is not there any more has left for a reason.
    const causes = ['explicit', 'replaced', 'size'].map(
      (cause) => samples[`cache_evictions_total{cache="book",cause="${cause}"}`] as number,
    );
    expect(
      causes.reduce((sum, count) => sum + count),
      'what came in and is not there',
    ).to.equal(7 - 1);
  });

  it('says that it tells seconds and counts, in the words of the descriptions', async () => {
    bind();
    await load(cacheOf('book'), 'a');
    const text = await prometheus.text();
    expect(text).to.include('# HELP cache_gets_total Reads, by their result; `joined` waited for a load that was running already.');
    expect(text).to.include('# TYPE cache_gets_total counter');
    expect(text).to.include('# TYPE cache_size gauge');
    const { loadTimeMs } = manager.statistics()['book'] as { loadTimeMs: number };
    expect((await prometheus.samples())['cache_load_duration_sum{cache="book"}']).to.equal(loadTimeMs / 1_000);
  });

  it('offers what docs/operations.md names, and nothing else', async () => {
    const documented = readFileSync(join(projectRoot, 'docs/operations.md'), 'utf8').matchAll(
      /^\| `(cache\.[\w.]+)` \| (counter|gauge|histogram)/gm,
    );
    const names = [...documented].map(([, name, kind]) => `${(name as string).replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`);
    bind();
    const book = cacheOf('book');
    await load(book, 'Dune');
    await book.evict('Dune'); // Its message has a lag.
    const types = (await prometheus.text()).matchAll(/^# TYPE (cache_\w+)/gm);
    expect([...types].map(([, name]) => name).sort()).to.deep.equal(names.sort());
    const stated = Object.keys(await prometheus.samples()).map((sample) => sample.replace(/(_bucket|_sum|_count)?\{.*/, ''));
    expect([...new Set(stated)].sort(), 'each with a value').to.deep.equal(names);
  });

  it('covers caches that are created later', async () => {
    bind();
    expect(Object.keys(await prometheus.samples()).filter((name) => name.includes('"later"'))).to.deep.equal([]);
    await load(cacheOf('later'), 'a');
    expect((await prometheus.samples())['cache_gets_total{cache="later",result="miss"}']).to.equal(1);
  });

  it('names no key and no value', async () => {
    bind();
    await cacheOf('book').put('secret-key', 'secret-value');
    expect(await prometheus.text()).not.to.match(/secret/);
  });

  it('takes no snapshot until somebody collects', async () => {
    let snapshots = 0;
    class Counted extends NoOpCacheManager {
      override statistics(): ReturnType<NoOpCacheManager['statistics']> {
        snapshots += 1;
        return super.statistics();
      }
    }
    const counted = new Counted();
    bind(counted);
    await counted.getCache('book').getOrLoad('a', () => 1);
    expect(snapshots).to.equal(0);
    await prometheus.text();
    expect(snapshots).to.equal(1);
  });

  it('shows a reset as counters that begin anew', async () => {
    bind();
    await load(cacheOf('book'), 'a');
    manager.resetStatistics();
    await load(cacheOf('book'), 'a');
    expect(await prometheus.samples()).to.deep.include({
      'cache_gets_total{cache="book",result="hit",tier="local"}': 1,
      'cache_gets_total{cache="book",result="miss"}': 0,
      'cache_size{cache="book"}': 1,
    });
  });

  it('offers nothing more once it has ended', async () => {
    const end = bind();
    await load(cacheOf('book'), 'a');
    end();
    await load(cacheOf('book'), 'b');
    const samples = await prometheus.samples();
    expect(samples['cache_load_duration_count{cache="book"}'], 'a histogram keeps what it has recorded').to.equal(1);
    expect(Object.keys(samples).filter((name) => !name.startsWith('cache_load_duration_'))).to.deep.equal([]);
  });

  it('records times in histograms as they happen, from then on, with the ranges of the statistics', async () => {
    const book = cacheOf('book');
    await load(book, 'before');
    bind();
    await load(book, 'a');
    await book.getOrLoad('fails', () => Promise.reject(new Error('no'))).catch(() => undefined);
    await book.evict('a');
    await load(cacheOf('later'), 'b');
    const samples = await prometheus.samples();
    expect(samples).to.deep.include({
      'cache_load_duration_count{cache="book"}': 2,
      'cache_load_duration_count{cache="later"}': 1,
      'cache_load_duration_bucket{cache="book",le="+Inf"}': 2,
      'cache_coherence_lag_count{cache="book"}': 1,
    });
    const { lags, loadTimes } = book.statistics();
    for (const [name, { boundsMs }] of [
      ['cache_load_duration', loadTimes],
      ['cache_coherence_lag', lags],
    ] as const) {
      const ends = Object.keys(samples).flatMap(
        (sample) => /^(\w+)_bucket\{cache="book",le="(.*)"\}$/.exec(sample)?.slice(1, 3).join(' ') ?? [],
      );
      expect(ends.filter((end) => end.startsWith(`${name} `))).to.deep.equal([
        ...boundsMs.map((ms) => `${name} ${ms / 1_000}`),
        `${name} +Inf`,
      ]);
    }
  });

  it('offers the age of the proof beside the bound, and what the values in the local tier take', async () => {
    bind();
    expect((await prometheus.samples())['cache_local_memory{cache="book"}']).to.equal(0);
    await load(cacheOf('book'), 'a');
    const samples = await prometheus.samples();
    expect(samples).to.deep.include({
      'cache_coherence_proven_age{cache="book"}': 0, // In one process, every eviction is applied before it returns.
      'cache_coherence_bound{cache="book"}': 1,
      'cache_coherence_refused{cache="book"}': 0,
      'cache_local_memory{cache="book"}': cacheOf('book').statistics().localBytes,
    });
    expect(samples['cache_local_memory{cache="book"}']).to.be.greaterThan(0);
  });

  it('tells the age of the proof in seconds, and offers none before the first', async () => {
    class Proving extends NoOpCacheManager {
      provenMs: number | undefined;
      override health(): ReturnType<NoOpCacheManager['health']> {
        const book = { status: 'degraded', boundMs: 500, provenMs: this.provenMs, isHeartbeatRefused: true } as const;
        return { ...super.health(), caches: { book } };
      }
    }
    const proving = new Proving();
    proving.getCache('book');
    bind(proving);
    const read = async (name: string): Promise<number | undefined> => (await prometheus.samples())[`cache_coherence_${name}{cache="book"}`];
    expect([await read('proven_age'), await read('bound'), await read('refused')]).to.deep.equal([undefined, 0.5, 1]);
    proving.provenMs = 1_250;
    expect(await read('proven_age')).to.equal(1.25);
  });

  it('tells several managers apart by their attributes', async () => {
    const { meterProvider } = prometheus;
    bindCacheMetrics(new MapCacheManager(), { meterProvider, attributes: { manager: 'maps' } });
    const maps = new MapCacheManager();
    bindCacheMetrics(maps, { meterProvider, attributes: { manager: 'more' } });
    maps.getCache('book');
    const names = Object.keys(await prometheus.samples()).filter((name) => name.startsWith('cache_size'));
    expect(names).to.deep.equal(['cache_size{cache="book",manager="more"}']);
  });

  it('takes a manager of managers, and a cache that counts nothing', async () => {
    const bare = new NoOpCacheManager();
    const composite = new CompositeCacheManager([manager, bare]);
    Object.defineProperty(bare.getCache('bare'), 'statistics', { value: () => ({}) });
    bind(composite);
    await load(cacheOf('book'), 'a');
    const samples = await prometheus.samples();
    expect(samples['cache_gets_total{cache="book",result="miss"}']).to.equal(1);
    expect(Object.keys(samples).filter((name) => name.includes('"bare"'))).to.deep.equal(['cache_up{cache="bare"}']);
  });

  it('does not keep a manager alive that nobody else holds', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const held = ((): WeakRef<CacheManager> => {
      const forgotten = new NoOpCacheManager();
      bind(forgotten);
      return new WeakRef(forgotten);
    })();
    await waitFor(() => (collectGarbage(), held.deref() === undefined), { what: 'the manager to be collected' });
    expect(await prometheus.samples()).to.deep.equal({});
  });
});
