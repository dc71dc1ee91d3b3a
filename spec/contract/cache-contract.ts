import { expect } from 'chai';
import type { Cache, TwoTierCache } from '../../lib/cache/index.js';
import { CacheValueError } from '../../lib/errors/index.js';
import { describeCacheContract as describeEveryCache } from '../../lib/testing/index.js';
import { CacheStage } from './cache-stage.js';
import { describeCollectionsContract } from './collections-contract.js';
import type { Fleet, Instance } from './fleet.js';
import { describeFreshnessContract } from './freshness-contract.js';
import { describeIntentContract } from './intent-contract.js';
import { describeLoadContract } from './load-contract.js';
import { mochaRunner } from './mocha-runner.js';
import { cacheErrorOf } from './rejection.js';
import { describeTagContract } from './tag-contract.js';
import { describeValueContract } from './value-contract.js';
import { describeWithoutCacheContract } from './without-cache-contract.js';

/**
 * What the caches of this library do, whichever tiers they have and whatever carries them: the contract of every cache, and what depends on
 * tiers, options and instances. (After the specs of Spring's Redis cache; the numbers C1, C5 and C8 are those of the README's promises.)
 *
 * @param makeFleet - an empty fleet of its own for each spec. Instances that join it share their remote tier and topics.
 */
export function describeCacheContract(name: string, tiers: 'both' | 'local' | 'remote', makeFleet: () => Fleet | Promise<Fleet>): void {
  describeTiers(`${name}, tiers: '${tiers}'`, tiers, makeFleet);
  describe(`${name}, tiers: '${tiers}' (cache contract)`, () => {
    const stage = new CacheStage(tiers, makeFleet);

    beforeEach(() => stage.setUp());

    afterEach(() => stage.tearDown());

    describeVerbs(stage);
    describeLoadContract(stage);
    describeCollectionsContract(stage);
    describeIntentContract(stage);
    describeTagContract(stage);
    describeWithoutCacheContract(stage);
    describeFreshnessContract(stage);
    describeValueContract(stage);
    describeStatistics(stage);
  });
}

/** No read lease lapses in the time that passes. */
const LONG = { bound: '10h' } as const;

/** The contract of every cache. */
function describeTiers(name: string, tiers: 'both' | 'local' | 'remote', makeFleet: () => Fleet | Promise<Fleet>): void {
  const fleets = new Map<Cache, Fleet>();
  const isShared = tiers !== 'local';
  describeEveryCache<TwoTierCache>(
    async ({ tags }) => {
      const fleet = await makeFleet();
      const { cache } = await fleet.join({ tiers, tags }, LONG);
      fleets.set(cache, fleet);
      return cache;
    },
    {
      ...mochaRunner,
      name,
      features: { sharedEntries: isShared, intents: isShared },
      join: async (cache) => (await fleets.get(cache)!.join({ tiers }, LONG)).cache,
      elapse: (ms, cache) => fleets.get(cache)!.pass(ms),
      stop: async (cache) => {
        await fleets.get(cache)?.stop();
        fleets.delete(cache);
      },
    },
  );
}

function describeVerbs(stage: CacheStage): void {
  it('has the name it was asked for by', () => {
    expect(stage.cache.name).to.equal('book');
  });

  describe('put', () => {
    it('refuses null where nulls are not allowed, and leaves the old entry alone', async () => {
      await stage.use({ allowNullValues: false });
      await stage.cache.put('Dune', 'old');
      for (const nothing of [null, undefined]) {
        const error = await cacheErrorOf(stage.cache.put('Dune', nothing));
        expect(error).to.be.instanceOf(CacheValueError);
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_VALUE_NULL',
          `Cache 'book' does not allow ${String(nothing)}. Avoid storing it with \`unless: (result) => result == null\`, or set the cache's \`allowNullValues\`.`,
        ]);
        expect((await cacheErrorOf(stage.cache.putIfAbsent('other', nothing))).code).to.equal('CACHE_VALUE_NULL');
      }
      expect(await stage.cache.get('Dune')).to.deep.equal({ value: 'old' });
    });
  });

  describe('evict', () => {
    it('C4: has been applied everywhere once it resolves, where that was asked for', async () => {
      // While the list of who is alive is young, the longest bound of the fleet is waited for: one of its own, then, with a short one.
      await stage.fleet.stop();
      const fleet = await stage.renewFleet();
      const members = await Promise.all([1, 2, 3].map(() => fleet.join({ tiers: stage.tiers }, { bound: '200ms' })));
      for (const { cache: copy } of members) await copy.getOrLoad('Dune', () => 'old');
      const [evicting, ...others] = members as [Instance, ...Instance[]];
      await evicting.cache.evict('Dune', { acks: 'all' });
      expect(others.map(({ cache: copy }) => copy.statistics().messagesApplied)).to.deep.equal([1, 1]);
      expect(await Promise.all(members.map(({ cache: copy }) => copy.get('Dune')))).to.deep.equal([undefined, undefined, undefined]);
    });
  });

  describe('clear', () => {
    it('removes everything of this cache and nothing of another', async () => {
      const other = stage.here.runtime.manager.getCache('author') as TwoTierCache;
      await other.put('Dune', 'Herbert');
      for (let i = 0; i < 100; i += 1) await stage.load(i, i);
      await stage.cache.clear();
      expect(await stage.cache.getAll([0, 1, 42, 99])).to.deep.equal([undefined, undefined, undefined, undefined]);
      expect(stage.cache.statistics().localSize).to.equal(0);
      if (stage.hasRemote) expect(await other.get('Dune')).to.deep.equal({ value: 'Herbert' });
    });
  });

  describe('invalidate', () => {
    it('clears, and says false only where it knows that there was nothing', async () => {
      expect(await stage.cache.invalidate()).to.equal(stage.hasRemote);
      await stage.load('Dune', 1);
      expect(await stage.cache.invalidate()).to.equal(true);
      expect(await stage.cache.get('Dune')).to.equal(undefined);
    });
  });
}

function describeStatistics(stage: CacheStage): void {
  describe('statistics', () => {
    it('count what happened, in a snapshot that does not change', async () => {
      await stage.load('Dune', 1);
      await stage.load('Dune', 1);
      await stage.cache.get('none');
      await stage.cache.put('Emma', 2);
      await stage.cache.evictAll(['Dune', 'Emma']);
      await stage.cache.clear();
      const before = stage.cache.statistics();
      expect(before).to.deep.include({
        localHits: stage.hasLocal ? 1 : 0,
        remoteHits: stage.hasLocal ? 0 : 1,
        misses: 2,
        loads: 1,
        loadFailures: 0,
        puts: 1,
        fills: stage.hasRemote ? 1 : 0,
        evictions: 2,
        clears: 1,
        bypassed: 0,
        remoteFailures: 0,
        localSize: 0,
      });
      expect(Object.isFrozen(before)).to.equal(true);
      await stage.load('Dune', 1);
      expect(before.loads).to.equal(1);
    });
  });
}
