import { expect } from 'chai';
import sinon from 'sinon';
import {
  type Cache,
  Cacheable,
  type CacheKey,
  CacheKeyError,
  type CacheOptions,
  type CachingOptions,
  runInTransaction,
  TransactionAwareCache,
} from '../../lib/index.js';
import { ENDLESS_MS, hitNow } from '../../lib/cache/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { FakeClock } from '../support/fake-clock.js';
import { gate, turn } from '../support/promises.js';
import { sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { onEveryStore } from './stage.js';

describe('11. Redis cache', () => {
  onEveryStore((stage) => {
    let cache: Cache;
    let clock: FakeClock;

    const never = (): never => {
      throw new Error('A hit needs no loader.');
    };
    const open = async (testCache: CacheOptions): Promise<void> => {
      clock = new FakeClock();
      await stage.open({ clock, bound: '10m', caches: { testCache } });
      cache = stage.cache('testCache');
    };

    /** With a clock that goes, for instances that wait for one another. */
    const openInRealTime = async (options: CachingOptions = {}): Promise<void> => {
      await stage.open({ bound: '10m', ...options });
      cache = stage.cache('testCache');
    };

    beforeEach(() => open({}));

    /** The keys of this stage's values on the server. */
    const redisKeys = async (name = 'testCache'): Promise<string[]> => {
      const keys = (await (await sharedRedis()).cli('KEYS', `${stage.namespace}:*:${name}:*::*`)) as string[];
      return [...keys].sort();
    };

    /** How many scripts the server has run: a load asks by one for the right to fill. */
    const scripts = async (): Promise<number> => (stage.onRedis ? ((await (await sharedRedis()).commandCalls())['evalsha'] ?? 0) : 0);

    /** How long the entry of `key` has to live; `Infinity` for ever. Of the local tier, or of the server where there is none. */
    const lifeOf = async (key: string): Promise<number> => {
      if (stage.onRedis && stage.hasRemote) {
        const [name] = (await redisKeys()).filter((each) => each.endsWith(`::${key}`));
        const left = Number(await (await sharedRedis()).cli('PTTL', String(name)));
        return left === -1 ? Infinity : Math.ceil(left / 1_000) * 1_000;
      }
      await cache.get(key); // Into the local tier, if it is not there yet.
      for (const step of [0, 1_000, 2_000, 5_000, 10_000, 60_000]) {
        if (step > 0) clock.advance(step - 1);
        const isThere = hitNow(cache, key) !== undefined;
        if (step > 0) clock.advance(1);
        if (!isThere) return -1;
        if (hitNow(cache, key) === undefined) return clock.now();
      }
      return Infinity;
    };

    it('130a putShouldAddEntry, evictShouldRemoveKey', async () => {
      await cache.put('key', 'value');
      await cache.put('other', 'value');
      if (stage.onRedis) {
        const keys = await redisKeys();
        expect(keys.map((key) => key.replace(/:[^:]*::/, ':<generation>::'))).to.deep.equal(
          stage.hasRemote ? ['key', 'other'].map((key) => `${stage.namespace}:2:testCache:<generation>::${key}`) : [],
        );
      }
      await cache.evict('key');
      expect(await cache.getAll(['key', 'other'])).to.deep.equal([undefined, { value: 'value' }]);
      if (stage.onRedis) expect((await redisKeys()).map((key) => key.split('::')[1])).to.deep.equal(stage.hasRemote ? ['other'] : []);
    });

    for (const verb of ['clear', 'invalidate'] as const) {
      it(`130a clearShouldClearCache, clearShouldInvalidateCache, clearWithScanShouldClearCache, clearRemovesAffectedKeys, clearShouldRemoveAllKeysByPattern: ${verb}`, async () => {
        const other = stage.cache('primary');
        const keys = Array.from({ length: 100 }, (_none, i) => `key-${i}`);
        for (const key of keys) await cache.put(key, key);
        await other.put('key-1', 'kept');
        await cache[verb]();
        expect((await cache.getAll(keys)).every((found) => found === undefined)).to.equal(true);
        expect(await other.get('key-1')).to.deep.equal({ value: 'kept' });
        await cache.put('key-1', 'new');
        expect(await cache.getAll(['key-1', 'key-2'])).to.deep.equal([{ value: 'new' }, undefined]);
      });
    }

    it('130c putNullShouldAddEntryForNullValue, putIfAbsentWithNullShouldAddNullValueEntryIfNotExists, putIfAbsentShouldReturnExistingNullValueIfExists, getShouldReturnValueWrapperHoldingNullIfNullValueStored', async () => {
      expect(await cache.putIfAbsent('key', null)).to.equal(undefined);
      expect(await cache.get('key')).to.deep.equal({ value: null });
      expect(await cache.putIfAbsent('key', 'value')).to.deep.equal({ value: null });
      expect(await cache.get('key')).to.deep.equal({ value: null });
      await cache.put('put', null);
      expect(await cache.get('put')).to.deep.equal({ value: null });
    });

    it('130d putIfAbsentShouldReturnExistingIfExists, putIfAbsentShouldAddEntryIfNotExists', async () => {
      expect(await cache.putIfAbsent('key', 'first')).to.equal(undefined);
      expect(await cache.putIfAbsent('key', 'second')).to.deep.equal({ value: 'first' });
      expect(await cache.get('key')).to.deep.equal({ value: 'first' });
    });

    it('130e evictShouldRemoveKeyIfPresent', async () => {
      await cache.getOrLoad('key', () => 'value');
      expect([await cache.evictIfPresent('key'), await cache.evictIfPresent('key')]).to.deep.equal([true, false]);
    });

    for (const value of ['value', null]) {
      it(`130f getWithCallableShouldResolveValueIfNotPresent, getWithCallableShouldNotResolveValueIfPresent: ${String(value)}`, async () => {
        const loader = sinon.fake.resolves(value);
        expect(await cache.getOrLoad('key', loader)).to.equal(value);
        expect(await cache.getOrLoad<unknown>('key', never)).to.equal(value);
        expect(loader.callCount).to.equal(1);
      });
    }

    it('130g computePrefixCreatesCacheKeyCorrectly, prefixCacheNameCreatesCacheKeyCorrectly, fetchKeyWithComputedPrefixReturnsExpectedResult', async () => {
      await cache.put('key', 'here');
      const { manager } = await stage.another({ namespace: `${stage.namespace}.other` });
      const elsewhere = manager.getCache('testCache')!;
      expect(await elsewhere.get('key')).to.equal(undefined);
      await elsewhere.put('key', 'there');
      expect([await cache.get('key'), await elsewhere.get('key')]).to.deep.equal([{ value: 'here' }, { value: 'there' }]);
      if (!stage.onRedis || !stage.hasRemote) return;
      expect((await redisKeys()).every((key) => key.startsWith(`${stage.namespace}:2:testCache:`))).to.equal(true);
    });

    it('130h shouldReadAndWriteSimpleCacheKey, cacheShouldAllowListKeyCacheKeysOfSimpleTypes, cacheShouldAllowArrayKeyCacheKeysOfSimpleTypes, cacheShouldAllowListCacheKeysOfComplexTypes, cacheShouldAllowMapCacheKeys', async () => {
      const keys = (): CacheKey[] => [['a', 1], ['a', [1, 'b']], { a: 1, b: ['c'] }, [{ a: 1 }, { b: new Date(3) }]];
      for (const [i, key] of keys().entries()) await cache.put(key, i);
      const there = (await stage.another({ namespace: stage.namespace })).manager.getCache('testCache')!;
      const reader = stage.hasRemote ? there : cache;
      expect(await reader.getAll(keys())).to.deep.equal([{ value: 0 }, { value: 1 }, { value: 2 }, { value: 3 }]);
    });

    it('130h shouldAllowComplexKeyWithToStringMethod, shouldRejectNonInvalidKey, cacheShouldFailOnNonConvertibleCacheKey', async () => {
      class Isbn {
        toString(): string {
          return '978-0-441';
        }
      }
      for (const key of [new Isbn(), new (class Plain {})(), Symbol('key'), () => 1]) {
        const error = await cacheErrorOf(cache.put(key, 1));
        expect(error).to.be.instanceOf(CacheKeyError);
        expect(error.code).to.equal('CACHE_KEY_UNSUPPORTED');
      }
      class Books {
        @Cacheable('testCache', { key: (isbn) => String(isbn) })
        async find(_isbn: Isbn): Promise<string> {
          return 'Dune';
        }
      }
      await stage.serve(Books).find(new Isbn());
      expect(await cache.get('978-0-441'), 'said to be meant').to.deep.equal({ value: 'Dune' });
    });

    describe('130i', () => {
      /** Spring's entries without end never end; ours do in Redis, where `clear` would leave them for ever. */
      const endless = (): number => (stage.onRedis && stage.hasRemote ? ENDLESS_MS : Infinity);
      const load = (key: string, ttl: number): Promise<unknown> => cache.getOrLoad(key, () => 'value', { ttl });

      it('130i putShouldAddEternalEntry, putShouldAddExpiringEntry, putIfAbsentShouldAddExpiringEntryWhenKeyDoesNotExist', async () => {
        await load('eternal', 0);
        expect(await lifeOf('eternal')).to.equal(endless());
        await open({});
        const start = stage.onRedis && stage.hasRemote ? 0 : clock.now();
        await load('expiring', 3_000);
        expect((await lifeOf('expiring')) - start).to.equal(3_000);
        if (!stage.onRedis || !stage.hasRemote) return;
        expect(await cache.putIfAbsent('absent', 'value', { ttl: 5_000 })).to.equal(undefined);
        expect(await cache.putIfAbsent('absent', 'other', { ttl: 9_000 })).to.deep.equal({ value: 'value' });
        expect(await lifeOf('absent'), 'of the one that was stored').to.equal(5_000);
      });

      it('130i putShouldOverwriteExistingEternalEntry, putShouldOverwriteExistingExpiringEntryAndResetTtl', async () => {
        await cache.put('key', 'old', { ttl: 3_000 });
        await cache.put('key', 'new', { ttl: 0 });
        expect(await cache.get('key')).to.deep.equal({ value: 'new' });
        expect(await lifeOf('key')).to.equal(endless());
        await open({});
        await cache.put('key', 'old', { ttl: 0 });
        if (!stage.hasRemote || stage.onRedis) {
          const start = stage.hasRemote ? 0 : clock.now();
          await cache.put('key', 'new', { ttl: 3_000 });
          expect((await lifeOf('key')) - start).to.equal(3_000);
        }
        expect(await cache.get('key')).to.deep.equal(
          stage.hasRemote && !stage.onRedis ? { value: 'old' } : stage.hasRemote ? { value: 'new' } : undefined,
        );
      });
    });

    it('130j getTtlReturnsFixedDuration, getTtlReturnsDynamicDuration, shouldAllowConverterRegistration', async () => {
      class Books {
        @Cacheable('testCache', { ttl: '3s' })
        async fixed(_id: string): Promise<number> {
          return 1;
        }

        @Cacheable('testCache', { ttl: (result, id) => (id === 'long' ? result * 8_000 : '3s') })
        async dynamic(_id: string): Promise<number> {
          return 1;
        }
      }
      for (const [method, id, ms] of [
        ['fixed', 'a', 3_000],
        ['dynamic', 'b', 3_000],
        ['dynamic', 'long', 8_000],
      ] as const) {
        // prettier-ignore
        await open({ ttl: '60s' });
        const start = stage.onRedis && stage.hasRemote ? 0 : clock.now();
        await stage.serve(Books)[method](id);
        expect((await lifeOf(id)) - start, id).to.equal(ms);
      }
    });

    it('130k cacheGetWithTimeToIdleExpirationWhenEntryNotExpiredShouldReturnValue, cacheGetWithTimeToIdleExpirationAfterEntryExpiresShouldReturnNull, retrieveAppliesTimeToIdle', async () => {
      await open({ ttl: '10s' });
      await cache.getOrLoad('key', () => 'value');
      clock.advance(9_000);
      expect(await cache.getOrLoad<unknown>('key', never)).to.equal('value');
      if (stage.hasLocal) {
        expect(hitNow(cache, 'key') === undefined).to.equal(false);
        clock.advance(1_000);
        expect(hitNow(cache, 'key') === undefined, 'reading does not lengthen its life').to.equal(true);
      } else {
        const [name] = await redisKeys();
        await (await sharedRedis()).cli('PEXPIRE', String(name), 5_000);
        expect(await cache.getOrLoad<unknown>('key', never)).to.equal('value');
        expect(await lifeOf('key'), 'reading does not lengthen its life').to.equal(5_000);
      }
    });

    it('130l retrieveReturnsCachedValue, retrieveReturnsCachedNullableValue, retrieveReturnsLoadedValue, retrieveStoresLoadedValue', async () => {
      expect(await cache.get('key')).to.equal(undefined);
      expect(await cache.getOrLoad('key', async () => 'loaded')).to.equal('loaded');
      expect(await cache.get('key')).to.deep.equal({ value: 'loaded' });
      await cache.put('null', null);
      expect(await cache.get('null')).to.deep.equal({ value: null });
    });

    it('130l retrieveReturnsCachedValueWhenLockIsReleased', async () => {
      await openInRealTime();
      const there = (await stage.another({ namespace: stage.namespace })).manager.getCache('testCache')!;
      const { promise, open: finish } = gate<string>();
      const begun = gate();
      const first = cache.getOrLoad('key', () => (begun.open(), promise));
      await begun.promise;
      const loader = sinon.fake.resolves('own');
      const before = await scripts();
      const second = there.getOrLoad('key', loader);
      if (!stage.hasRemote) expect(await second, 'with nothing shared, nothing is waited for').to.equal('own');
      else if (stage.onRedis) await waitFor(async () => (await scripts()) > before, { what: 'the second to have asked for the lease' });
      else await turn();
      finish('first');
      expect(await first).to.equal('first');
      if (stage.hasRemote) {
        expect(await second, 'waits for who is loading').to.equal('first');
        expect(loader.called).to.equal(false);
      }
    });

    it('130m nonLockingCacheWriterShouldIgnoreExistingLock, lockingCacheWriterShouldIgnoreExistingLockOnDifferenceCache, doLockShouldGetLock, mustNotUnlockWhenLockingFails', async () => {
      const there = (await stage.another({ namespace: stage.namespace })).manager.getCache('testCache')!;
      const { promise, open: finish } = gate<string>();
      const begun = gate();
      const first = cache.getOrLoad('key', () => (begun.open(), promise));
      await begun.promise;
      // A lease keeps nobody from writing: it only decides whether the load may still be stored.
      await there.put('key', 'put');
      await there.evict('elsewhere');
      if (!stage.hasRemote) await waitFor(() => cache.statistics().messagesApplied > 0, { what: 'the put to be told of' });
      finish('overtaken');
      expect(await first).to.equal('overtaken');
      expect(await cache.get('key')).to.deep.equal(stage.hasRemote ? { value: 'put' } : undefined);
      expect(cache.statistics().refusedFills, 'the lease was no longer its own').to.equal(1);
      expect(await stage.cache('primary').getOrLoad('key', () => 'another cache')).to.equal('another cache');
    });

    it('130n nonBlockingPutShouldWriteEntry, evictShouldNonblockingDeleteEntry, usesAsyncPutIfPossible, usesBlockingWritesIfConfigured', async () => {
      await openInRealTime({ bound: '100ms' }); // A list of the living younger than the bound is waited for.
      const there = (await stage.another({ namespace: stage.namespace, bound: '100ms' })).manager.getCache('testCache')!;
      const seen = async (key: string): Promise<unknown> => (stage.hasRemote ? await there.get(key) : await cache.get(key));
      await cache.put('key', 'value');
      expect(await seen('key'), 'done when it resolves').to.deep.equal({ value: 'value' });
      await cache.evict('key', { acks: 'all' });
      expect(await seen('key')).to.equal(undefined);
      await cache.put('key', 'again');
      await cache.clear({ acks: 'all' });
      expect(await seen('key')).to.equal(undefined);
    });

    it('130o noOpStatisticsCollectorReturnsEmptyStatsInstance: counters are always there', async () => {
      const before = cache.statistics();
      expect([before.localHits, before.remoteHits, before.misses, before.puts, before.evictions]).to.deep.equal([0, 0, 0, 0, 0]);
      await cache.getOrLoad('key', () => 1);
      await cache.getOrLoad('key', () => 2);
      await cache.get('none');
      await cache.put('put', 1);
      await cache.putIfAbsent('put', 2);
      await cache.putIfAbsent('new', 1);
      await cache.evictAll(['put', 'new']);
      const { localHits, remoteHits, misses, loads, puts, evictions } = cache.statistics();
      expect([localHits + remoteHits, misses, loads, puts, evictions], 'a losing putIfAbsent is none').to.deep.equal([1, 2, 1, 2, 2]);
      expect(stage.hasLocal ? localHits : remoteHits).to.equal(1);
      expect([before.misses, Object.isFrozen(before)], 'a snapshot does not change').to.deep.equal([0, true]);
      expect(stage.manager.statistics()['testCache']).to.deep.equal(cache.statistics());
      cache.resetStatistics();
      const reset = cache.statistics();
      expect([reset.localHits, reset.remoteHits, reset.misses, reset.loads, reset.puts, reset.evictions]).to.deep.equal([0, 0, 0, 0, 0, 0]);
    });

    it('130p missingCacheShouldBeCreatedWithDefaultConfiguration, appliesDefaultConfigurationToInitialCache, predefinedCacheShouldBeCreatedWithSpecificConfig, cacheManagerBuilderReturnsConfiguredCaches, cacheManagerBuilderDoesNotAllowSneakingInConfiguration', async () => {
      await stage.open({ clock, bound: '10m', defaults: { allowNullValues: false }, caches: { testCache: { allowNullValues: true } } });
      await stage.cache('testCache').put('key', null);
      expect((await cacheErrorOf(stage.cache('primary').put('key', null))).code, 'the defaults').to.equal('CACHE_VALUE_NULL');
      expect((await cacheErrorOf(stage.cache('later').put('key', null))).code, 'of names added later too').to.equal('CACHE_VALUE_NULL');
      expect(stage.manager.cacheNames).to.deep.equal(['testCache', 'primary', 'secondary', 'later']);
      (stage.manager.cacheNames as string[]).push('forged');
      expect(stage.manager.cacheNames).to.not.include('forged');
    });

    it('130p lockedCacheManagerShouldPreventInFlightCacheCreation, lockedCacheManagerShouldStillReturnPreconfiguredCaches', async () => {
      const caches = { own: {} };
      await stage.open({ dynamic: false, caches });
      (caches as Record<string, CacheOptions>)['late'] = {};
      expect([stage.manager.getCache('unknown'), stage.manager.getCache('late')]).to.deep.equal([undefined, undefined]);
      expect(stage.manager.getCache('own')?.name).to.equal('own');
    });

    it('130q transactionAwareCacheManagerShouldDecorateCache', async () => {
      for (const name of ['testCache', 'later']) {
        expect(stage.cache(name)).to.be.instanceOf(TransactionAwareCache);
        await runInTransaction(async () => {
          await stage.cache(name).put('key', 'value');
          expect(await (stage.cache(name) as TransactionAwareCache).target.get('key')).to.equal(undefined);
        });
      }
      expect(await cache.get('key')).to.deep.equal({ value: 'value' });
    });

    it('130s testGetWhileClear, testConcurrentRead', async () => {
      await Promise.all(
        Array.from({ length: 50 }, async (_none, i) => {
          await Promise.all([cache.put(`key-${i % 10}`, i), cache.get(`key-${i % 10}`), ...(i % 10 === 0 ? [cache.clear()] : [])]);
        }),
      );
      await cache.clear();
      await Promise.all([0, 1, 2].map((i) => cache.put(`late-${i}`, i)));
      const late = await cache.getAll(['late-0', 'late-1', 'late-2', 'key-0', 'key-9']);
      expect(late).to.deep.equal([{ value: 0 }, { value: 1 }, { value: 2 }, undefined, undefined]);
      const reads = await Promise.all(Array.from({ length: 50 }, (_none, i) => cache.get(`late-${i % 3}`)));
      expect(reads).to.deep.equal(reads.map((_read, i) => ({ value: i % 3 })));
    });

    it('130t testCacheGetSynchronized', async () => {
      await openInRealTime();
      const instances = [
        stage.manager,
        ...(await Promise.all([1, 2].map(() => stage.another({ namespace: stage.namespace })))).map(({ manager }) => manager),
      ];
      let loads = 0;
      const loader = async (): Promise<number> => {
        await turn();
        return (loads += 1);
      };
      const results = await Promise.all(
        instances.flatMap((manager) => Array.from({ length: 5 }, () => manager.getCache('testCache')!.getOrLoad('key', loader))),
      );
      expect(loads, 'one for all instances where they share a tier, else one for each').to.equal(stage.hasRemote ? 1 : 3);
      expect(new Set(results).size).to.equal(loads);
    });
  });
});
