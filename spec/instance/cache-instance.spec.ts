import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { CacheStoppedError } from '../../lib/errors/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { freePort } from '../support/redis-server.js';
import { cacheErrorIn, rejectionOf } from '../contract/rejection.js';

let namespaces = 0;

describe(`${createInstance.name}, embedded`, () => {
  let namespace: string;
  let runtimes: CacheInstance[];

  const make = (options: CachingOptions = {}): CacheInstance => {
    const runtime = createInstance({ namespace, ...options });
    runtimes.push(runtime);
    return runtime;
  };
  const started = async (options: CachingOptions = {}): Promise<CacheInstance> => {
    const runtime = make(options);
    await runtime.start();
    return runtime;
  };
  const cacheOf = (runtime: CacheInstance, name = 'book'): TwoTierCache => runtime.manager.getCache(name) as TwoTierCache;

  beforeEach(() => {
    namespace = `runtime-${(namespaces += 1)}`;
    runtimes = [];
  });

  afterEach(() => Promise.all(runtimes.map((runtime) => runtime.stop())));

  it('refuses wrong options at once', () => {
    expect(cacheErrorIn(() => createInstance({ bound: 1 })).code).to.equal('CACHE_OPTION_INVALID');
    expect(cacheErrorIn(() => make().manager.getCache('a:b')).message).to.equal(
      "Expected `cache name` to be 1 to 128 of the characters A-Z, a-z, 0-9, '_', '.' and '-', got `a:b` (string). " +
        "In Redis ':' separates namespace, cache and key. Write '.' instead: `books.details` for Spring's `books::details`.",
    );
  });

  it('starts by itself with the first use of a cache, whose reads wait for that', async () => {
    const runtime = make({ caches: { book: {} } });
    expect(runtime.listenerContainer.state).to.equal('created');
    const cache = cacheOf(runtime);
    expect([await cache.getOrLoad('Dune', () => 1), await cache.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 1]);
    expect(cache.statistics()).to.deep.include({ localHits: 1, remoteHits: 0, bypassed: 0 });
    expect(runtime.manager.health().status).to.equal('up');
  });

  it('is up once started, and down once stopped', async () => {
    const runtime = make({ caches: { book: {} } });
    expect(runtime.manager.health()).to.deep.equal({
      status: 'degraded',
      links: { command: 'up', subscriber: 'down' },
      caches: { book: { status: 'degraded', reason: 'The topics are not subscribed.', boundMs: 1_000 } },
    });
    await runtime.start();
    expect(runtime.manager.health()).to.deep.equal({
      status: 'up',
      links: { command: 'up', subscriber: 'up' },
      caches: { book: { status: 'up', boundMs: 1_000, provenMs: 0 } },
    });
    await runtime.stop();
    expect(runtime.manager.health()).to.deep.equal({
      status: 'down',
      links: { command: 'up', subscriber: 'down' },
      caches: { book: { status: 'down', reason: 'The cache manager was stopped.' } },
    });
  });

  it('shares its memory with instances of the same namespace only', async () => {
    const [one, two] = [await started(), await started()];
    const stranger = await started({ namespace: `${namespace}-other` });
    await cacheOf(one).put('Dune', 1);
    expect([await cacheOf(two).get('Dune'), await cacheOf(stranger).get('Dune')]).to.deep.equal([{ value: 1 }, undefined]);
    await cacheOf(stranger).clear();
    expect(await cacheOf(two).get('Dune')).to.deep.equal({ value: 1 });
  });

  it('keeps caches of different names apart', async () => {
    const runtime = await started();
    await cacheOf(runtime, 'book').put('Dune', 1);
    await cacheOf(runtime, 'author').put('Dune', 2);
    await cacheOf(runtime, 'author').evict('Dune');
    expect([await cacheOf(runtime, 'book').get('Dune'), await cacheOf(runtime, 'author').get('Dune')]).to.deep.equal([
      { value: 1 },
      undefined,
    ]);
  });

  it('announces on `<cache>-channel`, after the namespace unless that is the default, or on the topic it is told', async () => {
    const topicsOf = async (options: CachingOptions): Promise<readonly string[]> => {
      const runtime = make({ caches: { book: {}, author: { topic: 'people' } }, instanceId: 'one', ...options });
      const topics: string[] = [];
      runtime.events.on('subscribed', (event) => topics.push(...event.topics));
      await runtime.start();
      await runtime.stop();
      return topics.map((topic) => topic.replace(/~\w{12}$/, '~…'));
    };
    expect(await topicsOf({ namespace: 'shop' })).to.have.members(['shop:book-channel', 'people', 'shop:inbox:one~…', 'shop:fleet:ask']);
    expect(await topicsOf({ namespace: 'cache' })).to.have.members(['book-channel', 'people', 'cache:inbox:one~…', 'cache:fleet:ask']);
  });

  it('tells caches apart that share a topic', async () => {
    const options = { caches: { book: { topic: 'all' }, author: { topic: 'all' } } };
    const [one, two] = [await started(options), await started(options)];
    for (const name of ['book', 'author']) await cacheOf(two, name).getOrLoad('Dune', () => name);
    await cacheOf(one, 'author').evict('Dune');
    expect([cacheOf(two, 'book').hitNow('Dune') !== undefined, cacheOf(two, 'author').hitNow('Dune')]).to.deep.equal([true, undefined]);
  });

  it('follows the topic of a cache that is created later', async () => {
    const [one, two] = [await started(), await started()];
    const late = cacheOf(two, 'late');
    await late.getOrLoad('Dune', () => 'old');
    expect(late.hitNow('Dune')).not.to.equal(undefined);
    await cacheOf(one, 'late').evict('Dune');
    expect(cacheOf(two, 'late').hitNow('Dune')).to.equal(undefined);
  });

  it('forgets what it shared with its last instance', async () => {
    const first = await started();
    await cacheOf(first).put('Dune', 1);
    await first.stop();
    expect(await cacheOf(await started()).get('Dune')).to.equal(undefined);
  });

  describe('after stop', () => {
    it('runs loaders, each for its caller, and stores nothing', async () => {
      const [runtime, other] = [await started(), await started()];
      const cache = cacheOf(runtime);
      await cache.put('Dune', 'cached');
      await Promise.all([runtime.stop(), runtime.stop()]);
      await runtime.stop();
      expect([await cache.getOrLoad('Dune', () => 1), await cache.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 2]);
      expect([await cache.get('Dune'), cache.hitNow('Dune'), cache.statistics().localSize]).to.deep.equal([undefined, undefined, 0]);
      expect(await cacheOf(other).get('Dune')).to.deep.equal({ value: 'cached' });
    });

    it('rejects an eviction that nobody can be told of any more', async () => {
      const runtime = await started();
      const cache = cacheOf(runtime);
      await runtime.stop();
      for (const write of [cache.evict('Dune'), cache.put('Dune', 1), cache.clear()]) {
        expect(await rejectionOf(write)).to.be.instanceOf(CacheStoppedError);
      }
    });
  });

  it('opens no socket before it is started, nor for wrong options', async () => {
    const port = await freePort();
    const before = process.getActiveResourcesInfo().filter((what) => what === 'TCPSocketWrap');
    const runtime = make({ redis: { host: '127.0.0.1', port }, caches: { book: {} } });
    expect(cacheErrorIn(() => createInstance({ redis: `redis://127.0.0.1:${port}`, timeout: -1 })).code).to.equal('CACHE_OPTION_INVALID');
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.getActiveResourcesInfo().filter((what) => what === 'TCPSocketWrap')).to.deep.equal(before);
    expect(runtime.manager.health().links).to.deep.equal({ command: 'down', subscriber: 'down' });
  });
});
