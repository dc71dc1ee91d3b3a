import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { type Clock, systemClock } from '../../lib/time/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { PATIENT } from '../support/patient.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

/** Stands still while somebody reads, so that all readings are of the same moment. */
class HeldClock implements Clock {
  #heldAt: number | undefined;

  now(): number {
    return this.#heldAt ?? systemClock.now();
  }

  hold<T>(read: (now: number) => T): T {
    this.#heldAt = systemClock.now();
    try {
      return read(this.#heldAt);
    } finally {
      this.#heldAt = undefined;
    }
  }
}

/** What is known of the cache at one moment. */
interface Look {
  readonly at: number;
  /** How old the proof is. */
  readonly provenMs: number;
  /** What is left of the read lease; negative once it has ended. */
  readonly leftMs: number;
  readonly isServing: boolean;
}

describe('The age of the proof, on Redis', () => {
  let proxy: FaultyRedis;
  let clock: HeldClock;
  let instances: CacheInstance[];

  const make = async (options: CachingOptions = {}): Promise<CacheInstance> => {
    const redis = proxy.url;
    const instance = createInstance({ ...PATIENT, redis, namespace: ownNamespace('proven'), clock, caches: { book: {} }, ...options });
    instances.push(instance);
    await instance.start();
    return instance;
  };
  const look = ({ manager }: CacheInstance): Look =>
    clock.hold((at) => {
      const cache = manager.findCache('book') as TwoTierCache;
      const { provenMs = NaN } = manager.health().caches['book'] ?? {};
      return { at, provenMs, leftMs: cache.leaseEndsAt - at, isServing: cache.isServing(at) };
    });

  beforeEach(async () => {
    proxy = await faultyRedis((await sharedRedis()).url);
    clock = new HeldClock();
    instances = [];
  });

  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await proxy.stop();
  });

  it('makes up the bound, together with what is left of the lease, at every moment', async () => {
    const instance = await make({ bound: '400ms' });
    const looks: Look[] = [];
    const sent = new Set<number>();
    await waitFor(
      () => {
        const seen = look(instance);
        looks.push(seen);
        sent.add(Math.round(seen.at - seen.provenMs));
        return sent.size >= 8;
      },
      { what: 'eight proofs' },
    );
    for (const { provenMs, leftMs } of looks) expect(provenMs + leftMs).to.be.closeTo(400, 1e-6);
    expect([...sent], 'each newer than the one before').to.deep.equal([...sent].sort((a, b) => a - b));
  });

  it('is counted from when the heartbeat was sent: a slow way makes it older', async () => {
    proxy.delay(150, { direction: 'to-client' });
    const begun = clock.now();
    const instance = await make({ bound: '20s' });
    const { at, provenMs, isServing } = look(instance);
    expect(isServing).to.equal(true);
    expect(provenMs).to.be.within(149, at - begun);
  });

  it('grows while echoes are held back, passes the bound when the lease ends, and falls with the next echo', async () => {
    const instance = await make({ bound: '600ms' });
    proxy.halfOpen({ direction: 'to-client' });
    const looks: Look[] = [];
    await waitFor(
      () => {
        looks.push(look(instance));
        return looks.at(-1)?.isServing === false;
      },
      { what: 'the end of the lease' },
    );
    for (const { provenMs, isServing } of looks) expect(isServing, `${provenMs} ms`).to.equal(provenMs <= 600);
    await waitFor(() => look(instance).provenMs > 1_200, { what: 'it to grow on' });
    expect(instance.manager.health().caches['book']).to.include({ status: 'degraded', boundMs: 600 });
    proxy.heal();
    await waitFor(() => look(instance).provenMs <= 600 && look(instance).isServing, { what: 'the next echo' });
  });

  it('is not known of a cache that was just made, and then is no older than that cache', async () => {
    const { manager } = await make({ bound: '20s' });
    await waitFor(() => look(instances[0] as CacheInstance).provenMs > 20, { what: 'the first cache to be proven for a while' });
    const madeAt = clock.now();
    manager.getCache('author');
    const provenMs = (): number | undefined => manager.health().caches['author']?.provenMs;
    expect(provenMs()).to.equal(undefined);
    await waitFor(() => provenMs() !== undefined, { what: 'its first proof' });
    expect(clock.hold((at) => at - (provenMs() ?? NaN))).to.be.at.least(madeAt);
  });

  it('says how stale a local tier can be that is served without a lease', async () => {
    const instance = await make({ bound: '200ms', caches: { book: { whenDisconnected: 'serve' } } });
    await waitFor(() => look(instance).provenMs > 0, { what: 'the first proof, for which the start did not wait' });
    proxy.away();
    await waitFor(() => look(instance).provenMs > 400, { what: 'it to exceed the bound' });
    expect(look(instance).isServing).to.equal(true);
  });

  it('is known without a local tier as well, and of a local tier whose evictions go through Redis', async () => {
    const instance = await make({ caches: { book: { tiers: 'remote' }, author: { tiers: 'local' } } });
    const { caches } = instance.manager.health();
    for (const name of ['book', 'author']) expect(caches[name]?.provenMs, name).to.be.greaterThan(0);
  });
});
