import { expect } from 'chai';
import { inject, injectable } from 'inversify';
import sinon from 'sinon';
import {
  type Cache,
  Cacheable,
  CacheConfig,
  CacheConfigurationError,
  CacheError,
  CacheErrorHandler,
  CacheEvict,
  CacheEvictError,
  CacheInterceptor,
  type CacheInvocation,
  CacheKeyError,
  CacheManager,
  type CacheOperationContext,
  CachePut,
  CacheResolver,
  Caching,
  FailOpenCacheErrorHandler,
  KeyGenerator,
  SimpleCacheErrorHandler,
} from '../../lib/index.js';
import { MapCache, MapCacheManager } from '../support/map-cache.js';
import { mapCaching, type MapCaching } from '../support/map-caching.js';

type Newable<T> = new (...args: any[]) => T;

const rejection = async (promise: Promise<unknown>): Promise<any> => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It resolved.');
};

/** A promise and what settles it. */
function gate<T = void>(): { promise: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, open };
}

/** Every turn of the microtask queue and one of the event loop: whatever could happen without an outside event has happened. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe(CacheInterceptor.name, () => {
  let caching: MapCaching;
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;

  beforeEach(() => {
    caching = mapCaching();
    ({ caches } = caching);
    body = sinon.fake((...args: unknown[]) => args[0]);
  });

  const serve = <T>(service: Newable<T>): T => {
    caching.container.bind(service).toSelf();
    return caching.container.get(service);
  };

  describe('a look-up', () => {
    it('runs the method once per key', async () => {
      class Books {
        @Cacheable('book')
        async find(name: string): Promise<string> {
          return body(name);
        }
      }
      const books = serve(Books);
      expect([await books.find('Dune'), await books.find('Dune'), await books.find('Emma')]).to.deep.equal(['Dune', 'Dune', 'Emma']);
      expect(body.args).to.deep.equal([['Dune'], ['Emma']]);
      expect(caches.cache('book').peekValue('Dune')).to.equal('Dune');
    });

    it('returns the promise the cache has, and asks the cache nothing else', async () => {
      const kept = Promise.resolve('kept');
      const cache = new MapCache('book');
      const hitNow = sinon.stub(cache, 'hitNow').returns(undefined);
      const getOrLoad = sinon.spy(cache, 'getOrLoad');
      caches.add(cache);
      class Books {
        @Cacheable('book')
        async find(name: string): Promise<string> {
          return body(name);
        }
      }
      const books = serve(Books);
      await books.find('Dune'); // Makes the plan.
      getOrLoad.resetHistory();
      hitNow.returns(kept);
      expect(books.find('Dune')).to.equal(kept);
      expect(hitNow.lastCall.args).to.deep.equal(['Dune']);
      expect(getOrLoad.called).to.equal(false);
      expect(body.callCount).to.equal(1);
    });

    it('asks again in full a cache that fails to answer at once', async () => {
      const cache = new MapCache('book');
      sinon.stub(cache, 'hitNow').throws(new Error('no peeking'));
      caches.add(cache);
      class Books {
        @Cacheable('book')
        async find(name: string): Promise<string> {
          return body(name);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 3; i++) expect(await books.find('Dune')).to.equal('Dune');
      expect(body.callCount).to.equal(1);
    });

    it('shares one run among concurrent calls', async () => {
      const { promise, open } = gate();
      class Books {
        @Cacheable('book')
        async find(name: string): Promise<string> {
          await promise;
          return body(name);
        }
      }
      const books = serve(Books);
      const calls = [books.find('Dune'), books.find('Dune'), books.find('Dune')];
      open();
      expect(await Promise.all(calls)).to.deep.equal(['Dune', 'Dune', 'Dune']);
      expect(body.callCount).to.equal(1);
    });

    it('makes one key of f(1) and f(1, undefined), and another of f(1, null)', async () => {
      class Books {
        @Cacheable('book')
        async find(id: number, edition?: string | null): Promise<unknown> {
          return body([id, edition]);
        }
      }
      const books = serve(Books);
      await books.find(1);
      await books.find(1, undefined);
      await books.find(1, null);
      expect(body.args).to.deep.equal([[[1, undefined]], [[1, null]]]);
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~1', '~[1,null]']);
    });

    it('flattens rest parameters', async () => {
      class Books {
        @Cacheable('book')
        async find(...ids: number[]): Promise<unknown> {
          return body(ids);
        }
      }
      const books = serve(Books);
      await books.find(1, 2);
      await books.find(1, 2);
      await books.find(1);
      await books.find();
      expect(body.callCount).to.equal(3);
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~[1,2]', '~1', '~[]']);
    });

    it('caches null and undefined, each as itself', async () => {
      class Books {
        @Cacheable('book')
        async find(which: string): Promise<null | undefined> {
          body(which);
          return which === 'null' ? null : undefined;
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) {
        expect(await books.find('null')).to.equal(null);
        expect(await books.find('undefined')).to.equal(undefined);
      }
      expect(body.callCount).to.equal(2);
    });

    it('never stores a rejection, and hands on the very error', async () => {
      const error = Object.assign(new Error('boom'), { cause: 'reason' });
      class Books {
        @Cacheable('book')
        async find(name: string): Promise<string> {
          body(name);
          throw error;
        }
      }
      const books = serve(Books);
      expect(await rejection(books.find('Dune'))).to.equal(error);
      expect(await rejection(books.find('Dune'))).to.equal(error);
      expect(body.callCount).to.equal(2);
      expect(caches.cache('book').entries.size).to.equal(0);
    });

    it('turns what the method throws at once into a rejection', async () => {
      const error = new TypeError('at once');
      class Books {
        @Cacheable('book')
        find(_name: string): Promise<string> {
          throw error;
        }
      }
      const books = serve(Books);
      expect(await rejection(books.find('Dune'))).to.equal(error);
      expect(await rejection(books.find('Dune'))).to.equal(error);
    });

    it('touches no cache where the condition is false, and asks it once', async () => {
      const cache = sinon.createStubInstance(MapCache);
      Object.assign(cache, { name: 'book' });
      caches.add(cache);
      const condition = sinon.fake(() => false);
      const key = sinon.fake();
      class Books {
        @Cacheable('book', { condition, key })
        async find(name: string): Promise<string> {
          return body(name);
        }
      }
      const books = serve(Books);
      expect(await books.find('Dune')).to.equal('Dune');
      expect(await books.find('Dune')).to.equal('Dune');
      expect(condition.args).to.deep.equal([['Dune'], ['Dune']]);
      expect(key.called).to.equal(false);
      for (const method of Object.values(cache)) if (typeof method === 'function') expect(method).to.have.property('called', false);
    });

    it('is as if it were not there where the condition is false: the promise is the one of the method', async () => {
      const own = Promise.resolve('Dune');
      class Books {
        @Cacheable('book', { condition: (name) => name === '' })
        find(_name: string): Promise<string> {
          return own;
        }
      }
      const books = serve(Books);
      await books.find('Dune'); // Makes the plan.
      expect(books.find('Dune')).to.equal(own);
    });

    it('turns what a condition, a key or the method beneath a false condition throws at once into a rejection', async () => {
      const error = new Error('no opinion');
      const fail = (): never => {
        throw error;
      };
      class Books {
        @Cacheable('book', { condition: () => fail() })
        async byCondition(name: string): Promise<string> {
          return name;
        }

        @Cacheable('book', { key: () => fail() })
        async byKey(name: string): Promise<string> {
          return name;
        }

        @Cacheable('book', { condition: () => false })
        find(_name: string): Promise<string> {
          return fail();
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) {
        expect(await rejection(books.byCondition('Dune'))).to.equal(error);
        expect(await rejection(books.byKey('Dune'))).to.equal(error);
        expect(await rejection(books.find('Dune'))).to.equal(error);
      }
    });

    it('tells functions and methods of the call, whatever they are written as', async () => {
      const seen: unknown[] = [];
      class Books {
        @Cacheable('book', {
          condition(name) {
            seen.push(this.target, this.args);
            return name !== '';
          },
          key: function (name) {
            seen.push(this.method, this.caches);
            return name;
          },
        })
        async find(name: string): Promise<string> {
          return body(name);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) {
        expect(await books.find('Dune')).to.equal('Dune');
        expect(seen.splice(0)).to.deep.equal([books, ['Dune'], 'find', [caches.cache('book')]]);
      }
      expect(body.callCount).to.equal(1);
    });

    it('makes the same key of one argument as of an array of it', async () => {
      class Books {
        @Cacheable('book')
        async find(_argument?: unknown, _other?: unknown): Promise<void> {}
      }
      const books = serve(Books);
      const hitNow = sinon.spy(caches.cache('book'), 'hitNow');
      const key = (): unknown => hitNow.lastCall.args[0];
      await books.find('Dune'); // Makes the plan.
      const date = new Date(0);
      for (const argument of ['Dune', '', 7, -0, 7n, true, null, undefined, ['Dune'], [], { name: 'Dune' }, date]) {
        await books.find(argument);
        const single = key();
        await books.find(argument, undefined);
        expect([single]).to.deep.equal([key()]);
        expect([single]).to.deep.equal([
          argument === undefined ? [] : argument === null || Array.isArray(argument) ? [argument] : argument,
        ]);
      }
    });

    it('asks unless about results, never about hits', async () => {
      const unless = sinon.fake((result: number) => result > 10);
      class Books {
        @Cacheable('book', { unless })
        async count(id: number): Promise<number> {
          return body(id) as number;
        }
      }
      const books = serve(Books);
      for (const id of [10, 10, 11, 11]) await books.count(id);
      expect(body.args.flat()).to.deep.equal([10, 11, 11]);
      expect(unless.args).to.deep.equal([
        [10, 10],
        [11, 11],
        [11, 11],
      ]);
      expect(caches.cache('book').has(10)).to.equal(true);
      expect(caches.cache('book').has(11)).to.equal(false);
    });

    it('hands on what unless throws, and stores nothing', async () => {
      const error = new Error('no opinion');
      class Books {
        @Cacheable('book', {
          unless: () => {
            throw error;
          },
        })
        async find(name: string): Promise<string> {
          return name;
        }
      }
      const books = serve(Books);
      expect(await rejection(books.find('Dune'))).to.equal(error);
      expect(caches.cache('book').entries.size).to.equal(0);
    });

    it('gives entries the life of ttl, fixed or made of the result', async () => {
      class Books {
        @Cacheable('book', { ttl: '5m' })
        async find(name: string): Promise<string> {
          return name;
        }

        @Cacheable('stock', { ttl: (left, _name) => (left === 0 ? '1s' : 2_000) })
        async stock(name: string): Promise<number> {
          return name.length;
        }
      }
      const books = serve(Books);
      await books.find('Dune');
      await books.stock('Dune');
      await books.stock('');
      expect(caches.cache('book').ttlOf('Dune')).to.equal(300_000);
      expect(caches.cache('stock').ttlOf('Dune')).to.equal(2_000);
      expect(caches.cache('stock').ttlOf('')).to.equal(1_000);
    });

    it('binds `this` of the option functions to the invocation', async () => {
      const seen: CacheInvocation[] = [];
      class Books {
        @Cacheable('book', {
          key(name) {
            seen.push(this);
            return [String(this.method), this.caches[0]!.name, name];
          },
          unless() {
            seen.push(this);
            return false;
          },
        })
        async find(name: string): Promise<string> {
          return name;
        }
      }
      const books = serve(Books);
      await books.find('Dune'); // The first call goes the long way, the second the short one.
      await books.find('Emma');
      expect(seen).to.have.lengthOf(4);
      for (const [index, invocation] of seen.entries()) {
        expect(invocation.target).to.equal(books);
        expect(invocation.method).to.equal('find');
        expect(invocation.args).to.deep.equal([index < 2 ? 'Dune' : 'Emma']);
        expect(invocation.caches).to.deep.equal([caches.cache('book')]);
        expect(invocation.container.get(CacheManager)).to.equal(caches);
      }
      expect(caches.cache('book').has(['find', 'book', 'Emma'])).to.equal(true);
    });

    it('makes the key once per call, before the method changes its arguments', async () => {
      const key = sinon.fake((ids: number[]) => [...ids]);
      class Books {
        @Cacheable('book', { key })
        async find(ids: number[]): Promise<number> {
          body();
          ids.push(99);
          return ids.length;
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 3; i++) await books.find([1, 2]);
      expect(body.callCount).to.equal(1);
      expect(key.callCount).to.equal(3);
      expect(caches.cache('book').has([1, 2])).to.equal(true);
    });

    it('refuses undefined from a key function, for the caller to see', async () => {
      class Books {
        @Cacheable('book', { key: (book) => (book as { id?: number }).id })
        async find(_book: object): Promise<string> {
          return body('never');
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) {
        const error = await rejection(books.find({}));
        expect(error).to.be.instanceOf(CacheKeyError);
        expect(error.code).to.equal('CACHE_KEY_UNDEFINED');
        expect(error.message).to.equal(
          '`key` of @Cacheable on Books.find returned `undefined` for a key. ' +
            'Return `null` if nothing is a key of its own; else check that what the key is made of was passed.',
        );
      }
      expect(body.called).to.equal(false);
    });

    it('rejects with what a key function throws, also on the short way', async () => {
      const error = new TypeError('no name');
      class Books {
        @Cacheable('book', {
          key: (name) => {
            if (name === '') throw error;
            return name;
          },
        })
        async find(name: string): Promise<string> {
          return body(name);
        }
      }
      const books = serve(Books);
      await books.find('Dune');
      expect(await rejection(books.find(''))).to.equal(error);
    });

    it('lets the caller see a key that cannot be made, whatever the error handler thinks', async () => {
      class Books {
        @Cacheable('book')
        async find(_what: unknown): Promise<string> {
          return body('never');
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) expect((await rejection(books.find(new Map()))).code).to.equal('CACHE_KEY_UNSUPPORTED');
      expect(body.called).to.equal(false);
    });

    it('says whose key it was that cannot be made', async () => {
      class Books {
        @Cacheable('book')
        async find(_what: unknown): Promise<string> {
          return body('never');
        }

        @Cacheable('book')
        @CacheEvict('other')
        async refresh(_what: unknown): Promise<string> {
          return body('never');
        }

        @CachePut('book')
        async save(_what: unknown): Promise<string> {
          return 'saved';
        }

        @CacheEvict(['book', 'other'])
        async remove(_what: unknown): Promise<void> {}

        @CacheEvict({ cacheNames: 'book', beforeInvocation: true })
        async replace(_what: unknown): Promise<void> {}
      }
      const books = serve(Books);
      const wrong = { shelf: [new Map()] };
      const calls: Record<string, () => Promise<unknown>> = {
        '@Cacheable on Books.find': () => books.find(wrong),
        '@Cacheable on Books.refresh': () => books.refresh(wrong),
        '@CachePut on Books.save': () => books.save(wrong),
        '@CacheEvict on Books.remove': () => books.remove(wrong),
        '@CacheEvict on Books.replace': () => books.replace(wrong),
      };
      for (const [operation, call] of Object.entries(calls)) {
        for (let i = 0; i < 2; i++) {
          const error = await rejection(call());
          expect(error.message).to.match(/^A key cannot be made of an instance of Map, found at `\.shelf\[0\]` \(/);
          expect(error.message).to.include(` (${operation}, cache 'book'). Give the operation a \`key\` that `);
          expect(error.cause).to.be.instanceOf(CacheKeyError);
        }
      }
      expect((await rejection(books.find('x'.repeat(5_000)))).message).to.include("(@Cacheable on Books.find, cache 'book'). ");
    });

    it('refuses a condition that returns a promise', async () => {
      class Books {
        @Cacheable('book', { condition: (() => Promise.resolve(false)) as never })
        async find(name: string): Promise<string> {
          return name;
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i++) {
        const error = await rejection(books.find('Dune'));
        expect(error).to.be.instanceOf(CacheConfigurationError);
        expect(error.message).to.equal(
          'Invalid @Cacheable on Books.find: `condition` returned a promise. A promise is always truthy; decide by what is at hand.',
        );
      }
    });

    it('refuses to cache what can be read only once', async () => {
      class Books {
        @Cacheable('book')
        async pages(_name: string): Promise<AsyncIterable<string>> {
          return (async function* () {
            yield 'page';
          })();
        }

        @Cacheable('book')
        async words(_name: string): Promise<Iterable<string>> {
          return new Set(['word']).values();
        }

        @Cacheable('book')
        async set(_name: string): Promise<Iterable<string>> {
          return new Set(['word']);
        }
      }
      const books = serve(Books);
      expect((await rejection(books.pages('Dune'))).message).to.equal(
        'Invalid caching of Books.pages: its promise resolved to an iterator or stream, which can be read only once. ' +
          'Collect the items into an array and return that.',
      );
      expect((await rejection(books.words('Dune'))).code).to.equal('CACHE_OPERATION_INVALID');
      expect(caches.cache('book').entries.size).to.equal(0);
      expect(await books.set('Dune')).to.deep.equal(new Set(['word']));
    });
  });

  describe('several caches', () => {
    class Books {
      @Cacheable(['primary', 'secondary'])
      async find(name: string): Promise<unknown> {
        return body(name);
      }

      @Cacheable('primary')
      @Cacheable('secondary', { key: (name) => `${name}!` })
      async get(name: string): Promise<unknown> {
        return body(name);
      }
    }

    it('are all filled by one run', async () => {
      const books = serve(Books);
      await books.find('Dune');
      await books.get('Emma');
      expect(body.callCount).to.equal(2);
      for (const name of ['Dune', 'Emma']) expect(caches.cache('primary').peekValue(name)).to.equal(name);
      expect(caches.cache('secondary').peekValue('Dune')).to.equal('Dune');
      expect(caches.cache('secondary').peekValue('Emma!')).to.equal('Emma');
    });

    it('are asked in declared order until the first hit', async () => {
      const books = serve(Books);
      await caches.cache('primary').put('Dune', 'first');
      await caches.cache('secondary').put('Dune', 'second');
      const second = sinon.spy(caches.cache('secondary'), 'getOrLoad');
      expect(await books.find('Dune')).to.equal('first');
      expect(second.called).to.equal(false);
    });

    it('are not filled from a hit in a later one', async () => {
      const books = serve(Books);
      await caches.cache('secondary').put('Dune', 'second');
      await caches.cache('secondary').put('Emma!', 'second');
      expect(await books.find('Dune')).to.equal('second');
      expect(await books.get('Emma')).to.equal('second');
      expect(caches.cache('primary').entries.size).to.equal(0);
      expect(body.called).to.equal(false);
    });

    it('obey the unless of their own operation, asked once per operation', async () => {
      const isSmall = sinon.fake((pages: number) => pages < 100);
      const isBig = sinon.fake((pages: number) => pages >= 100);
      class Library {
        @Cacheable('big', { unless: isSmall })
        @Cacheable(['small', 'tiny'], { unless: isBig })
        async pages(count: number): Promise<number> {
          return body(count) as number;
        }
      }
      const library = serve(Library);
      for (const count of [50, 500, 50, 500]) await library.pages(count);
      expect(body.callCount).to.equal(2);
      expect([...caches.cache('big').entries.keys()]).to.deep.equal(['~500']);
      expect([...caches.cache('small').entries.keys()]).to.deep.equal(['~50']);
      expect([...caches.cache('tiny').entries.keys()]).to.deep.equal(['~50']);
      expect(isBig.callCount).to.equal(2);
      expect(isSmall.callCount).to.equal(2);
    });

    it('do not deadlock two methods that name them in opposite order', async () => {
      // As with a remote tier, the loader does not begin at once: each method is in its first cache before one is in its second.
      class SlowCache extends MapCache {
        override getOrLoad<V>(...[key, loader, options]: Parameters<Cache['getOrLoad']>): Promise<V> {
          return super.getOrLoad(key, async () => (await settled(), loader()), options) as Promise<V>;
        }
      }
      caches.add(new SlowCache('a')).add(new SlowCache('b'));
      const { promise, open } = gate();
      class Library {
        @Cacheable(['a', 'b'])
        async one(name: string): Promise<unknown> {
          await promise;
          return body(name);
        }

        @Cacheable(['b', 'a'])
        async other(name: string): Promise<unknown> {
          await promise;
          return body(name);
        }
      }
      const library = serve(Library);
      const calls = [library.one('Dune'), library.other('Dune')];
      open();
      expect(await Promise.all(calls)).to.deep.equal(['Dune', 'Dune']);
    });

    it('may be the same one twice', async () => {
      class Library {
        @Cacheable('a')
        @Cacheable('a')
        async find(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const library = serve(Library);
      expect([await library.find('Dune'), await library.find('Dune')]).to.deep.equal(['Dune', 'Dune']);
      expect(body.callCount).to.equal(1);
    });
  });

  describe('a method that calls another with the same cache and key', () => {
    class Books {
      @Cacheable('book')
      async find(name: string): Promise<unknown> {
        await settled();
        return this.load(name);
      }

      @Cacheable('book')
      async load(name: string): Promise<unknown> {
        return body(name);
      }
    }

    it('does not wait for its own load', async () => {
      const books = serve(Books);
      expect(await books.find('Dune')).to.equal('Dune');
      expect(await books.load('Dune')).to.equal('Dune');
      expect(body.callCount).to.equal(1);
    });

    it('finds what it stored, in work that it left running', async () => {
      const [first, second] = [gate(), gate()];
      let later: Promise<unknown> | undefined;
      class Library {
        @Cacheable('book')
        async find(name: string): Promise<unknown> {
          later ??= first.promise.then(() => this.find(name));
          return body(name);
        }

        @Cacheable('other')
        async wait(_name: string): Promise<void> {
          await second.promise;
        }
      }
      const library = serve(Library);
      await library.find('Dune');
      const waiting = library.wait('Emma');
      await settled();
      first.open();
      // Begun within the load, but run after it, while another is under way: a hit.
      expect(await later).to.equal('Dune');
      expect(body.callCount).to.equal(1);
      second.open();
      await waiting;
    });
  });

  describe('a put', () => {
    it('runs the method at every call and stores the newest result before the caller goes on', async () => {
      let price = 0;
      class Books {
        @CachePut('price')
        async reprice(_name: string): Promise<number> {
          return ++price;
        }
      }
      const books = serve(Books);
      for (const expected of [1, 2, 3]) {
        expect(await books.reprice('Dune')).to.equal(expected);
        expect(caches.cache('price').peekValue('Dune')).to.equal(expected);
      }
    });

    it('asks unless before it makes the key of the result', async () => {
      class Books {
        @CachePut('book', { unless: (book) => book === null, resultKey: (book) => book!.id, ttl: '2s' })
        async save(name: string): Promise<{ id: number } | null> {
          return name === '' ? null : { id: name.length };
        }
      }
      const books = serve(Books);
      expect(await books.save('')).to.equal(null);
      await books.save('Dune');
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~4']);
      expect(caches.cache('book').ttlOf(4)).to.equal(2_000);
    });

    it('makes its key after the method ran', async () => {
      class Books {
        @CachePut('book', { key: (book) => book.id ?? null })
        async save(book: { id?: number }): Promise<object> {
          book.id = 7;
          return book;
        }
      }
      await serve(Books).save({});
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~7']);
    });

    it('does nothing where its condition is false', async () => {
      class Books {
        @CachePut('book', { condition: (id) => id === 3 })
        async save(id: number): Promise<number> {
          return body(id) as number;
        }
      }
      const books = serve(Books);
      await books.save(2);
      await books.save(3);
      expect(body.callCount).to.equal(2);
      expect([...caches.cache('book').entries.keys()]).to.deep.equal(['~3']);
    });

    it('stores into every cache, in declared order', async () => {
      const order: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        const put = caches.cache(name).put.bind(caches.cache(name));
        sinon.stub(caches.cache(name), 'put').callsFake(async (...args) => {
          order.push(name);
          await put(...args);
        });
      }
      class Books {
        @Caching({ put: [{ cacheNames: ['c', 'a'] }, { cacheNames: 'b' }] })
        async save(id: number): Promise<number> {
          return id;
        }
      }
      await serve(Books).save(1);
      expect(order).to.deep.equal(['c', 'a', 'b']);
    });

    it('beside a look-up makes the method run even on a hit, and refreshes only its own entry', async () => {
      let count = 0;
      class Books {
        @Cacheable('read')
        @CachePut('written')
        async find(_id: number): Promise<number> {
          return ++count;
        }
      }
      const books = serve(Books);
      expect(await books.find(1)).to.equal(1);
      expect(await books.find(1)).to.equal(2);
      expect(caches.cache('read').peekValue(1)).to.equal(1);
      expect(caches.cache('written').peekValue(1)).to.equal(2);
    });

    it('takes turns with a look-up by condition', async () => {
      let count = 0;
      class Books {
        @Cacheable('book', { key: (id) => id, condition: (_id, isRead) => isRead })
        @CachePut('book', { key: (id) => id, condition: (_id, isRead) => !isRead })
        async find(_id: number, _isRead: boolean): Promise<number> {
          return ++count;
        }
      }
      const books = serve(Books);
      expect(await books.find(1, true)).to.equal(1);
      expect(await books.find(1, true)).to.equal(1);
      expect(await books.find(1, false)).to.equal(2);
      expect(await books.find(1, true)).to.equal(2);
    });

    it('does not join a load another call began', async () => {
      const { promise, open } = gate();
      class Books {
        @Cacheable('book')
        async find(_id: number): Promise<string> {
          await promise;
          return 'found';
        }

        @Cacheable('book')
        @CachePut('other')
        async save(_id: number): Promise<string> {
          return 'saved';
        }
      }
      const books = serve(Books);
      const found = books.find(1);
      expect(await books.save(1)).to.equal('saved');
      open();
      expect(await found).to.equal('found');
    });
  });

  describe('an eviction', () => {
    beforeEach(async () => {
      for (const key of ['Dune', 'Emma', 'Ulysses']) await caches.cache('book').put(key, key);
    });

    const left = (): string[] => [...caches.cache('book').entries.keys()];

    class Books {
      @CacheEvict('book')
      async remove(name: string): Promise<unknown> {
        return body(name);
      }

      @CacheEvict('book', { keys: (...names) => names })
      async removeAll(...names: string[]): Promise<unknown> {
        return body(names);
      }

      @CacheEvict('book', { allEntries: true })
      async reset(_what: string): Promise<unknown> {
        return body();
      }

      @CacheEvict('book', { resultKey: (name) => name })
      async removeLast(): Promise<string> {
        return 'Ulysses';
      }

      @CacheEvict('book', { unless: (removed) => !removed })
      async tryRemove(name: string): Promise<boolean> {
        return name === 'Emma';
      }

      @CacheEvict('book', { condition: (name) => name !== 'Dune' })
      async removeMost(name: string): Promise<unknown> {
        return body(name);
      }
    }

    it('removes the key once the method succeeded', async () => {
      const during: string[][] = [];
      body = sinon.fake(() => during.push(left()));
      await serve(Books).remove('Dune');
      expect(during).to.deep.equal([['Dune', 'Emma', 'Ulysses']]);
      expect(left()).to.deep.equal(['Emma', 'Ulysses']);
    });

    it('removes several keys in one step', async () => {
      const evict = sinon.spy(caches.cache('book'), 'evict');
      const books = serve(Books);
      await books.removeAll('Dune', 'Emma');
      expect(left()).to.deep.equal(['Ulysses']);
      expect(evict.args).to.deep.equal([[['Dune', 'Emma'], { acks: 'none' }]]);
      expect(await books.removeAll()).to.deep.equal([]);
      expect(evict.callCount).to.equal(1);
    });

    it('refuses keys that are no list, or have a gap', async () => {
      class Library {
        @CacheEvict('book', { keys: ((name: string) => name) as never })
        async one(_name: string): Promise<void> {}

        @CacheEvict('book', { keys: (...names) => names })
        async some(..._names: (string | undefined)[]): Promise<void> {}
      }
      const library = serve(Library);
      expect((await rejection(library.one('Dune'))).message).to.equal(
        'Expected `keys` of @CacheEvict on Library.one to return an array of keys, got string.',
      );
      expect((await rejection(library.some('Dune', undefined))).code).to.equal('CACHE_KEY_UNDEFINED');
      expect(left()).to.deep.equal(['Dune', 'Emma', 'Ulysses']);
    });

    it('removes everything, whatever the arguments', async () => {
      await serve(Books).reset('Dune');
      expect(left()).to.deep.equal([]);
    });

    it('makes the key of the result, and can be vetoed by it', async () => {
      const books = serve(Books);
      await books.removeLast();
      await books.tryRemove('Dune');
      await books.tryRemove('Emma');
      expect(left()).to.deep.equal(['Dune']);
    });

    it('does nothing where its condition is false', async () => {
      const books = serve(Books);
      await books.removeMost('Dune');
      await books.removeMost('Emma');
      expect(left()).to.deep.equal(['Dune', 'Ulysses']);
    });

    it('takes a composite key for one key', async () => {
      await caches.cache('book').put(['Dune', 1], 'composite');
      class Library {
        @CacheEvict('book')
        async remove(_name: string, _edition: number): Promise<void> {}
      }
      await serve(Library).remove('Dune', 1);
      expect(left()).to.deep.equal(['Dune', 'Emma', 'Ulysses']);
    });

    it('waits for acknowledgements where it is told to', async () => {
      const evict = sinon.spy(caches.cache('book'), 'evict');
      const clear = sinon.spy(caches.cache('book'), 'clear');
      class Library {
        @CacheEvict('book', { acks: 'all' })
        async remove(_name: string): Promise<void> {}

        @CacheEvict('book', { acks: 'all', allEntries: true })
        async reset(): Promise<void> {}
      }
      const library = serve(Library);
      await library.remove('Dune');
      await library.reset();
      expect(evict.args).to.deep.equal([[['Dune'], { acks: 'all' }]]);
      expect(clear.args).to.deep.equal([[{ acks: 'all' }]]);
    });

    it('does not happen after a method that failed, unless it comes before it', async () => {
      const error = new Error('boom');
      class Library {
        @CacheEvict('book')
        @CachePut('book', { key: () => 'put' })
        async late(_name: string): Promise<void> {
          throw error;
        }

        @CacheEvict('book', { beforeInvocation: true })
        async early(_name: string): Promise<void> {
          body(left());
          throw error;
        }

        @CacheEvict('book', { beforeInvocation: true, allEntries: true })
        async earlyAll(): Promise<void> {
          throw error;
        }
      }
      const library = serve(Library);
      expect(await rejection(library.late('Dune'))).to.equal(error);
      expect(left()).to.deep.equal(['Dune', 'Emma', 'Ulysses']);
      expect(await rejection(library.early('Dune'))).to.equal(error);
      expect(body.args).to.deep.equal([[['Emma', 'Ulysses']]]);
      expect(await rejection(library.earlyAll())).to.equal(error);
      expect(left()).to.deep.equal([]);
    });

    it('is immediate before the method and deferrable after it', async () => {
      const cache = caches.cache('book');
      const spies = (['evictIfPresent', 'invalidate', 'evict', 'clear'] as const).map((verb) => sinon.spy(cache, verb));
      class Library {
        @CacheEvict('book', { beforeInvocation: true })
        async one(_name: string): Promise<void> {}

        @CacheEvict('book', { beforeInvocation: true, allEntries: true })
        async all(): Promise<void> {}
      }
      const library = serve(Library);
      await library.one('Dune');
      expect(spies.map(({ callCount }) => callCount)).to.deep.equal([1, 0, 0, 0]);
      await library.all();
      expect(spies.slice(0, 3).map(({ callCount }) => callCount)).to.deep.equal([1, 1, 0]);
    });

    it('happens on a hit too', async () => {
      class Library {
        @Cacheable('page', { key: () => 'page' })
        @CacheEvict('book')
        async read(name: string): Promise<unknown> {
          return body(name);
        }
      }
      const library = serve(Library);
      await library.read('Dune');
      await library.read('Emma');
      expect(body.callCount).to.equal(1);
      expect(left()).to.deep.equal(['Ulysses']);
    });
  });

  describe('the order', () => {
    const log: string[] = [];

    class LoggedCache extends MapCache {
      override async getOrLoad<V>(...args: Parameters<MapCache['getOrLoad']>): Promise<V> {
        log.push(`get ${this.name}`);
        const value = await super.getOrLoad(...args);
        return value as V;
      }

      override async put(...args: Parameters<MapCache['put']>): Promise<void> {
        log.push(`put ${this.name}`);
        await super.put(...args);
      }

      override async evict(...args: Parameters<MapCache['evict']>): Promise<void> {
        log.push(`evict ${this.name}`);
        await super.evict(...args);
      }

      override async evictIfPresent(...args: Parameters<MapCache['evictIfPresent']>): Promise<boolean> {
        log.push(`evict early ${this.name}`);
        return super.evictIfPresent(...args);
      }
    }

    beforeEach(() => {
      log.length = 0;
      for (const name of ['a', 'b', 'c', 'd']) caches.add(new LoggedCache(name));
    });

    const steps = ['evict early a', 'get b', 'body', 'put c', 'evict d', 'caller'];

    it('is the same however decorators are stacked', async () => {
      class Up {
        @CacheEvict('a', { beforeInvocation: true })
        @Cacheable('b')
        @CachePut('c')
        @CacheEvict('d')
        async run(): Promise<void> {
          log.push('body');
        }
      }
      class Down {
        @CacheEvict('d')
        @CachePut('c')
        @Cacheable('b')
        @CacheEvict('a', { beforeInvocation: true })
        async run(): Promise<void> {
          log.push('body');
        }
      }
      for (const service of [Up, Down]) {
        log.length = 0;
        await serve<{ run(): Promise<void> }>(service).run();
        log.push('caller');
        expect(log).to.deep.equal(steps);
        await caches.getCache('b')!.clear();
      }
    });
  });

  describe('a cache that fails', () => {
    const failure = new Error('cache is away');
    let handler: sinon.SinonStubbedInstance<CacheErrorHandler>;
    let cache: MapCache;

    /** Fails as a remote tier would: told through `onError` while loading, else by rejecting. */
    class BrokenCache extends MapCache {
      override async getOrLoad<V>(_key: unknown, loader: () => V | Promise<V>, options: any = {}): Promise<V> {
        options.onError?.('get', failure);
        const value = await loader();
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
        const value = await loader();
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
      await settled();
      await caching.container.unbindAllAsync();
      open();
      expect(await call).to.equal('Dune');
      expect(caches.cache('other').has('Dune')).to.equal(false);
    });
  });
});
