/** Reads of many ids on a Redis Cluster: a primary that is away costs its own ids their place in the cache, and nothing else. */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { bucketTags, slotOf } from '../../lib/eviction/cluster-slots.js';
import { bucketOf } from '../../lib/eviction/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { ClusterDeployment } from './cluster-deployment.js';

const BUCKETS = 8;
/** What one step may take, and a call altogether. */
const [TIMEOUT_MS, DEADLINE_MS] = [2_000, 20_000];

/** Two keys for each bucket. */
const KEYS = Array.from({ length: 2 * BUCKETS }, (_, n) => {
  for (let i = 1_000 * n; ; i += 1) if (bucketOf(`book-${i}`, BUCKETS) === n % BUCKETS) return `book-${i}`;
});

describe('Reads of many ids on a Redis Cluster', function () {
  this.timeout(240_000);
  let deployment: ClusterDeployment;
  let namespace: string;
  let runs = 0;
  let instances: CacheInstance[];
  let here: TwoTierCache;
  let there: TwoTierCache;
  /** What the loaders were called with. */
  let asked: string[][];

  before(async () => {
    deployment = await ClusterDeployment.start();
    // Else a replica takes over after a while, which other specs look at.
    for (const server of deployment.servers) await server.cli('CONFIG', 'SET', 'cluster-replica-no-failover', 'yes');
  });

  after(() => deployment.stop());

  beforeEach(async () => {
    namespace = `many${(runs += 1)}`;
    [instances, asked] = [[], []];
    [here, there] = [await join(), await join()];
  });

  afterEach(() => Promise.all(instances.map((instance) => instance.stop())));

  const join = async (): Promise<TwoTierCache> => {
    const patience = { timeout: TIMEOUT_MS, deadline: DEADLINE_MS, connectTimeout: '20s', bound: '1s' } as const;
    const instance = createInstance({ ...patience, redis: deployment.client(), namespace, caches: { book: { ttl: '1h' } } });
    instances.push(instance);
    await instance.start();
    await up();
    return instance.manager.getCache('book') as TwoTierCache;
  };
  const up = (): Promise<void> =>
    waitFor(() => instances.every(({ manager }) => manager.health().status === 'up'), { what: 'all to be up', timeoutMs: 60_000 });
  /** The primary of each bucket. */
  const owners = async (): Promise<readonly RedisServer[]> => {
    const found: RedisServer[] = [];
    for (const tag of bucketTags(namespace, BUCKETS)) found.push(await deployment.owner(slotOf(tag)));
    return found;
  };
  /** Reads all of them, and answers which of them the loader was asked for, in each of its runs. */
  const read = async (by: TwoTierCache): Promise<readonly string[][]> => {
    const begunAt = performance.now();
    const found = await by.getAllOrLoad(KEYS, (missing) => {
      asked.push([...missing]);
      return missing.map((key) => `of ${key}`);
    });
    expect([...found]).to.deep.equal(KEYS.map((key) => [key, `of ${key}`]));
    expect(performance.now() - begunAt).to.be.below(DEADLINE_MS);
    return asked.splice(0);
  };

  const ways: Readonly<
    Record<string, { readonly harm: (server: RedisServer) => unknown; readonly undo: (server: RedisServer) => unknown }>
  > = {
    hangs: { harm: (server) => server.pause(), undo: (server) => server.resume() },
    'is gone': { harm: (server) => server.kill(), undo: (server) => deployment.revive(server) },
  };
  for (const [what, { harm, undo }] of Object.entries(ways)) {
    it(`answer all ids by one call while a primary ${what}, and keep those of the others`, async () => {
      const primaries = await owners();
      const [away] = primaries as [RedisServer];
      const lost = KEYS.filter((key) => primaries[bucketOf(key, BUCKETS)] === away);
      expect(lost.length).to.be.within(1, KEYS.length - 1);
      await harm(away);
      try {
        expect(await read(here)).to.deep.equal([KEYS]);
        expect(await read(there), 'what the others hold is stored').to.deep.equal([lost]);
        // By now, no instance may serve its local tier, and none asks who is known to be away.
        await waitFor(() => instances.every(({ manager }) => manager.health().caches['book']?.status === 'degraded'), {
          what: 'the read leases to end',
        });
        for (const by of [here, there]) expect(await read(by)).to.deep.equal([lost]);
      } finally {
        await undo(away);
      }
      await up();
      await deployment.whole();
      // A step that was late may have been executed after all: its lease ends by itself.
      await waitFor(async () => (await read(here)).length === 0, { what: 'all to be cached', timeoutMs: 60_000 });
      expect(await read(there)).to.deep.equal([]);
      expect(await read(await join())).to.deep.equal([]);
    });
  }
});
