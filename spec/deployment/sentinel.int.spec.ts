/**
 * Redis behind Sentinel: a primary, two replicas, three Sentinels, and three instances that read and write all the while. What is read is
 * held against a database in memory, under the rule of the contract: older than an eviction acknowledged D before, it must not be.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { Cache } from '../../lib/cache/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { waitFor } from '../support/wait.js';
import { loseSubscriptions } from './lost-subscriptions.js';
import { SentinelDeployment } from './sentinel-deployment.js';

const BOUND_MS: Milliseconds = 1_000;
const KEYS = ['Dune', 'Emma', 'Ulysses', 'Walden'];

/** The truth about each key, and what has been acknowledged of it when. */
class Books {
  readonly versions = new Map(KEYS.map((key) => [key, 1]));
  readonly #acknowledged: { readonly key: string; readonly version: number; readonly at: Milliseconds }[] = [];
  /** The most a read lagged behind an acknowledged eviction, and which. */
  worst = { staleMs: 0, what: '' };
  reads = 0;
  evictions = 0;
  unacknowledged = 0;

  async write(cache: Cache, key: string): Promise<void> {
    const version = (this.versions.get(key) as number) + 1;
    this.versions.set(key, version);
    try {
      await cache.evict(key);
      this.#acknowledged.push({ key, version, at: performance.now() });
      this.evictions += 1;
    } catch {
      this.unacknowledged += 1;
    }
  }

  async read(cache: Cache, key: string, who: number): Promise<void> {
    const at = performance.now();
    const version = await cache.getOrLoad(key, () => this.versions.get(key) as number);
    this.reads += 1;
    const missed = this.#acknowledged.find((eviction) => eviction.key === key && eviction.version > version);
    const staleMs = missed === undefined ? 0 : at - missed.at;
    if (staleMs > this.worst.staleMs) this.worst = { staleMs, what: `instance ${who} read v${version} of ${key}` };
  }
}

describe('Sentinel', function () {
  this.timeout(180_000);

  let deployment: SentinelDeployment;
  let runtimes: CacheInstance[];
  let told: unknown[];
  const cacheOf = (runtime: CacheInstance): Cache => runtime.manager.getCache('book') as Cache;

  beforeEach(async () => {
    [runtimes, told] = [[], []];
    deployment = await SentinelDeployment.start();
    for (let i = 0; i < 3; i += 1) {
      const runtime = createInstance({ redis: deployment.redisOf(), caches: { book: { ttl: '10m' } }, bound: BOUND_MS });
      for (const name of ['error', 'lost', 'failed', 'reconnecting', 'connected'] as const) {
        runtime.events.on(name, (event) => void told.push({ i, at: Math.round(performance.now()), name, ...event }));
      }
      runtimes.push(runtime);
      await runtime.start();
    }
  });

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await deployment.stop();
  });

  /** Reads and writes everywhere until `fact` holds; then brings the writes to their end. */
  const workUntil = async (books: Books, fact: () => Promise<boolean> | boolean, what: string): Promise<void> => {
    const busy = new Map<number, Promise<void>>();
    let round = 0;
    await waitFor(
      async () => {
        round += 1;
        runtimes.forEach((runtime, i) => {
          if (busy.has(i) || round % 4 !== i) return;
          const write = books.write(cacheOf(runtime), KEYS[round % KEYS.length] as string).finally(() => busy.delete(i));
          busy.set(i, write);
        });
        await Promise.all(runtimes.flatMap((runtime, i) => KEYS.map((key) => books.read(cacheOf(runtime), key, i))));
        return fact();
      },
      { what, timeoutMs: 60_000 },
    );
    await Promise.all(busy.values());
  };

  const areUp = (): boolean => runtimes.every((runtime) => runtime.manager.health().status === 'up');

  /** Every instance serves what is true, from its own memory too. */
  const proveFresh = async (books: Books): Promise<void> => {
    for (const key of KEYS) {
      for (const runtime of runtimes)
        expect(await cacheOf(runtime).getOrLoad(key, () => books.versions.get(key))).to.equal(books.versions.get(key));
    }
  };

  it('loses no entry with its subscriptions if nothing was evicted meanwhile', async () => {
    for (const runtime of runtimes) for (const key of KEYS) await cacheOf(runtime).getOrLoad(key, () => 1);
    const remoteHits = (): number[] => runtimes.map((runtime) => cacheOf(runtime).statistics().remoteHits);
    const before = remoteHits();
    await loseSubscriptions([await deployment.primary()], runtimes);
    for (const runtime of runtimes) for (const key of KEYS) expect(await cacheOf(runtime).getOrLoad(key, () => 2)).to.equal(1);
    expect(remoteHits()).to.deep.equal(before);
  });

  const faults: readonly (readonly [title: string, cause: () => Promise<void>, cure: () => Promise<void>])[] = [
    ['the primary is killed', async () => (await deployment.primary()).kill(), () => Promise.resolve()],
    ['the primary hangs', async () => (await deployment.primary()).pause(), async () => hung?.resume()],
    ['a replica is promoted while the primary is well', () => deployment.failOver(), () => Promise.resolve()],
  ];
  let hung: { resume(): void } | undefined;

  for (const [title, cause, cure] of faults) {
    it(`keeps its promise when ${title}`, async () => {
      const books = new Books();
      await workUntil(books, () => books.evictions >= 20, 'writes before the fault');
      const before = await deployment.primary();
      hung = before;
      await cause();
      let isOver = false;
      const failedOver = deployment.failedOverFrom(before).then(() => (isOver = true));
      await workUntil(books, () => isOver && areUp(), 'every instance to serve with the new primary');
      await failedOver;
      await cure();
      const since = books.evictions;
      const isDemoted = async (): Promise<boolean> => before.pid === undefined || (await before.info('replication'))['role'] === 'slave';
      await workUntil(
        books,
        async () => books.evictions >= since + 100 && areUp() && (await isDemoted()),
        'the old primary to be a replica, and writes after that',
      );
      expect(books.worst.staleMs, books.worst.what).to.be.at.most(BOUND_MS);
      await proveFresh(books);
      const { password, sentinelPassword } = deployment.redisOf();
      expect(inspect(told, { depth: 10 }))
        .not.to.include(password)
        .and.not.to.include(sentinelPassword);
    });
  }
});
