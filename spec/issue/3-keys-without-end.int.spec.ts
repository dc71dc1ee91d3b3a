/**
 * What happened: `ttl: 0` wrote entries without a time limit, and each `clear()` (or restart of Redis, or failover) made them unreachable:
 * they lay in Redis for ever. So did the bookkeeping of every cache that was ever named, long after the last instance had gone.
 *
 * Decided: an entry without end is written for thirty days, which nothing renews. Bookkeeping has an end while no instance has the cache: the
 * last to leave sets it, and so do evictions by instances that have no such cache; the first heartbeat of an instance takes it away. While
 * anybody lives it has none, lest a full Redis takes it.
 */
import { expect } from 'chai';
import { ENDLESS_MS } from '../../lib/cache/index.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const DAY = 86_400_000;
/** No decorator names it, in any spec: such a name would be kept whatever the limit. */
const CACHE = 'without-end';

describe('Issue 3: keys without end', () => {
  let server: RedisServer;
  const runtimes: CacheInstance[] = [];

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  afterEach(async () => {
    await Promise.all(runtimes.splice(0).map((runtime) => runtime.stop()));
    await server.cli('FLUSHALL');
  });

  const join = async (options: CachingOptions = {}): Promise<CacheInstance> => {
    const runtime = createInstance({ redis: server.url, namespace: 'app', bound: '60s', timeout: '5s', deadline: '15s', ...options });
    runtimes.push(runtime);
    await runtime.start();
    return runtime;
  };
  const withBook = (): Promise<CacheInstance> => join({ caches: { [CACHE]: { ttl: 0 } } });
  /** An instance that may make one cache more, and has: what it evicts from the cache is not its own. */
  const passing = async (): Promise<CacheInstance> => {
    const runtime = await join({ maximumDynamicCaches: 1 });
    runtime.manager.getCache('named-by-no-decorator');
    return runtime;
  };
  const livesOf = async (pattern: string): Promise<ReadonlyMap<string, number>> => {
    const keys = (await server.cli('KEYS', pattern)) as string[];
    return new Map(await Promise.all(keys.map(async (key) => [key, Number(await server.cli('PTTL', key))] as const)));
  };
  const bookkeeping = async (): Promise<Readonly<Record<string, 'ends' | 'no end'>>> => {
    const { state, members, hosts } = new Bookkeeping(server, 'app', CACHE).keys;
    const names = { [state]: 'state', [members]: 'members', [hosts]: 'hosts' };
    const lives = [...(await livesOf('app:2:*'))].filter(([key]) => key in names);
    for (const [, left] of lives) if (left !== -1) expect(left).to.be.within(ENDLESS_MS + DAY / 2, ENDLESS_MS + DAY);
    return Object.fromEntries(lives.map(([key, left]) => [names[key], left === -1 ? 'no end' : 'ends']));
  };
  const KEPT = { state: 'no end', members: 'no end', hosts: 'no end' };
  const FORSAKEN = { state: 'ends', members: 'ends' };
  /** While another instance lives, which has no such cache. */
  const FORSAKEN_ALONE = { ...KEPT, state: 'ends' };

  it('are not written for entries without end, so that none outlives a clear by more than thirty days', async () => {
    const cache = (await withBook()).manager.getCache(CACHE)!;
    await cache.put('put', 1);
    await cache.getOrLoad('loaded', () => 1);
    await cache.putIfAbsent('absent', 1);
    await cache.clear();
    await cache.put('put', 2);
    const lives = await livesOf('*::*');
    expect(lives.size).to.equal(4);
    for (const [key, left] of lives) expect(left, key).to.be.within(1, ENDLESS_MS);
  });

  it('are left by nobody: the last to leave gives the bookkeeping an end, and not one before', async () => {
    const [one, two] = [await withBook(), await withBook()];
    expect(await bookkeeping()).to.deep.equal(KEPT);
    await one.stop();
    expect(await bookkeeping(), 'while another lives').to.deep.equal(KEPT);
    await two.stop();
    expect(await bookkeeping()).to.deep.equal(FORSAKEN);
  });

  it('are what bookkeeping consists of again, from the first heartbeat of the next instance on', async () => {
    const first = await withBook();
    await first.manager.getCache(CACHE)?.put('Dune', 1);
    const generation = await new Bookkeeping(server, 'app', CACHE).gen();
    await first.stop();
    const next = await withBook();
    expect(await bookkeeping()).to.deep.equal(KEPT);
    expect(await new Bookkeeping(server, 'app', CACHE).gen()).to.equal(generation);
    expect(await next.manager.getCache(CACHE)?.get('Dune'), 'what was stored is still there').to.deep.equal({ value: 1 });
  });

  for (const [verb, act] of [
    ['an eviction', (runtime: CacheInstance) => runtime.manager.getCache(CACHE)!.evict('Dune')],
    ['a clear', (runtime: CacheInstance) => runtime.manager.getCache(CACHE)!.clear()],
    ['a put', (runtime: CacheInstance) => runtime.manager.getCache(CACHE)!.put('Dune', 1)],
  ] as const) {
    it(`are not left by ${verb} of a cache that nobody has`, async () => {
      const admin = await passing();
      for (const time of ['once', 'twice']) {
        await act(admin);
        expect(await bookkeeping(), time).to.deep.equal(FORSAKEN_ALONE);
      }
    });

    it(`are not taken by ${verb} from those who have the cache`, async () => {
      await withBook();
      await act(await passing());
      expect(await bookkeeping()).to.deep.equal(KEPT);
    });

    it(`of a fleet that was killed get an end by ${verb}`, async () => {
      await (await withBook()).stop();
      const { state, members, hosts } = new Bookkeeping(server, 'app', CACHE).keys;
      for (const key of [state, members]) await server.cli('PERSIST', key);
      await server.cli('ZADD', members, Date.now() - 1_000, 'dead~0123456789ab');
      await server.cli('HSET', hosts, 'dead~0123456789ab', CACHE);
      expect(await bookkeeping()).to.deep.equal(KEPT);
      await act(await passing());
      expect(await bookkeeping()).to.deep.equal(FORSAKEN_ALONE);
      await runtimes.pop()?.stop();
      expect(await bookkeeping()).to.deep.equal(FORSAKEN);
    });
  }

  it('are those of the caches that nobody has any more, and no others', async () => {
    const other = 'without-end-either';
    const lifeOf = async (cache: string): Promise<unknown> =>
      Number(await server.cli('PTTL', new Bookkeeping(server, 'app', cache).keys.state)) === -1 ? 'no end' : 'ends';
    const both = await join({ caches: { [CACHE]: {}, [other]: {} } });
    const one = await join({ caches: { [other]: {} } });
    await both.stop();
    expect([await lifeOf(CACHE), await lifeOf(other)]).to.deep.equal(['ends', 'no end']);
    await one.stop();
    expect([await lifeOf(CACHE), await lifeOf(other)]).to.deep.equal(['ends', 'ends']);
    await join({ caches: { [other]: {} } });
    expect([await lifeOf(CACHE), await lifeOf(other)]).to.deep.equal(['ends', 'no end']);
    await runtimes.pop()?.stop();
    for (const [key, left] of await livesOf('app:2:*')) expect(left, key).to.be.greaterThan(0);
  });

  it('are kept again as soon as an instance that was taken for dead sends a heartbeat', async () => {
    await withBook();
    const { members, hosts } = new Bookkeeping(server, 'app', CACHE).keys;
    await server.cli('DEL', members, hosts);
    await (await passing()).manager.getCache(CACHE)!.evict('Dune');
    expect(await bookkeeping()).to.deep.equal(FORSAKEN_ALONE);
    await server.cli('CLIENT', 'KILL', 'TYPE', 'normal'); // A new connection begins with a heartbeat.
    await waitFor(async () => (await bookkeeping())['state'] === 'no end', { what: 'the heartbeat' });
    expect(await bookkeeping()).to.deep.equal(KEPT);
  });
});
