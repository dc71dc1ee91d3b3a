import { expect } from 'chai';
import type { CacheKey, TwoTierCache } from '../../lib/cache/index.js';
import { CacheValueError } from '../../lib/errors/index.js';
import { CacheStage } from './cache-stage.js';
import { describeCollectionsContract } from './collections-contract.js';
import type { Fleet, Instance } from './fleet.js';
import { describeFreshnessContract } from './freshness-contract.js';
import { describeIntentContract } from './intent-contract.js';
import { describeLoadContract } from './load-contract.js';
import { cacheErrorOf } from './rejection.js';
import { describeTagContract } from './tag-contract.js';
import { describeValueContract } from './value-contract.js';
import { describeWithoutCacheContract } from './without-cache-contract.js';

/** A value that looks like none, beside one that does not. */
const VALUES: readonly unknown[] = [
  null,
  undefined,
  0,
  -0,
  NaN,
  '',
  false,
  0n,
  [],
  {},
  'text',
  ':colon',
  true,
  [undefined, null],
  { a: undefined },
];

/**
 * What every cache does, whichever tiers it has and whatever carries them. (After Spring's `AbstractCacheTests` and the Redis cache's own;
 * the numbers C1, C5 and C8 are those of the README's promises.)
 *
 * @param makeFleet - an empty fleet of its own for each spec. Instances that join it share their remote tier and topics.
 */
