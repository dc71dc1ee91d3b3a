import { expect } from 'chai';
import sinon from 'sinon';
import { type Cache, Cacheable, CacheManager, CacheValueError, NoOpCacheManager } from '../../lib/index.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';
import { turn } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import { onEveryStore } from './stage.js';

const NULL_REFUSED =
  "Cache 'testCache' does not allow null. Avoid storing it with `unless: (result) => result == null`, or set the cache's `allowNullValues`.";

describe('8. Cache and manager contract', () => {
  onEveryStore((stage) => {
    let cache: Cache;

    const never = (): never => {
      throw new Error('A hit needs no loader.');
    };

    beforeEach(() => (cache = stage.cache('testCache')));

    it('115 cacheName, nativeCache, cachePut, cacheRemove, cacheClear', async () => {
      expect(cache.name).to.equal('testCache');
      expect(await cache.get('enescu')).to.equal(undefined);
      await cache.put('enescu', 'george');
      expect(await cache.get('enescu')).to.deep.equal({ value: 'george' });
      await cache.put('enescu', null);
      expect(await cache.get('enescu')).to.deep.equal({ value: null });
      await cache.put('vlaicu', 'aurel');
      await cache.evict('enescu');
      expect(await cache.getAll(['enescu', 'vlaicu'])).to.deep.equal([undefined, { value: 'aurel' }]);
      await cache.clear();
      expect(await cache.get('vlaicu')).to.equal(undefined);
    });

    for (const existing of ['value', null]) {
      it(`115 cachePutIfAbsent, putIfAbsentShouldSetValueOnlyIfNotPresent: over ${String(existing)}`, async () => {
        expect(await cache.putIfAbsent('key', existing)).to.equal(undefined);
        expect(await cache.putIfAbsent('key', 'other')).to.deep.equal({ value: existing });
        expect(await cache.get('key')).to.deep.equal({ value: existing });
      });
    }

    it('115 testCacheGetShouldThrowExceptionOnInvalidType', async () => {
      class Book {
        constructor(readonly title: string) {}
      }
      await stage.open({ caches: { testCache: { type: Book } } });
      const typed = stage.cache('testCache');
      expect(await typed.getOrLoad('dune', () => new Book('Dune'))).to.be.instanceOf(Book);
      expect(((await typed.get('dune')) as { value: Book }).value).to.be.instanceOf(Book);
      if (!stage.hasRemote) return; // Nothing is turned into bytes and back, so nothing can change its class.
      class Film {}
      const error = await cacheErrorOf(typed.put('film', new Film()));
      expect(error).to.be.instanceOf(CacheValueError);
      expect(error.message).to.match(/Film/);
    });

    for (const value of ['value', null]) {
      it(`116 cacheGetCallable, cacheGetCallableWithNull, cacheGetCallableNotInvokedWithHit, cacheGetCallableNotInvokedWithHitNull: ${String(value)}`, async () => {
        expect(await cache.getOrLoad('key', () => value)).to.equal(value);
        expect(await cache.get('key')).to.deep.equal({ value });
        expect(await cache.getOrLoad<unknown>('key', never)).to.equal(value);
        await cache.put('other', value);
        expect(await cache.getOrLoad<unknown>('other', never)).to.equal(value);
      });
    }

    it('116 cacheGetCallableFail', async () => {
      const thrown = new Error('Expected exception');
      expect(await rejectionOf(cache.getOrLoad('key', () => Promise.reject(thrown)))).to.equal(thrown);
      expect(await cache.get('key')).to.equal(undefined);
      expect(await cache.getOrLoad('key', () => 'well')).to.equal('well');
    });

    it('116 cacheGetSynchronized', async () => {
      let loads = 0;
      const loader = async (): Promise<number> => {
        await turn();
        return (loads += 1);
      };
      const results = await Promise.all(Array.from({ length: 10 }, () => cache.getOrLoad('key', loader)));
      expect(results).to.deep.equal(Array(10).fill(1));
      expect(loads).to.equal(1);
    });

    it('117 cachePutNullValueAllowNullFalse, cachePutWithNullShouldErrorAndLeaveExistingKeyUntouched, cachePutWithNullShouldNotAddStuffToRedis, testCacheGetSynchronizedNullNotAllowingNull', async () => {
      await stage.open({ caches: { testCache: { allowNullValues: false } } });
      cache = stage.cache('testCache');
      await cache.put('key', 'old');
      const error = await cacheErrorOf(cache.put('key', null));
      expect([error.code, error.message]).to.deep.equal(['CACHE_VALUE_NULL', NULL_REFUSED]);
      expect(await cache.get('key'), 'the old entry is untouched').to.deep.equal({ value: 'old' });
      const told: string[] = [];
      const onError = (verb: string, failure: unknown): void => void told.push(`${verb}: ${(failure as Error).message}`);
      expect(await cache.getOrLoad('other', () => null, { onError }), 'what was loaded reaches the caller').to.equal(null);
      expect(told).to.deep.equal([`put: ${NULL_REFUSED}`]);
      expect(await cache.get('other')).to.equal(undefined);
    });

    describe('118', () => {
      interface Entry {
        tags: string[];
      }
      const open = async (copy: 'share' | 'freeze' | 'clone'): Promise<void> => {
        await stage.open({ caches: { testCache: { copy } } });
        cache = stage.cache('testCache');
      };
      const load = (): Promise<Entry> => cache.getOrLoad('key', () => ({ tags: ['a'] }));

      it('118 isStoreByReferenceByDefault', async () => {
        const byDefault = await load();
        expect((await load()) === byDefault, 'by reference where it stays in the process, and frozen').to.equal(stage.hasLocal);
        await open('share');
        const loaded = await load();
        loaded.tags.push('b');
        expect((await load()).tags, 'by reference where it stays in the process').to.deep.equal(stage.hasLocal ? ['a', 'b'] : ['a']);
        expect((await load()) === loaded).to.equal(stage.hasLocal);
      });

      it('118 serializer', async () => {
        await open('clone');
        (await load()).tags.push('b');
        (await load()).tags.push('c');
        expect(await load()).to.deep.equal({ tags: ['a'] });
      });

      it('118 isStoreByReferenceByDefault: frozen', async () => {
        for (const reading of [await load(), await load()]) expect(() => reading.tags.push('b')).to.throw(TypeError);
        expect(await load()).to.deep.equal({ tags: ['a'] });
      });

      it('118 nonSerializableContent, invalidSerializedContent', async () => {
        await open('clone');
        const content = { work: () => 1 };
        const told: unknown[] = [];
        const onError = (_verb: string, failure: unknown): void => void told.push(failure);
        expect(await cache.getOrLoad('key', () => content, { onError }), 'the caller is served').to.equal(content);
        if (stage.hasRemote) {
          expect(told).to.have.length(1);
          expect(told[0]).to.be.instanceOf(CacheValueError);
          expect((told[0] as CacheValueError).code).to.equal('CACHE_VALUE_UNSUPPORTED');
          expect((await cacheErrorOf(cache.put('key', content))).code).to.equal('CACHE_VALUE_UNSUPPORTED');
        }
        expect(await cache.get('key')).to.equal(undefined);
      });
    });

    it('119 dynamicMode', async () => {
      const created = stage.manager.getCache('created');
      expect(created?.name).to.equal('created');
      expect(stage.manager.getCache('created')).to.equal(created);
      expect(stage.manager.cacheNames).to.deep.equal(['testCache', 'primary', 'secondary', 'created']);
      await waitFor(() => stage.manager.health().caches['created']?.status === 'up', { what: 'the topic of the new cache' });
      expect([await created!.getOrLoad('key', () => 1), await created!.getOrLoad('key', () => 2)]).to.deep.equal([1, 1]);
    });

    it('119 staticMode, setCacheNameNullRestoreDynamicMode', async () => {
      await stage.open({ dynamic: false });
      expect(stage.manager.getCache('created')).to.equal(undefined);
      expect(stage.manager.getCache('testCache')?.name).to.equal('testCache');
      expect(stage.manager.cacheNames).to.deep.equal(['testCache', 'primary', 'secondary']);
    });

    it('119 changeStoreByValue, changeCaffeineRecreateCache, changeCaffeineSpecRecreateCache, changeCacheSpecificationRecreateCache, changeCacheLoaderRecreateCache, customCacheRegistration', async () => {
      await cache.put('key', 'old');
      await stage.open({ caches: { testCache: { allowNullValues: false } } });
      expect(stage.cache('testCache')).not.to.equal(cache);
      expect(await stage.cache('testCache').get('key'), 'another configuration is another container').to.equal(undefined);
    });

    it('120 asyncMode, asyncModeWithoutNullValues', async () => {
      const found = cache.get('key1');
      expect(found).to.be.instanceOf(Promise);
      expect(await found, 'a miss').to.equal(undefined);
      expect(await cache.getOrLoad('key1', async () => 'value1')).to.equal('value1');
      expect(await cache.get('key1')).to.deep.equal({ value: 'value1' });
      await cache.put('key2', null);
      expect(await cache.get('key2'), 'a cached null').to.deep.equal({ value: null });
      await cache.evict('key1');
      expect(await cache.getOrLoad('key1', async () => 'value2')).to.equal('value2');
    });

    it('121 testGetCache, testNoOpCache, testCacheName, testCacheCallable, testCacheGetCallableFail', async () => {
      const manager = new NoOpCacheManager();
      const nothing: Cache = manager.getCache('testCache');
      expect(manager.getCache('testCache')).to.equal(nothing);
      expect(manager.cacheNames).to.deep.equal(['testCache']);
      await nothing.put('key', 1);
      expect(await nothing.get('key')).to.equal(undefined);
      const loader = sinon.fake.resolves('loaded');
      expect([await nothing.getOrLoad('key', loader), await nothing.getOrLoad('key', loader)]).to.deep.equal(['loaded', 'loaded']);
      expect(loader.callCount).to.equal(2);
      const thrown = new Error('Expected exception');
      expect(await rejectionOf(nothing.getOrLoad('key', () => Promise.reject(thrown)))).to.equal(thrown);

      stage.container.rebind(CacheManager).toConstantValue(manager);
      const body = sinon.fake.resolves(1);
      class Uncached {
        @Cacheable('testCache')
        async find(id: string): Promise<number> {
          return body(id);
        }
      }
      const uncached = stage.serve(Uncached);
      await uncached.find('a');
      await uncached.find('a');
      expect(body.callCount).to.equal(2);
      expect(await cache.get('a')).to.equal(undefined);
    });
  });
});
