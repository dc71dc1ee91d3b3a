/**
 * A lost subscription costs nothing if nothing was evicted meanwhile: the local tier is closed until the first echo of the new epoch, and
 * served as it was if that names what the last echo before named.
 */
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CacheOptions, CachingOptions } from '../../lib/instance/options.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const SERVERS = 4;
const KEYS = Array.from({ length: 1_000 }, (_, i) => `key ${i}`);

describe('A lost subscription', () => {
  let server: RedisServer;
  let instances: CacheInstance[];

  beforeEach(async () => {
    server = await RedisServer.start();
    instances = [];
  });

  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await server.stop();
  });

  const join = async (book: CacheOptions = {}, options: CachingOptions = {}): Promise<TwoTierCache> => {
    const instance = createInstance({ ...PATIENT, redis: server.url, bound: '1s', caches: { book: { ttl: '1h', ...book } }, ...options });
    instances.push(instance);
    await instance.start();
    await echoed(2);
    return instance.manager.getCache('book') as TwoTierCache;
  };
  /** The first is back when the second is sent. A cache that is always served does not tell when its lease begins. */
  const echoed = async (count: number): Promise<void> => {
    const published = async (): Promise<number> => (await server.commandCalls())['publish'] ?? 0;
    const before = await published();
    await waitFor(async () => (await published()) >= before + count * instances.length, { what: 'heartbeats' });
  };
  const isUp = (): boolean => instances.every(({ manager }) => manager.health().status === 'up');
  const up = (): Promise<void> => waitFor(isUp, { what: 'every instance to be up' });
  /** Nobody has heard yet that all subscriptions are gone when this returns, and `more` is executed with them. */
  const lose = async (more: (transaction: ReturnType<Redis['multi']>) => unknown = () => undefined): Promise<void> => {
    const epochs = instances.map(() => 0);
    const returned = Promise.all(
      instances.map(
        ({ manager }, i) =>
          new Promise<void>((resolve) => {
            const isAway = (): boolean => manager.health().links['subscriber'] !== 'up';
            const look = (): void => {
              if (epochs[i] === 0 && isAway()) epochs[i] = 1;
              if (epochs[i] === 1 && !isAway()) resolve();
              else setImmediate(look);
            };
            look();
          }),
      ),
    );
    const redis = new Redis(server.url);
    try {
      const transaction = redis.multi().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      more(transaction);
      for (const [error] of (await transaction.exec()) ?? []) if (error !== null) throw error;
    } finally {
      redis.disconnect();
    }
    await returned;
    await up();
  };
  /** Reads of the remote tier and runs of the loader that these reads took. */
  const read = async (
    caches: readonly TwoTierCache[],
    keys: readonly string[],
    value: string,
  ): Promise<readonly [remote: number, runs: number]> => {
    const remote = (): number => caches.reduce((sum, cache) => sum + cache.statistics().remoteHits, 0);
    const before = remote();
    let runs = 0;
    for (const cache of caches) {
      const read = keys.map((key) => cache.getOrLoad(key, () => ((runs += 1), value)));
      expect(new Set(await Promise.all(read))).to.deep.equal(new Set([value]));
    }
    return [remote() - before, runs];
  };
  /** An eviction that all miss: it deletes and counts as ours do, and nobody is told. */
  const evictUnheard = async (key: string): Promise<(transaction: ReturnType<Redis['multi']>) => unknown> => {
    const book = new Bookkeeping(server);
    const data = await book.data(key);
    const next = (await book.seq()) + 1;
    const state = `${next}:${await book.gen()}:${await book.run()}`;
    return (transaction) => transaction.del(data).set(book.keys.state, state);
  };

  it(`of ${SERVERS} servers with ${KEYS.length} warm keys each costs no read of the remote tier and no run of the method`, async () => {
    const caches: TwoTierCache[] = [];
    for (let i = 0; i < SERVERS; i += 1) caches.push(await join());
    await read(caches, KEYS, 'value');
    await lose();
    expect(await read(caches, KEYS, 'value')).to.deep.equal([0, 0]);
    for (const cache of caches)
      expect(cache.statistics()).to.include({ repairs: 0, gaps: 0, coherenceRemovals: 0, localSize: KEYS.length });
  });

  it('costs what it held if something was evicted meanwhile, and no stale read', async () => {
    const caches = [await join(), await join()];
    await read(caches, ['Dune', 'Emma'], 'old');
    await lose(await evictUnheard('Dune'));
    for (const cache of caches) expect([cache.hitNow('Dune'), cache.hitNow('Emma')]).to.deep.equal([undefined, undefined]);
    expect(await read(caches, ['Dune'], 'new')).to.deep.equal([1, 1]);
    expect(await read(caches, ['Emma'], 'old')).to.deep.equal([2, 0]);
    for (const cache of caches) expect(cache.statistics(), 'a loss is no gap').to.include({ repairs: 1, gaps: 0 });
  });

  it('is followed by evictions as before', async () => {
    const [one, two] = [await join(), await join()];
    await read([one, two], ['Dune'], 'old');
    await lose();
    await one.evict('Dune', { acks: 'all' });
    expect(two.hitNow('Dune')).to.equal(undefined);
    expect(two.statistics()).to.include({ messagesApplied: 1, gaps: 0 });
  });

  it('of a cache that is served meanwhile (`whenDisconnected`) is judged by the same echo', async () => {
    const caches = [await join({ whenDisconnected: 'serve' })];
    await read(caches, ['Dune', 'Emma'], 'old');
    await lose();
    await echoed(2); // Such a cache is always up. The first echo has decided when the second beat is sent.
    expect(await read(caches, ['Dune', 'Emma'], 'old')).to.deep.equal([0, 0]);
    expect(caches[0]?.statistics()).to.include({ repairs: 0, localSize: 2 });
    await lose(await evictUnheard('Dune'));
    await waitFor(() => caches[0]?.hitNow('Dune') === undefined, { what: 'the local tier to be emptied' });
    expect(await read(caches, ['Dune'], 'new')).to.deep.equal([0, 1]);
  });

  it('does not lengthen the life of an entry', async () => {
    const [cache] = [await join({ ttl: '1h', localTtl: '300ms' })];
    await read([cache], ['Dune'], 'value');
    const until = performance.now() + 300;
    await lose();
    await waitFor(() => performance.now() > until, { what: 'the entry to end' });
    expect(cache.hitNow('Dune')).to.equal(undefined);
  });

  it('with a server that came back from its own snapshot costs everything: it may have forgotten evictions', async () => {
    const cache = await join();
    await read([cache], ['Dune'], 'value');
    const before = cache.generation;
    await server.cli('SAVE');
    await server.kill();
    await server.restart();
    await waitFor(() => cache.generation !== before && isUp(), { what: 'the new generation' });
    expect([cache.hitNow('Dune'), await read([cache], ['Dune'], 'value')]).to.deep.equal([undefined, [0, 1]]);
  });
});
