import { expect } from 'chai';
import { inject, injectable } from 'inversify';
import sinon from 'sinon';
import {
  Cacheable,
  CacheConfig,
  CacheError,
  CacheEvict,
  CacheInterceptor,
  CacheManager,
  type CacheOperationContext,
  CachePut,
  CacheResolver,
  KeyGenerator,
} from '../../lib/index.js';
import { type MapCache, MapCacheManager } from '../support/map-cache.js';
import { type MapCaching } from '../support/map-caching.js';
import { gate, turn } from '../support/promises.js';
import { rejection, stage, type Stage } from './stage.js';

describe(CacheInterceptor.name, () => {
  let caching: MapCaching;
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caching, caches, body, serve } = stage());
  });

  describe('services', () => {
    const generator = Symbol('generator');
    const manager = Symbol('manager');
    const resolver = Symbol('resolver');

    class LoudKeyGenerator extends KeyGenerator {
      override generate(_target: object, method: string | symbol, ...args: readonly unknown[]): string {
        return `${String(method)}:${args.join('+')}`;
      }
    }

    class ByArgument extends CacheResolver {
      override resolveCaches({ args }: CacheOperationContext): MapCache[] {
        return args[0] === 'none' ? [] : [caches.cache(`by-${String(args[0])}`)];
      }
    }

    beforeEach(() => {
      caching.container.bind(generator).toConstantValue(new LoudKeyGenerator());
      caching.container.bind(resolver).toConstantValue(new ByArgument());
    });

    it('are those the operation names', async () => {
      const own = new MapCacheManager();
      caching.container.bind(manager).toConstantValue(own);
      class Books {
        @Cacheable('book', { keyGenerator: generator })
        async find(name: string, edition: number): Promise<unknown> {
          return body(name, edition);
        }

        @Cacheable('book', { cacheManager: manager })
        async get(name: string): Promise<unknown> {
          return body(name);
        }

        @Cacheable({ cacheResolver: resolver })
        async resolve(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) {
        await books.find('Dune', 1);
        await books.get('Emma');
        await books.resolve('Ulysses');
        await books.resolve('Walden');
      }
      expect(body.callCount).to.equal(4);
      expect(caches.cache('book').has('find:Dune+1')).to.equal(true);
      expect(own.cache('book').has('Emma')).to.equal(true);
      expect(caches.cache('book').has('Emma')).to.equal(false);
      expect(caches.cache('by-Ulysses').has('Ulysses')).to.equal(true);
      expect(caches.cache('by-Walden').has('Walden')).to.equal(true);
    });

    it('are those of the class where the operation names none, item by item', async () => {
      const own = new MapCacheManager();
      caching.container.bind(manager).toConstantValue(own);
      @CacheConfig({ cacheNames: 'class', keyGenerator: generator, cacheResolver: resolver })
      class Books {
        @CachePut()
        async all(name: string): Promise<unknown> {
          return body(name);
        }

        @CachePut({ cacheManager: manager })
        async managed(name: string): Promise<unknown> {
          return body(name);
        }

        @CachePut({ cacheManager: manager, cacheNames: 'own', key: (name) => name })
        async own(name: string): Promise<unknown> {
          return body(name);
        }
      }
      class Subclass extends Books {
        @CachePut({ cacheManager: manager })
        async inherited(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const books = serve(Subclass);
      await books.all('Dune');
      await books.managed('Dune');
      await books.own('Dune');
      await books.inherited('Dune');
      expect([...caches.cache('by-Dune').entries.keys()]).to.deep.equal(['all:Dune']);
      expect([...own.cache('class').entries.keys()]).to.deep.equal(['managed:Dune', 'inherited:Dune']);
      expect([...own.cache('own').entries.keys()]).to.deep.equal(['Dune']);
    });

    it('are those bound in the container else', async () => {
      caching.container.rebind(KeyGenerator).toConstantValue(new LoudKeyGenerator());
      caching.container.rebind(CacheResolver).toConstantValue(new ByArgument());
      class Books {
        @Cacheable()
        async find(name: string): Promise<unknown> {
          return body(name);
        }
      }
      await serve(Books).find('Dune');
      expect(caches.cache('by-Dune').has('find:Dune')).to.equal(true);
    });

    it('may depend on services that are cached themselves', async () => {
      @injectable()
      class Names {
        @Cacheable('names')
        async of(id: number): Promise<string> {
          return `book-${id}`;
        }
      }
      @injectable()
      class NamedKeys extends KeyGenerator {
        constructor(@inject(Names) readonly names: Names) {
          super();
        }

        override generate(_target: object, _method: string | symbol, id: number): string {
          return `named-${id}`;
        }
      }
      caching.container.bind(Names).toSelf();
      caching.container.bind(NamedKeys).toSelf();
      class Books {
        @Cacheable('book', { keyGenerator: NamedKeys })
        async find(id: number): Promise<unknown> {
          return body(id);
        }
      }
      await serve(Books).find(1);
      expect(caches.cache('book').has('named-1')).to.equal(true);
    });

    it('are missed by name', async () => {
      class Missing extends KeyGenerator {
        override generate(): string {
          return '';
        }
      }
      class Books {
        @Cacheable('book', { keyGenerator: Missing })
        async one(): Promise<void> {}

        @CacheEvict('book', { cacheManager: Symbol('nowhere') })
        async other(): Promise<void> {}

        @CachePut('book', { cacheResolver: 'lost' })
        async third(): Promise<void> {}
      }
      const books = serve(Books);
      const messages = [];
      for (const call of [books.one(), books.other(), books.third()]) {
        const error = await rejection(call);
        expect(error.code).to.equal('CACHE_BINDING_MISSING');
        messages.push(error.message);
      }
      expect(messages).to.deep.equal([
        'No binding for `keyGenerator` of @Cacheable on Books.one: nothing is bound under Missing. Bind it in the container that the service comes from.',
        'No binding for `cacheManager` of @CacheEvict on Books.other: nothing is bound under Symbol(nowhere). ' +
          'Bind it in the container that the service comes from.',
        'No binding for `cacheResolver` of @CachePut on Books.third: nothing is bound under lost. Bind it in the container that the service comes from.',
      ]);
    });

    it('are looked for again once they are bound', async () => {
      class Books {
        @Cacheable('book', { cacheManager: manager })
        async find(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const books = serve(Books);
      expect(CacheError.is(await rejection(books.find('Dune')))).to.equal(true);
      caching.container.bind(manager).toConstantValue(new MapCacheManager());
      expect(await books.find('Dune')).to.equal('Dune');
    });

    it('must choose a cache', async () => {
      class Books {
        @Cacheable()
        async find(): Promise<void> {}

        @Cacheable({ cacheResolver: resolver })
        async resolve(_name: string): Promise<void> {}
      }
      const books = serve(Books);
      const nameless = await rejection(books.find());
      expect(nameless.code).to.equal('CACHE_NAME_MISSING');
      expect(nameless.message).to.equal(
        'No cache for @Cacheable on Books.find: SimpleCacheResolver chose none. ' +
          'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
      );
      expect((await rejection(books.resolve('none'))).message).to.equal(
        'No cache for @Cacheable on Books.resolve: ByArgument chose none. ' +
          'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
      );
    });

    it('must know the cache', async () => {
      caching.container.rebind(CacheManager).toConstantValue(new MapCacheManager(['a', 'b']));
      class Books {
        @Cacheable('book')
        async find(): Promise<void> {}
      }
      const error = await rejection(serve(Books).find());
      expect(error.code).to.equal('CACHE_NAME_UNKNOWN');
      expect(error.message).to.equal(
        "There is no cache 'book': the cache manager knows 'a', 'b'. Add it to `caches`, or let the manager be `dynamic`.",
      );
    });

    it('may not choose two caches under sync', async () => {
      class Both extends CacheResolver {
        override resolveCaches(): MapCache[] {
          return [caches.cache('a'), caches.cache('b')];
        }
      }
      caching.container.bind(Both).toSelf();
      class Books {
        @Cacheable({ sync: true, cacheResolver: Both })
        async find(): Promise<void> {}
      }
      const error = await rejection(serve(Books).find());
      expect(error.code).to.equal('CACHE_OPERATION_INVALID');
      expect(error.message).to.equal(
        'Invalid caching of Books.find: @Cacheable with `sync: true` takes one cache, Both chose 2. ' +
          'Leave `sync` out: loads of one key are shared without it.',
      );
    });

    it('refuses undefined from a key generator', async () => {
      class Nothing extends KeyGenerator {
        override generate(): undefined {
          return undefined;
        }
      }
      caching.container.bind(Nothing).toSelf();
      class Books {
        @CacheEvict('book', { keyGenerator: Nothing })
        async remove(): Promise<void> {}
      }
      const error = await rejection(serve(Books).remove());
      expect(error.code).to.equal('CACHE_KEY_UNDEFINED');
      expect(error.message).to.equal(
        '`keyGenerator` of @CacheEvict on Books.remove returned `undefined` for a key. ' +
          'Return `null` if nothing is a key of its own; else check that what the key is made of was passed.',
      );
    });
  });

  describe('close', () => {
    it('passes every call straight through from then on, with nothing in between', async () => {
      const error = new TypeError('at once');
      class Books {
        @Cacheable('book')
        find(name: string): Promise<unknown> {
          if (name === '') throw error;
          return body(name);
        }
      }
      const books = serve(Books);
      await books.find('Dune');
      caching.interceptor.close();
      caching.interceptor.close();
      expect(caching.interceptor.isClosed).to.equal(true);
      await books.find('Dune');
      await books.find('Dune');
      expect(body.callCount).to.equal(3);
      expect(() => books.find('')).to.throw(error);
    });

    it('lets a call that has not reached the method yet end as it began', async () => {
      const { promise, open } = gate<boolean>();
      caches.cache('other').evictIfPresent = () => promise;
      class Books {
        @CacheEvict('other', { beforeInvocation: true })
        @Cacheable('book')
        async find(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const call = serve(Books).find('Dune');
      await caching.container.unbindAllAsync();
      open(true);
      expect(await call).to.equal('Dune');
      expect(caches.cache('book').has('Dune')).to.equal(true);
    });

    it('lets a call under way end as it began', async () => {
      const { promise, open } = gate();
      class Books {
        @Cacheable('book')
        @CacheEvict('other')
        async find(name: string): Promise<unknown> {
          await promise;
          return body(name);
        }
      }
      await caches.cache('other').put('Dune', 'old');
      const call = serve(Books).find('Dune');
      await turn();
      await caching.container.unbindAllAsync();
      open();
      expect(await call).to.equal('Dune');
      expect(caches.cache('other').has('Dune')).to.equal(false);
    });
  });
});