export function describeCacheContract(name: string, tiers: 'both' | 'local' | 'remote', makeFleet: () => Fleet | Promise<Fleet>): void {
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

function describeVerbs(stage: CacheStage): void {
  it('has the name it was asked for by', () => {
    expect(stage.cache.name).to.equal('book');
  });

  describe('get', () => {
    it('finds nothing under a key that was never written', async () => {
      expect(await stage.cache.get('Dune')).to.equal(undefined);
    });

    for (const value of VALUES) {
      const shown = Object.is(value, -0) ? '-0' : typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined');
      it(`gives ${Number.isNaN(value) ? 'NaN' : shown} back as itself, put or loaded`, async () => {
        await stage.cache.put('put', value);
        expect(await stage.cache.get('put')).to.deep.equal({ value });
        expect(await stage.load('loaded', value)).to.deep.equal(value);
        expect(await stage.cache.get('loaded')).to.deep.equal({ value });
        const loader = (): never => {
          throw new Error('A hit needs no loader.');
        };
        expect([await stage.cache.getOrLoad('put', loader), await stage.cache.getOrLoad('loaded', loader)]).to.deep.equal([value, value]);
      });
    }

    it('tells keys apart by type and takes equal ones for one', async () => {
      const keys: CacheKey[] = [
        1,
        '1',
        [1],
        ['1'],
        1n,
        true,
        'true',
        null,
        'null',
        undefined,
        { a: 1, b: 2 },
        [['a', 1]],
        '~1',
        new Date(1),
      ];
      for (const [i, key] of keys.entries()) await stage.cache.put(key, i);
      expect(await Promise.all(keys.map(async (key) => (await stage.cache.get(key))?.value))).to.deep.equal(keys.map((_, i) => i));
      expect(await stage.cache.get({ b: 2, a: 1 })).to.deep.equal({ value: 10 });
    });
  });

  describe('put', () => {
    it('replaces what was there', async () => {
      await stage.load('Dune', 'old');
      await stage.cache.put('Dune', 'new');
      expect(await stage.cache.get('Dune')).to.deep.equal({ value: 'new' });
      expect(await stage.load('Dune', 'never')).to.equal('new');
    });

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

    it('refuses a time to live that is none', async () => {
      const error = await cacheErrorOf(stage.cache.put('Dune', 1, { ttl: -1 }));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPTION_INVALID',
        "Expected `ttl` to be a duration, not negative and at most 10 years, such as 500, '60s' or '5m', got `-1` (number).",
      ]);
      expect(await stage.cache.get('Dune')).to.equal(undefined);
    });

    it('replaces the copies of other instances', async () => {
      const there = await stage.join();
      await there.cache.getOrLoad('Dune', () => 'old');
      const told = stage.applied(there);
      await stage.cache.put('Dune', 'new');
      await told;
      expect(await there.cache.getOrLoad('Dune', () => 'loaded')).to.equal(stage.hasRemote ? 'new' : 'loaded');
    });
  });

  describe('putIfAbsent', () => {
    it('stores where there is nothing, and says so', async () => {
      expect(await stage.cache.putIfAbsent('Dune', 1)).to.equal(undefined);
      expect(await stage.cache.get('Dune')).to.deep.equal({ value: 1 });
    });

    it('keeps what is there and returns it, be it null or undefined', async () => {
      for (const value of ['old', null, undefined]) {
        await stage.cache.put('Dune', value);
        const { puts } = stage.cache.statistics();
        expect(await stage.cache.putIfAbsent('Dune', 'new')).to.deep.equal({ value });
        expect(await stage.cache.get('Dune')).to.deep.equal({ value });
        expect(stage.cache.statistics().puts, 'a losing put is none').to.equal(puts);
      }
    });
  });

  describe('evict', () => {
    it('removes that key only', async () => {
      await stage.load('Dune', 1);
      await stage.load('Emma', 2);
      await stage.cache.evict('Dune');
      expect([await stage.cache.get('Dune'), await stage.cache.get('Emma')]).to.deep.equal([undefined, { value: 2 }]);
    });

    it('removes a list of keys; a composite key is a list of one', async () => {
      for (const key of ['a', 'b', 'c', ['a', 1] as const]) await stage.load(key, key);
      await stage.cache.evictAll(['a', 'b', 'none']);
      await stage.cache.evict(['a', 1]);
      expect(await stage.cache.getAll(['a', 'b', 'c', ['a', 1]])).to.deep.equal([undefined, undefined, { value: 'c' }, undefined]);
    });

    it('takes an empty list for nothing to do', async () => {
      await stage.load('Dune', 1);
      await stage.cache.evictAll([]);
      expect(await stage.cache.get('Dune')).to.deep.equal({ value: 1 });
      expect(stage.cache.statistics().evictions).to.equal(0);
    });

    it('is followed by a load that is stored again', async () => {
      await stage.load('Dune', 1);
      await stage.cache.evict('Dune');
      expect([await stage.load('Dune', 2), await stage.load('Dune', 3)]).to.deep.equal([2, 2]);
    });

    it('drops the copies of other instances', async () => {
      const there = await stage.join();
      await there.cache.getOrLoad('Dune', () => 'old');
      const told = stage.applied(there);
      await stage.cache.evict('Dune');
      await told;
      expect(await there.cache.get('Dune')).to.equal(undefined);
    });

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

  describe('evictIfPresent', () => {
    it('tells whether there was anything', async () => {
      await stage.load('Dune', undefined);
      expect([await stage.cache.evictIfPresent('Dune'), await stage.cache.evictIfPresent('Dune')]).to.deep.equal([true, false]);
      expect(await stage.cache.get('Dune')).to.equal(undefined);
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

    it('leaves what is written afterwards', async () => {
      await stage.load('Dune', 1);
      await stage.cache.clear();
      await stage.cache.put('Dune', 2);
      await stage.load('Emma', 3);
      expect(await stage.cache.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 2 }, { value: 3 }]);
    });

    it('empties the other instances', async () => {
      const there = await stage.join();
      for (const key of ['a', 'b']) await there.cache.getOrLoad(key, () => 'old');
      const told = stage.applied(there);
      await stage.cache.clear();
      await told;
      expect(await there.cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
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

  describe('getAll', () => {
    it('answers in the order of the keys, duplicates and missing ones included', async () => {
      for (const [key, value] of [['a', 1], ['b', null], ['c', undefined]] as const) await stage.cache.put(key, value); // prettier-ignore
      await stage.cache.get('a');
      expect(await stage.cache.getAll(['c', 'x', 'a', 'b', 'a', 'x'])).to.deep.equal([
        { value: undefined },
        undefined,
        { value: 1 },
        { value: null },
        { value: 1 },
        undefined,
      ]);
      expect(await stage.cache.getAll([])).to.deep.equal([]);
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
