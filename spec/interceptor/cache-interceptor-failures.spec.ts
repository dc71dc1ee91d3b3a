import { expect } from 'chai';
import sinon from 'sinon';
import {
  Cacheable,
  CacheErrorHandler,
  CacheEvict,
  CacheEvictError,
  CacheInterceptor,
  CacheKeyError,
  CachePut,
  FailOpenCacheErrorHandler,
  type Loader,
  SimpleCacheErrorHandler,
  UNLIMITED,
} from '../../lib/index.js';
import { MapCache, type MapCacheManager } from '../support/map-cache.js';
import { type MapCaching } from '../support/map-caching.js';
import { rejection, stage, type Stage } from './stage.js';

describe(CacheInterceptor.name, () => {
  let caching: MapCaching;
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caching, caches, body, serve } = stage());
  });

  describe('a cache that fails', () => {
    const failure = new Error('cache is away');
    let handler: sinon.SinonStubbedInstance<CacheErrorHandler>;
    let cache: MapCache;

    /** Fails as a remote tier would: told through `onError` while loading, else by rejecting. */
    class BrokenCache extends MapCache {
      override async getOrLoad<V>(_key: unknown, loader: Loader<V>, options: any = {}): Promise<V> {
        options.onError?.('get', failure);
        const value = await loader(UNLIMITED);
        if (options.unless?.(value) !== true) options.onError?.('put', failure, value);
        return value;
      }

      override async put(): Promise<void> {
        throw failure;
      }

      override async evict(): Promise<void> {
        throw failure;
      }

      override async clear(): Promise<void> {
        throw failure;
      }
    }

    class Books {
      @Cacheable('book')
      async find(name: string): Promise<unknown> {
        return body(name);
      }

      @CachePut('book')
      async save(name: string): Promise<unknown> {
        return body(name);
      }

      @CacheEvict('book')
      async remove(name: string): Promise<unknown> {
        return body(name);
      }

      @CacheEvict('book', { keys: (...names) => names })
      async removeAll(...names: string[]): Promise<unknown> {
        return body(names);
      }

      @CacheEvict('book', { allEntries: true })
      async reset(): Promise<unknown> {
        return body('reset');
      }

      @CacheEvict('book', { beforeInvocation: true })
      @CacheEvict('book', { beforeInvocation: true, allEntries: true })
      async early(name: string): Promise<unknown> {
        return body(name);
      }

      @CachePut('book')
      @CacheEvict('other')
      async saveAndEvict(name: string): Promise<unknown> {
        return body(name);
      }
    }

    beforeEach(() => {
      cache = new BrokenCache('book');
      caches.add(cache);
      handler = sinon.createStubInstance(FailOpenCacheErrorHandler) as never;
    });

    const handleWith = (errors: CacheErrorHandler): Books => {
      caching.container.rebind(CacheErrorHandler).toConstantValue(errors);
      return serve(Books);
    };

    it('is reported verb by verb', async () => {
      const books = handleWith(handler);
      for (let i = 0; i < 2; i++) expect(await books.find('Dune')).to.equal('Dune');
      expect(handler.handleCacheGetError.args).to.deep.equal([
        [failure, cache, 'Dune'],
        [failure, cache, 'Dune'],
      ]);
      expect(handler.handleCachePutError.args).to.deep.equal([
        [failure, cache, 'Dune', 'Dune'],
        [failure, cache, 'Dune', 'Dune'],
      ]);
      handler.handleCachePutError.resetHistory();
      expect(await books.save('Dune')).to.equal('Dune');
      expect(handler.handleCachePutError.args).to.deep.equal([[failure, cache, 'Dune', 'Dune']]);
      expect(await books.remove('Dune')).to.equal('Dune');
      expect(await books.removeAll('Dune', 'Emma')).to.deep.equal(['Dune', 'Emma']);
      expect(handler.handleCacheEvictError.args).to.deep.equal([
        [failure, cache, 'Dune'],
        [failure, cache, 'Dune'],
        [failure, cache, 'Emma'],
      ]);
      expect(await books.reset()).to.equal('reset');
      expect(handler.handleCacheClearError.args).to.deep.equal([[failure, cache]]);
    });

    it('never breaks a read by default, but an eviction does tell', async () => {
      const books = serve(Books);
      expect(await books.find('Dune')).to.equal('Dune');
      expect(await books.save('Dune')).to.equal('Dune');
      expect(await rejection(books.remove('Dune'))).to.equal(failure);
      expect(await rejection(books.reset())).to.equal(failure);
      expect(body.callCount).to.equal(4);
    });

    it('breaks everything under SimpleCacheErrorHandler, with the very error', async () => {
      const books = handleWith(new SimpleCacheErrorHandler());
      expect(await rejection(books.find('Dune'))).to.equal(failure);
      expect(body.callCount).to.equal(0);
      expect(await rejection(books.save('Dune'))).to.equal(failure);
      expect(await rejection(books.remove('Dune'))).to.equal(failure);
      expect(await rejection(books.reset())).to.equal(failure);
    });

    it('before the method keeps it from running, where the eviction must not be lost', async () => {
      cache.evictIfPresent = async () => {
        throw failure;
      };
      const clear = sinon.spy(cache, 'invalidate');
      expect(await rejection(serve(Books).early('Dune'))).to.equal(failure);
      expect(body.called).to.equal(false);
      expect(clear.callCount).to.equal(1);
    });

    it('does not keep the evictions after it from being tried', async () => {
      await caches.cache('other').put('Dune', 'old');
      const books = handleWith(new SimpleCacheErrorHandler());
      expect(await rejection(books.saveAndEvict('Dune'))).to.equal(failure);
      expect(body.callCount).to.equal(1);
      expect(caches.cache('other').has('Dune')).to.equal(false);
    });

    it('does not keep them from being tried where only storing the result failed', async () => {
      await caches.cache('other').put('Dune', 'old');
      class Library {
        @Cacheable('book')
        @CacheEvict('other')
        async find(name: string): Promise<unknown> {
          return body(name);
        }
      }
      cache.getOrLoad = async (_key, loader, options) => {
        const value = await loader(UNLIMITED);
        options?.onError?.('put', failure, value);
        return value;
      };
      caching.container.rebind(CacheErrorHandler).toConstantValue(new SimpleCacheErrorHandler());
      expect(await rejection(serve(Library).find('Dune'))).to.equal(failure);
      expect(body.callCount).to.equal(1);
      expect(caches.cache('other').has('Dune')).to.equal(false);
    });

    it('because of the key is no failure of the cache: the caller sees it, the handler does not', async () => {
      const books = handleWith(handler);
      const keyError = new CacheKeyError('CACHE_KEY_UNSUPPORTED', 'No key.');
      cache.put = cache.evict = async () => {
        throw keyError;
      };
      cache.getOrLoad = async (_key, _loader, options) => {
        options?.onError?.('get', keyError);
        throw new Error('The error was survived.');
      };
      for (const call of [books.find('Dune'), books.save('Dune'), books.remove('Dune')]) {
        const error = await rejection(call);
        expect(error.code).to.equal('CACHE_KEY_UNSUPPORTED');
        expect(error.cause).to.equal(keyError);
      }
      for (const verb of ['handleCacheGetError', 'handleCachePutError', 'handleCacheEvictError'] as const) {
        expect(handler[verb].called, verb).to.equal(false);
      }
    });

    it("is never blamed for the method's own error", async () => {
      const error = new Error("the method's");
      body = sinon.fake.throws(error);
      const books = handleWith(handler);
      for (const call of [books.find('Dune'), books.save('Dune'), books.remove('Dune')]) expect(await rejection(call)).to.equal(error);
      expect(handler.handleCachePutError.called).to.equal(false);
      expect(handler.handleCacheEvictError.called).to.equal(false);
      for (const call of handler.handleCacheGetError.getCalls()) expect(call.args[0]).to.equal(failure);
      expect(body.callCount).to.equal(3);
    });

    for (const [what, thrown, code] of [
      ['cannot be one', new CacheKeyError('CACHE_KEY_UNDEFINED', 'No key.', { hint: 'Give one.' }), 'CACHE_KEY_UNDEFINED'],
      ['its function fails to make', new TypeError("Cannot read properties of undefined (reading 'id')"), 'CACHE_KEY_UNSUPPORTED'],
    ] as const) {
      it(`hands the method's result on with a key that ${what}`, async () => {
        const key = (): never => {
          throw thrown;
        };
        class Library {
          @CacheEvict('book', { key })
          async remove(name: string): Promise<unknown> {
            return body(name);
          }

          @CacheEvict('book', { keys: key })
          async removeAll(name: string): Promise<unknown> {
            return body(name);
          }

          @CachePut('book', { resultKey: key })
          async save(name: string): Promise<unknown> {
            return body(name);
          }

          @CacheEvict('book', { key, beforeInvocation: true })
          async replace(name: string): Promise<unknown> {
            return body(name);
          }
        }
        const library = serve(Library);
        for (const [label, call] of [
          ['@CacheEvict on Library.remove', library.remove('Dune')],
          ['@CacheEvict on Library.removeAll', library.removeAll('Dune')],
          ['@CachePut on Library.save', library.save('Dune')],
        ] as const) {
          const error = await rejection(call);
          expect(error).to.be.instanceOf(CacheKeyError);
          expect([error.code, error.result, error.cause]).to.deep.equal([code, 'Dune', thrown]);
          expect(error.message).to.equal(
            thrown instanceof CacheKeyError
              ? 'No key. Give one.'
              : `The key of ${label} could not be made: a function of the operation threw. What the method did stands; its result is on the error.`,
          );
        }
        expect(body.callCount).to.equal(3);
        expect(await rejection(library.replace('Dune'))).to.equal(thrown);
        expect(body.callCount).to.equal(3);
      });
    }

    it("hands the method's result on with an eviction that was not acknowledged", async () => {
      const pending = new CacheEvictError('book', 'Not acknowledged in time.', { cause: failure });
      cache.evict = async () => {
        throw pending;
      };
      const error = await rejection(serve(Books).remove('Dune'));
      expect(error).to.be.instanceOf(CacheEvictError);
      expect(error.message).to.equal('Not acknowledged in time.');
      expect(error.result).to.equal('Dune');
      expect(error.cacheName).to.equal('book');
      expect(error.cause).to.equal(failure);
    });
  });
});
