import { expect } from 'chai';
import sinon from 'sinon';
import {
  Cacheable,
  CacheConfigurationError,
  CacheEvict,
  CacheInterceptor,
  type CacheInvocation,
  CacheKeyError,
  CacheManager,
  CachePut,
} from '../../lib/index.js';
import { MapCache, type MapCacheManager } from '../support/map-cache.js';
import { gate } from '../support/promises.js';
import { rejection, stage, type Stage } from './stage.js';

describe(CacheInterceptor.name, () => {
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caches, body, serve } = stage());
  });

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
          expect(error.message).to.include(` (${operation}, cache 'book'). Give the operation a \`key\` `);
          expect(error.cause).to.be.instanceOf(CacheKeyError);
        }
      }
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
});
