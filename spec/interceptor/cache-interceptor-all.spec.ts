import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import {
  type Cache,
  Cacheable,
  CacheableAll,
  CacheConfigurationError,
  CacheErrorHandler,
  CacheEvents,
  CacheEvict,
  CacheInterceptor,
  type CacheInvocation,
  CacheKeyError,
  CacheManager,
  enableCaching,
  FailOpenCacheErrorHandler,
  KeyGenerator,
  type LoadAllOptions,
  type LoaderOfAll,
  runInTransaction,
  SimpleCacheErrorHandler,
  TransactionAwareCacheManager,
  TransactionSynchronization,
} from '../../lib/index.js';
import { MapCache, type MapCacheManager } from '../support/map-cache.js';
import { mapCaching, type MapCaching } from '../support/map-caching.js';
import { gate, turn } from '../support/promises.js';
import { rejection, stage, type Stage } from './stage.js';

/** What exists: all but the ids that begin with an `x`. */
const exists = (id: string): boolean => !id.startsWith('x');

/** The elements of those that exist. */
const elementsOf = (ids: readonly string[]): Map<string, string> => new Map(ids.filter(exists).map((id) => [id, `book ${id}`]));

const keysOf = (cache: MapCache): string[] => [...cache.entries.keys()];

describe(CacheInterceptor.name, () => {
  let caching: MapCaching;
  let caches: MapCacheManager;
  let body: sinon.SinonSpy;
  let serve: Stage['serve'];

  beforeEach(() => {
    ({ caching, caches, body, serve } = stage());
  });

  describe('a method over many ids', () => {
    class Books {
      readonly #shelf = 'A3';

      @CacheableAll('book')
      async findAll(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids, this.#shelf);
        return elementsOf(ids);
      }

      @Cacheable('book')
      async find(id: string): Promise<string | undefined> {
        body(id);
        return exists(id) ? `book ${id}` : undefined;
      }

      @CacheEvict('book')
      async evict(_id: string): Promise<void> {}

      @CacheableAll('list', { result: 'array' })
      async list(ids: readonly string[]): Promise<(string | undefined)[]> {
        body(ids);
        return ids.map((id) => (exists(id) ? `book ${id}` : undefined));
      }
    }

    it('gets what is missing only, in one call, and shares its entries with the method over one id', async () => {
      const books = serve(Books);
      await books.find('b');
      expect(await books.findAll(['a', 'b', 'c'])).to.deep.equal(elementsOf(['a', 'b', 'c']));
      expect(await books.find('c')).to.equal('book c');
      await books.evict('a');
      expect(await books.findAll(['c', 'a'])).to.deep.equal(elementsOf(['c', 'a']));
      expect(body.args).to.deep.equal([['b'], [['a', 'c'], 'A3'], [['a'], 'A3']]);
      expect(keysOf(caches.cache('book'))).to.deep.equal(['b', 'c', 'a']);
    });

    it('answers in the order of the ids, those that exist, each id of the caller once', async () => {
      const books = serve(Books);
      for (let i = 0; i < 2; i += 1) {
        expect([...(await books.findAll(['c', 'x', 'a', 'c', 'b', 'a']))]).to.deep.equal([...elementsOf(['c', 'a', 'b'])]);
      }
      expect(body.args).to.deep.equal([
        [['c', 'x', 'a', 'b'], 'A3'],
        [['x'], 'A3'],
      ]);
    });

    it('answers an array with an element for each id, repeated ones and absent ones included', async () => {
      const books = serve(Books);
      for (let i = 0; i < 2; i += 1) {
        expect(await books.list(['c', 'x', 'a', 'c'])).to.deep.equal(['book c', undefined, 'book a', 'book c']);
      }
      expect(body.args).to.deep.equal([[['c', 'x', 'a']], [['x']]]);
      expect(await books.list(['a', 'c', 'a'])).to.deep.equal(['book a', 'book c', 'book a']);
      expect(body.callCount).to.equal(2);
    });

    it('does not run without ids, nor when everything is found', async () => {
      const books = serve(Books);
      const [getAllOrLoad, getAll] = [sinon.spy(caches.cache('book'), 'getAllOrLoad'), sinon.spy(caches.cache('book'), 'getAll')];
      expect(await books.findAll([])).to.deep.equal(new Map());
      expect(await books.list([])).to.deep.equal([]);
      expect([getAllOrLoad.callCount, getAll.callCount, body.callCount]).to.deep.equal([0, 0, 0]);
      await books.findAll(['a', 'b']);
      expect(await books.findAll(['b', 'a'])).to.deep.equal(elementsOf(['b', 'a']));
      expect(body.callCount).to.equal(1);
    });

    it('asks nothing else of a cache that has all of it at once, and asks again in full one that fails to tell', async () => {
      const allNow = sinon.stub().returns(['one', undefined, null]);
      caches.add(Object.assign(new MapCache('book'), { allNow })).add(Object.assign(new MapCache('list'), { allNow }));
      const getAllOrLoad = sinon.spy(caches.cache('book'), 'getAllOrLoad');
      const books = serve(Books);
      expect(await books.findAll(['a', 'x', 'n'])).to.deep.equal(
        new Map<string, unknown>([
          ['a', 'one'],
          ['n', null],
        ]),
      );
      expect(await books.list(['a', 'x', 'n'])).to.deep.equal(['one', undefined, null]);
      expect(allNow.args).to.deep.equal([[['a', 'x', 'n']], [['a', 'x', 'n']]]);
      expect([body.callCount, getAllOrLoad.callCount]).to.deep.equal([0, 0]);
      allNow.throws(new Error('no peeking'));
      expect(await books.findAll(['a'])).to.deep.equal(elementsOf(['a']));
      expect([body.callCount, getAllOrLoad.callCount]).to.deep.equal([1, 1]);
    });

    it('shares each of its loads with other callers', async () => {
      const { promise, open } = gate();
      class Slow {
        @CacheableAll('book')
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          await promise;
          return elementsOf(ids);
        }

        @Cacheable('book')
        async find(id: string): Promise<string> {
          body(id);
          return `book ${id}`;
        }
      }
      const slow = serve(Slow);
      const calls = [slow.findAll(['a', 'b']), slow.findAll(['b', 'c'])];
      await turn();
      const one = slow.find('a');
      open();
      expect(await Promise.all(calls)).to.deep.equal([elementsOf(['a', 'b']), elementsOf(['b', 'c'])]);
      expect(await one).to.equal('book a');
      expect(body.args).to.deep.equal([[['a', 'b']], [['c']]]);
    });

    it('rejects with the error of the method, the same object, and stores nothing', async () => {
      const error = Object.assign(new Error('boom'), { cause: 'reason' });
      class Failing {
        @CacheableAll('book')
        async later(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          throw error;
        }

        @CacheableAll('book')
        atOnce(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          throw error;
        }
      }
      const failing = serve(Failing);
      for (let i = 0; i < 2; i += 1) {
        expect(await rejection(failing.later(['a', 'b']))).to.equal(error);
        expect(await rejection(failing.atOnce(['a', 'b']))).to.equal(error);
      }
      expect(body.callCount).to.equal(4);
      expect(caches.cache('book').entries.size).to.equal(0);
    });

    it('is called with ids of its own, and the caller may change his while it loads', async () => {
      const { promise, open } = gate();
      class Careless {
        @CacheableAll('book')
        async findAll(ids: string[]): Promise<Map<string, string>> {
          const found = elementsOf(ids);
          ids.length = 0;
          ids.push('changed');
          await promise;
          return found;
        }
      }
      const careless = serve(Careless);
      const ids = ['a', 'b'];
      const call = careless.findAll(ids);
      await turn();
      expect(ids).to.deep.equal(['a', 'b']);
      ids.splice(0, 2, 'z');
      open();
      expect(await call).to.deep.equal(elementsOf(['a', 'b']));
      expect(keysOf(caches.cache('book'))).to.deep.equal(['a', 'b']);
    });

    it('answers with what the caller may change, on a miss and on a hit', async () => {
      const books = serve(Books);
      for (let i = 0; i < 3; i += 1) {
        const found = await books.findAll(['a', 'b']);
        expect(found).to.deep.equal(elementsOf(['a', 'b']));
        found.clear();
        const list = await books.list(['a', 'b']);
        expect(list).to.deep.equal(['book a', 'book b']);
        list.length = 0;
      }
      expect(body.callCount).to.equal(2);
    });

    it('refuses what is no array of ids', async () => {
      const books = serve(Books);
      for (const ids of ['ab', new Set(['a']), undefined, null, { length: 1, 0: 'a' }]) {
        const error = await rejection(books.findAll(ids as never));
        expect(error).to.be.instanceOf(CacheConfigurationError);
        expect([error.code, error.message]).to.deep.equal([
          'CACHE_OPERATION_INVALID',
          'The first argument of Books.findAll must be an array of ids.',
        ]);
      }
      expect((await rejection((books.findAll as () => Promise<unknown>)())).code).to.equal('CACHE_OPERATION_INVALID');
      expect(body.called).to.equal(false);
    });

    it('refuses a result of another shape, and stores nothing of it', async () => {
      let result: unknown;
      class Odd {
        @CacheableAll('book')
        async map(_ids: readonly string[]): Promise<Map<string, string>> {
          return result as never;
        }

        @CacheableAll('book', { result: 'array' })
        async array(_ids: readonly string[]): Promise<string[]> {
          return result as never;
        }
      }
      const odd = serve(Odd);
      const hint = "`result: 'array'` is for methods that return an array, and must not be set for others.";
      const complaints: readonly (readonly [result: unknown, method: 'map' | 'array', complaint: string])[] = [
        [['one'], 'map', `Expected Odd.map to return a Map, got an array. ${hint}`],
        [new Map([['a', 'one']]), 'array', `Expected Odd.array to return an array, got a Map. ${hint}`],
        [undefined, 'array', `Expected Odd.array to return an array, got undefined. ${hint}`],
        [null, 'array', `Expected Odd.array to return an array, got null. ${hint}`],
        [undefined, 'map', 'Expected a `Map` or an array of the values of 2 keys, got undefined.'],
        [{ a: 'one' }, 'map', 'Expected a `Map` or an array of the values of 2 keys, got object.'],
        [['one'], 'array', 'Expected an array of 2 values, one for each key and in their order, got 1.'],
        [['one', 'two', 'three'], 'array', 'Expected an array of 2 values, one for each key and in their order, got 3.'],
      ];
      for (const [given, method, complaint] of complaints) {
        result = given;
        const error = await rejection(odd[method](['a', 'b']));
        expect(error.code, complaint).to.equal('CACHE_OPERATION_INVALID');
        expect(error.message).to.satisfy((message: string) => message.startsWith(complaint), error.message as string);
      }
      expect(caches.cache('book').entries.size).to.equal(0);
    });

    it('takes what is used like a Map, and passes over elements that nobody asked for', async () => {
      class Generous {
        @CacheableAll('book')
        async findAll(_ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
          return elementsOf(['a', 'b', 'c']);
        }
      }
      const generous = serve(Generous);
      expect(await generous.findAll(['b', 'a'])).to.deep.equal(elementsOf(['b', 'a']));
      expect(keysOf(caches.cache('book'))).to.deep.equal(['b', 'a']);
    });

    it('is given as many ids at a time as it says', async () => {
      class Small {
        @CacheableAll('book', { maximumBatch: 2 })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          return elementsOf(ids);
        }
      }
      const ids = ['a', 'b', 'x', 'c', 'd'];
      expect(await serve(Small).findAll(ids)).to.deep.equal(elementsOf(ids));
      expect(body.args).to.deep.equal([[['a', 'b']], [['x', 'c']], [['d']]]);
    });

    it('stores what is absent as it says, or not at all', async () => {
      class Absent {
        @CacheableAll('null', { absent: 'null' })
        async asNull(ids: readonly string[]): Promise<Map<string, string | null>> {
          body(ids);
          return elementsOf(ids);
        }

        @Cacheable('null')
        async findNull(id: string): Promise<string | null> {
          body(id);
          return null;
        }

        @CacheableAll('undefined', { absent: 'undefined', result: 'array', unless: (element) => element.length === 0 })
        async asUndefined(ids: readonly string[]): Promise<(string | undefined)[]> {
          body(ids);
          return ids.map((id) => elementsOf([id]).get(id));
        }
      }
      const absent = serve(Absent);
      for (let i = 0; i < 2; i += 1) {
        expect(await absent.asNull(['a', 'x'])).to.deep.equal(new Map([...elementsOf(['a']), ['x', null]]));
        expect(await absent.findNull('x')).to.equal(null);
        expect(await absent.asUndefined(['x', 'a'])).to.deep.equal([undefined, 'book a']);
      }
      expect(body.args).to.deep.equal([[['a', 'x']], [['x', 'a']]]);
      expect(caches.cache('null').peekValue('x')).to.equal(null);
      expect(caches.cache('undefined').has('x')).to.equal(true);
    });
  });

  describe('the keys of a method over many ids', () => {
    it('are those of a method over one id, with the further arguments', async () => {
      class Books {
        @CacheableAll('book')
        async findAll(ids: readonly string[], language?: string, edition?: number): Promise<Map<string, string>> {
          body(ids, language, edition);
          return elementsOf(ids);
        }

        @Cacheable('book')
        async find(id: string, language?: string, edition?: number): Promise<string> {
          body(id, language, edition);
          return `book ${id}`;
        }
      }
      const books = serve(Books);
      await books.findAll(['a']);
      await books.findAll(['a'], undefined);
      await books.find('a', undefined, undefined);
      await books.findAll(['a'], 'en');
      await books.find('a', 'en');
      await books.find('a', undefined, 1);
      await books.findAll(['a'], undefined, 1);
      expect(body.args).to.deep.equal([
        [['a'], undefined, undefined],
        [['a'], 'en', undefined],
        ['a', undefined, 1],
      ]);
      expect(keysOf(caches.cache('book'))).to.deep.equal(['a', '~["a","en"]', '~["a",undefined,1]']);
    });

    it('do not know default values, which the method fills in', async () => {
      class Books {
        @CacheableAll('book')
        async findAll(ids: readonly string[], language = 'en'): Promise<Map<string, string>> {
          body(ids, language);
          return elementsOf(ids);
        }
      }
      const books = serve(Books);
      await books.findAll(['a']);
      await books.findAll(['a', 'b'], undefined);
      await books.findAll(['a'], 'en');
      expect(body.args).to.deep.equal([
        [['a'], 'en'],
        [['b'], 'en'],
        [['a'], 'en'],
      ]);
      expect(keysOf(caches.cache('book'))).to.deep.equal(['a', 'b', '~["a","en"]']);
    });

    it('may be composite: ids are equal by value then', async () => {
      class Books {
        @CacheableAll('book')
        async findAll(ids: readonly (readonly [string, number])[]): Promise<Map<readonly [string, number], string>> {
          body(ids);
          return new Map(ids.map(([name, edition]) => [[name, edition], `${name} ${edition}`]));
        }

        @CacheableAll('object', { result: 'array' })
        async list(ids: readonly { isbn: string }[], _language: string): Promise<string[]> {
          body(ids);
          return ids.map(({ isbn }) => isbn);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i += 1) {
        const found = await books.findAll([['a', 1], ['b', 2], ['a', 1]]); // prettier-ignore
        expect([...found].map(([[name, edition], value]) => [name, edition, value])).to.deep.equal([
          ['a', 1, 'a 1'],
          ['b', 2, 'b 2'],
          ['a', 1, 'a 1'], // A Map tells arrays apart.
        ]);
        expect(await books.list([{ isbn: 'a' }, { isbn: 'b' }, { isbn: 'a' }], 'en')).to.deep.equal(['a', 'b', 'a']);
      }
      expect(body.args).to.deep.equal([[[['a', 1], ['b', 2]]], [[{ isbn: 'a' }, { isbn: 'b' }]]]); // prettier-ignore
    });

    it('come from `key`, once for each id, with the further arguments and the invocation', async () => {
      const seen: unknown[] = [];
      class Books {
        @CacheableAll('book', {
          key(id, language) {
            seen.push([this.method, this.target, id, language]);
            return `${language}/${id}`;
          },
        })
        async findAll(ids: readonly string[], _language: string): Promise<Map<string, string>> {
          body(ids);
          return elementsOf(ids);
        }
      }
      const books = serve(Books);
      await books.findAll(['a', 'b', 'a'], 'en');
      expect(seen).to.deep.equal(['a', 'b', 'a'].map((id) => ['findAll', books, id, 'en']));
      expect(body.args).to.deep.equal([[['a', 'b']]]);
      expect(keysOf(caches.cache('book'))).to.deep.equal(['en/a', 'en/b']);
    });

    it('may be one for two ids: the method gets the first of them, and both get its element', async () => {
      class Books {
        @CacheableAll('book', { key: (id) => id.toLowerCase() })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          return elementsOf(ids);
        }

        @CacheableAll('list', { key: (id) => id.toLowerCase(), result: 'array' })
        async list(ids: readonly string[]): Promise<string[]> {
          body(ids);
          return ids.map((id) => `book ${id}`);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i += 1) {
        expect([...(await books.findAll(['A', 'b', 'a', 'B']))]).to.deep.equal([
          ['A', 'book A'],
          ['b', 'book b'],
          ['a', 'book A'],
          ['B', 'book b'],
        ]);
        expect(await books.list(['A', 'b', 'a', 'B'])).to.deep.equal(['book A', 'book b', 'book A', 'book b']);
      }
      expect(body.args).to.deep.equal([[['A', 'b']], [['A', 'b']]]);
    });

    it('come from a key generator, which is asked about each id', async () => {
      class ByMethod extends KeyGenerator {
        override generate(target: object, method: string | symbol, ...args: readonly unknown[]): string {
          return `${target.constructor.name}.${String(method)}(${args.join()})`;
        }
      }
      caching.container.bind('keys').to(ByMethod);
      class Books {
        @CacheableAll('book', { keyGenerator: 'keys' })
        async findAll(ids: readonly string[], _language: string): Promise<Map<string, string>> {
          return elementsOf(ids);
        }
      }
      await serve(Books).findAll(['a', 'b', 'a'], 'en');
      expect(keysOf(caches.cache('book'))).to.deep.equal(['Books.findAll(a,en)', 'Books.findAll(b,en)']);
    });

    it('may be made of ids that are no keys themselves, one of which does not exist', async () => {
      class Isbn {
        readonly text: string;

        constructor(text: string) {
          this.text = text;
        }
      }
      class Books {
        @CacheableAll('book', { key: (isbn) => isbn.text })
        async findAll(isbns: readonly Isbn[]): Promise<Map<Isbn, string>> {
          body(isbns.map(({ text }) => text));
          return new Map(isbns.filter(({ text }) => exists(text)).map((isbn) => [isbn, `book ${isbn.text}`]));
        }
      }
      const books = serve(Books);
      const isbns = ['a', 'x', 'b'].map((text) => new Isbn(text));
      for (let i = 0; i < 2; i += 1) {
        expect([...(await books.findAll(isbns))]).to.deep.equal([[isbns[0], 'book a'], [isbns[2], 'book b']]); // prettier-ignore
      }
      expect(body.args).to.deep.equal([[['a', 'x', 'b']], [['x']]]);
      expect(keysOf(caches.cache('book'))).to.deep.equal(['a', 'b']);
    });

    it('are refused by the name of the operation', async () => {
      class Books {
        @CacheableAll('book')
        async findAll(_ids: readonly unknown[], _other?: unknown): Promise<Map<unknown, string>> {
          return body(new Map());
        }

        @CacheableAll('book', { key: (id) => (id as { isbn?: string }).isbn })
        async byKey(_ids: readonly object[]): Promise<Map<unknown, string>> {
          return body(new Map());
        }
      }
      const handler = sinon.createStubInstance(FailOpenCacheErrorHandler);
      caching.container.rebind(CacheErrorHandler).toConstantValue(handler);
      const books = serve(Books);
      for (const call of [() => books.findAll(['a', { shelf: new Map() }]), () => books.findAll(['a'], { shelf: new Map() })]) {
        const error = await rejection(call());
        expect(error).to.be.instanceOf(CacheKeyError);
        expect([error.code, error.cause.code]).to.deep.equal(['CACHE_KEY_UNSUPPORTED', 'CACHE_KEY_UNSUPPORTED']);
        expect(error.message).to.match(/^A key cannot be made of an instance of Map, found at `.*\.shelf` \(/);
        expect(error.message).to.include(" (@CacheableAll on Books.findAll, cache 'book'). Give the operation a `key` ");
      }
      const undefinedKey = await rejection(books.byKey([{ isbn: 'a' }, {}]));
      expect([undefinedKey.code, undefinedKey.message]).to.deep.equal([
        'CACHE_KEY_UNDEFINED',
        '`key` of @CacheableAll on Books.byKey returned `undefined` for a key. ' +
          'Return `null` if nothing is a key of its own; else check that what the key is made of was passed.',
      ]);
      expect(body.called).to.equal(false);
      expect(handler.handleCacheGetError.called).to.equal(false);
    });

    it('that cannot be made reject with what their function throws, the same object', async () => {
      const error = new TypeError('no name');
      class Books {
        @CacheableAll('book', {
          key: (id) => {
            if (id === '') throw error;
            return id;
          },
        })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          return body(elementsOf(ids));
        }
      }
      const books = serve(Books);
      expect(await rejection(books.findAll(['a', '']))).to.equal(error);
      expect(body.called).to.equal(false);
    });

    it('that are too long are loaded at each call, beside the others, and the error handler is told', async () => {
      const handler = sinon.createStubInstance(FailOpenCacheErrorHandler);
      caching.container.rebind(CacheErrorHandler).toConstantValue(handler);
      class Books {
        @CacheableAll('book')
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          return new Map(ids.map((id) => [id, id.slice(0, 1)]));
        }
      }
      const books = serve(Books);
      const long = 'l'.repeat(1_048_577);
      for (let i = 0; i < 2; i += 1) {
        const found = await books.findAll(['a', long, 'b']);
        expect([...found.values()]).to.deep.equal(['a', 'l', 'b']);
      }
      expect(body.args.map(([ids]) => (ids as string[]).map((id) => id.slice(0, 1)))).to.deep.equal([['a', 'l', 'b'], ['l']]);
      for (const [error, cache, key] of handler.handleCacheGetError.args as unknown as [unknown, Cache, unknown][]) {
        expect([(error as CacheKeyError).code, cache.name, key === long]).to.deep.equal(['CACHE_KEY_TOO_LONG', 'book', true]);
        expect((error as CacheKeyError).message).to.include("(@CacheableAll on Books.findAll, cache 'book')");
      }
      expect(handler.handleCacheGetError.callCount).to.equal(2);
    });
  });

  describe('the functions of a method over many ids', () => {
    it('a condition is asked once, with all arguments; where it is false, the caches are not touched', async () => {
      const cache = sinon.createStubInstance(MapCache);
      Object.assign(cache, { name: 'book' });
      caches.add(cache);
      const condition = sinon.fake(() => false);
      const key = sinon.fake();
      const own = Promise.resolve(elementsOf(['a']));
      class Books {
        @CacheableAll('book', { condition, key })
        findAll(ids: readonly string[], language: string): Promise<Map<string, string>> {
          body(ids, language);
          return own;
        }
      }
      const books = serve(Books);
      const ids = ['a', 'a', 'b'];
      expect(books.findAll(ids, 'en')).to.equal(own);
      expect(books.findAll([], 'en')).to.equal(own);
      expect(condition.args).to.deep.equal([
        [ids, 'en'],
        [[], 'en'],
      ]);
      expect(body.args).to.deep.equal(condition.args);
      expect((body.firstCall.args as unknown[])[0]).to.equal(ids);
      expect(key.called).to.equal(false);
      for (const method of Object.values(cache)) if (typeof method === 'function') expect(method).to.have.property('called', false);
    });

    it('a condition that holds is asked once, hit or miss', async () => {
      const seen: unknown[] = [];
      class Books {
        @CacheableAll('book', {
          condition(ids, language) {
            seen.push([this.method, this.args, ids, language]);
            return true;
          },
        })
        async findAll(ids: readonly string[], _language: string): Promise<Map<string, string>> {
          return elementsOf(ids);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i += 1) await books.findAll(['a', 'b'], 'en');
      const call = ['findAll', [['a', 'b'], 'en'], ['a', 'b'], 'en'];
      expect(seen).to.deep.equal([call, call]);
    });

    it('turns what a condition throws, or a promise of one, into a rejection', async () => {
      const error = new Error('no opinion');
      class Books {
        @CacheableAll('book', {
          condition: () => {
            throw error;
          },
        })
        async throwing(_ids: readonly string[]): Promise<Map<string, string>> {
          return body(new Map());
        }

        @CacheableAll('book', { condition: (async () => true) as never })
        async promising(_ids: readonly string[]): Promise<Map<string, string>> {
          return body(new Map());
        }
      }
      const books = serve(Books);
      expect(await rejection(books.throwing(['a']))).to.equal(error);
      expect((await rejection(books.promising(['a']))).message).to.equal(
        'Invalid @CacheableAll on Books.promising: `condition` returned a promise. A promise is always truthy; decide by what is at hand.',
      );
      expect(body.called).to.equal(false);
    });

    it('are asked about each element that was loaded: never about a hit, nor about what is absent', async () => {
      const seen: [option: string, invocation: CacheInvocation, args: unknown[]][] = [];
      class Books {
        @CacheableAll('book', {
          unless(...args) {
            seen.push(['unless', this, args]);
            return args[0] === 'book b';
          },
          ttl(...args) {
            seen.push(['ttl', this, args]);
            return args[1] === 'c' ? '1s' : 60_000;
          },
          tags(...args) {
            seen.push(['tags', this, args]);
            return [];
          },
          absent: 'undefined',
        })
        async findAll(ids: readonly string[], _language: string): Promise<Map<string, string>> {
          body(ids);
          return elementsOf(ids);
        }
      }
      const cache = new MapCache('book');
      const getOrLoad = cache.getOrLoad.bind(cache);
      cache.getOrLoad = async (key, loader, options = {}) => {
        const value = await getOrLoad<unknown>(key, loader, options as never);
        if (cache.has(key) && typeof options.tags === 'function') options.tags(value as never); // As a cache with tags does.
        return value as never;
      };
      caches.add(cache);
      const books = serve(Books);
      const ids = ['a', 'b', 'x', 'c'];
      expect(await books.findAll(ids, 'en')).to.deep.equal(elementsOf(ids));
      const asked = (option: string): unknown[] => seen.filter(([name]) => name === option).map(([, , args]) => args);
      const about = (...each: string[]): unknown[] => each.map((id) => [`book ${id}`, id, 'en']);
      expect(asked('unless')).to.deep.equal(about('a', 'b', 'c'));
      expect(asked('ttl')).to.deep.equal(about('a', 'c'));
      expect(asked('tags')).to.deep.equal(about('a', 'c'));
      for (const [, invocation] of seen) {
        expect(invocation.target).to.equal(books);
        expect([invocation.method, invocation.args, invocation.caches]).to.deep.equal(['findAll', [ids, 'en'], [cache]]);
        expect(invocation.container.get(CacheManager)).to.equal(caches);
      }
      expect(keysOf(cache)).to.deep.equal(['~["a","en"]', '~["x","en"]', '~["c","en"]']);
      expect([cache.ttlOf(['a', 'en']), cache.ttlOf(['x', 'en']), cache.ttlOf(['c', 'en'])]).to.deep.equal([60_000, undefined, 1_000]);
      seen.length = 0;
      await books.findAll(['a', 'x', 'c'], 'en');
      expect(seen).to.deep.equal([]);
      await books.findAll(ids, 'en');
      expect(body.args).to.deep.equal([[ids], [['b']]]);
      expect(seen.map(([option]) => option)).to.deep.equal(['unless']);
    });

    it('a fixed ttl is that of each element', async () => {
      class Books {
        @CacheableAll('book', { ttl: '5m' })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          return elementsOf(ids);
        }
      }
      await serve(Books).findAll(['a', 'b']);
      expect([caches.cache('book').ttlOf('a'), caches.cache('book').ttlOf('b')]).to.deep.equal([300_000, 300_000]);
    });

    it('a ttl of 0, or that cannot be told, keeps one element from being stored', async () => {
      const events: unknown[] = [];
      caching.container.get(CacheEvents).on('error', ({ where }) => void events.push(where));
      class Books {
        @CacheableAll('book', {
          ttl: (_element, id) => {
            if (id === 'b') throw new Error('no idea');
            return id === 'c' ? 0 : 1_000;
          },
        })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          return elementsOf(ids);
        }
      }
      const books = serve(Books);
      for (let i = 0; i < 2; i += 1) expect(await books.findAll(['a', 'b', 'c'])).to.deep.equal(elementsOf(['a', 'b', 'c']));
      expect(body.args).to.deep.equal([[['a', 'b', 'c']], [['b', 'c']]]);
      expect(events).to.deep.equal(['`ttl` of @CacheableAll on Books.findAll', '`ttl` of @CacheableAll on Books.findAll']);
    });

    it('an unless that throws is told to the caller', async () => {
      const error = new Error('no opinion');
      class Books {
        @CacheableAll('book', {
          unless: (_element, id) => {
            if (id === 'b') throw error;
            return false;
          },
        })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          return elementsOf(ids);
        }
      }
      expect(await rejection(serve(Books).findAll(['a', 'b']))).to.equal(error);
      expect(caches.cache('book').has('b')).to.equal(false);
    });
  });

  describe('the caches of a method over many ids', () => {
    const isLong = sinon.fake((element: string) => element.length > 6);

    class Books {
      @CacheableAll(['outer', 'inner'])
      async findAll(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        return elementsOf(ids);
      }

      @CacheableAll(['outer', 'inner'], { unless: isLong })
      async short(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        return elementsOf(ids);
      }
    }

    beforeEach(() => {
      isLong.resetHistory();
    });

    it('are all filled by one run, and asked in declared order for what the one before misses', async () => {
      const books = serve(Books);
      const inner = sinon.spy(caches.cache('inner'), 'getAllOrLoad');
      await caches.cache('outer').put('a', 'book a');
      expect(await books.findAll(['a', 'b', 'c'])).to.deep.equal(elementsOf(['a', 'b', 'c']));
      expect(inner.args.map(([keys]) => keys)).to.deep.equal([['b', 'c']]);
      expect(body.args).to.deep.equal([[['b', 'c']]]);
      expect(keysOf(caches.cache('outer'))).to.deep.equal(['a', 'b', 'c']);
      expect(keysOf(caches.cache('inner'))).to.deep.equal(['b', 'c']);
    });

    it('are not filled from a hit in a later one', async () => {
      const books = serve(Books);
      await caches.cache('inner').put('a', 'inner a');
      expect([...(await books.findAll(['b', 'a']))]).to.deep.equal([
        ['b', 'book b'],
        ['a', 'inner a'],
      ]);
      expect(body.args).to.deep.equal([[['b']]]);
      expect(keysOf(caches.cache('outer'))).to.deep.equal(['b']);
      expect(keysOf(caches.cache('inner'))).to.deep.equal(['a', 'b']);
    });

    it('share one verdict about each element', async () => {
      await serve(Books).short(['a', 'bbb', 'c']);
      expect(isLong.args).to.deep.equal([
        ['book a', 'a'],
        ['book bbb', 'bbb'],
        ['book c', 'c'],
      ]);
      for (const name of ['outer', 'inner']) expect(keysOf(caches.cache(name))).to.deep.equal(['a', 'c']);
    });

    it('may be chosen for each call', async () => {
      class Library {
        @CacheableAll({ cacheManager: 'archive', cacheNames: 'book' })
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          return elementsOf(ids);
        }

        @CacheableAll({ cacheResolver: 'resolver' })
        async resolved(ids: readonly string[]): Promise<Map<string, string>> {
          return elementsOf(ids);
        }
      }
      const archive = mapCaching().caches;
      const resolveCaches = sinon.fake(({ args }: { args: readonly unknown[] }) => [caches.cache(`of-${(args[0] as string[]).length}`)]);
      caching.container.bind('archive').toConstantValue(archive);
      caching.container.bind('resolver').toConstantValue({ resolveCaches });
      const library = serve(Library);
      await library.findAll(['a']);
      await library.resolved(['a', 'b']);
      expect(archive.cache('book').has('a')).to.equal(true);
      expect(keysOf(caches.cache('of-2'))).to.deep.equal(['a', 'b']);
      expect(resolveCaches.args.map(([{ args }]) => args)).to.deep.equal([[['a', 'b']]]);
    });
  });

  describe('a cache of your own that fails for many ids', () => {
    const failure = new Error('cache is away');
    let handler: sinon.SinonStubbedInstance<CacheErrorHandler>;
    let cache: MapCache;

    class Books {
      @CacheableAll('book')
      async findAll(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        return elementsOf(ids);
      }
    }

    /** Fails as a remote tier would: told through `onError`. */
    class BrokenCache extends MapCache {
      override async getAllOrLoad<K, V>(
        keys: readonly K[],
        loader: LoaderOfAll<K, V>,
        { onError, unless }: LoadAllOptions<K, V> = {},
      ): Promise<Map<K, V>> {
        for (const key of keys) onError?.('get', failure, key);
        const loaded = (await loader(keys, undefined as never)) as readonly V[];
        for (const [i, key] of keys.entries()) {
          const value = loaded[i] as V;
          if (value !== undefined && unless?.(value, key) !== true) onError?.('put', failure, key, value);
        }
        return new Map(keys.map((key, i) => [key, loaded[i] as V]));
      }
    }

    beforeEach(() => {
      cache = new BrokenCache('book');
      caches.add(cache);
      handler = sinon.createStubInstance(FailOpenCacheErrorHandler) as never;
    });

    it('tells the error handler of each key, by its verb', async () => {
      caching.container.rebind(CacheErrorHandler).toConstantValue(handler);
      expect(await serve(Books).findAll(['a', 'x', 'b'])).to.deep.equal(elementsOf(['a', 'b']));
      expect(handler.handleCacheGetError.args).to.deep.equal(['a', 'x', 'b'].map((key) => [failure, cache, key]));
      expect(handler.handleCachePutError.args).to.deep.equal(['a', 'b'].map((key) => [failure, cache, key, `book ${key}`]));
      expect(body.args).to.deep.equal([[['a', 'x', 'b']]]);
    });

    it('tells of each key, too, if it only knows getAll and getOrLoad', async () => {
      caching.container.rebind(CacheErrorHandler).toConstantValue(handler);
      cache = new MapCache('book');
      cache.getAll = () => Promise.reject(failure);
      const getOrLoad = cache.getOrLoad.bind(cache);
      cache.getOrLoad = async <V>(...[key, loader, options]: Parameters<Cache['getOrLoad']>) => {
        const value = await getOrLoad(key, loader, { ...options, unless: () => true });
        options?.onError?.('put', failure, value);
        return value as V;
      };
      caches.add(cache);
      expect(await serve(Books).findAll(['a', 'b'])).to.deep.equal(elementsOf(['a', 'b']));
      expect(handler.handleCacheGetError.args).to.deep.equal(['a', 'b'].map((key) => [failure, cache, key]));
      expect(handler.handleCachePutError.args).to.deep.equal(['a', 'b'].map((key) => [failure, cache, key, `book ${key}`]));
      expect(body.callCount).to.equal(1);
    });

    it('does not break a read by default, and does under SimpleCacheErrorHandler, with the very error', async () => {
      expect(await serve(Books).findAll(['a'])).to.deep.equal(elementsOf(['a']));
      caching = mapCaching();
      caching.caches.add(cache);
      caching.container.bind(Books).toSelf();
      caching.container.rebind(CacheErrorHandler).toConstantValue(new SimpleCacheErrorHandler());
      expect(await rejection(caching.container.get(Books).findAll(['a']))).to.equal(failure);
      expect(body.callCount).to.equal(1);
    });
  });

  describe('a method over many ids that asks for some of them again', () => {
    class Books {
      again: readonly string[] = [];

      @CacheableAll('book')
      async findAll(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        const { again } = this;
        this.again = [];
        await turn();
        if (again.length === 1) await this.find(again[0]!);
        if (again.length > 1) await this.findAll(again);
        return elementsOf(ids);
      }

      @Cacheable('book')
      async find(id: string): Promise<string> {
        body(id);
        const { again } = this;
        this.again = [];
        await turn();
        if (again.length > 0) await this.findAll(again);
        return `book ${id}`;
      }
    }

    it('by the method over one id, does not wait for itself', async () => {
      const books = serve(Books);
      books.again = ['b'];
      expect(await books.findAll(['a', 'b'])).to.deep.equal(elementsOf(['a', 'b']));
      expect(body.args).to.deep.equal([[['a', 'b']], ['b']]);
    });

    it('by itself, does not wait for itself, and gets each of them once', async () => {
      const books = serve(Books);
      books.again = ['b', 'c', 'b', 'c'];
      expect(await books.findAll(['a', 'b'])).to.deep.equal(elementsOf(['a', 'b']));
      expect(body.args.map(([ids]) => [...(ids as string[])].sort())).to.deep.equal([['a', 'b'], ['b'], ['c']]);
      expect(await books.findAll(['a', 'b', 'c'])).to.deep.equal(elementsOf(['a', 'b', 'c']));
      expect(body.callCount).to.equal(3);
    });

    it('from within the method over one id, does not wait for that one', async () => {
      const books = serve(Books);
      books.again = ['a', 'a', 'b'];
      expect(await books.find('a')).to.equal('book a');
      expect(body.args).to.deep.equal([['a'], [['a']], [['b']]]);
      expect(keysOf(caches.cache('book')).sort()).to.deep.equal(['a', 'b']);
    });

    it('through two caches, does not wait for itself', async () => {
      class Library {
        again = true;

        @CacheableAll(['outer', 'inner'])
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          const { again } = this;
          this.again = false;
          await turn();
          return again ? this.findAll(ids) : elementsOf(ids);
        }
      }
      expect(await serve(Library).findAll(['a', 'b'])).to.deep.equal(elementsOf(['a', 'b']));
      expect(body.args).to.deep.equal([[['a', 'b']], [['a', 'b']]]);
    });
  });

  describe('a method over many ids without caches', () => {
    class Books {
      @CacheableAll('book')
      async findAll(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        return elementsOf(ids);
      }
    }

    it('runs as it is where caching is off', async () => {
      const { container, caches: unused } = mapCaching(undefined, { enabled: false });
      container.bind(Books).toSelf();
      const ids = ['a', 'a', 'x'];
      for (let i = 0; i < 2; i += 1) expect(await container.get(Books).findAll(ids)).to.deep.equal(elementsOf(['a']));
      expect(body.args).to.deep.equal([[ids], [ids]]);
      expect(body.firstCall.args[0]).to.equal(ids);
      expect(unused.cacheNames).to.deep.equal([]);
    });

    it('runs as it is once the container is gone', async () => {
      const books = serve(Books);
      await books.findAll(['a']);
      await caching.container.unbindAllAsync();
      const ids = ['a', 'a'];
      await books.findAll(ids);
      expect(body.lastCall.args[0]).to.equal(ids);
      expect(body.callCount).to.equal(2);
    });

    it('needs a cache', async () => {
      class Nameless {
        @CacheableAll()
        async findAll(_ids: readonly string[]): Promise<Map<string, string>> {
          return new Map();
        }
      }
      expect((await rejection(serve(Nameless).findAll(['a']))).message).to.equal(
        'No cache for @CacheableAll on Nameless.findAll: SimpleCacheResolver chose none. ' +
          'Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
      );
    });
  });

  describe('a method over many ids inside a transaction', () => {
    class Books {
      @CacheableAll('book')
      async findAll(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        return elementsOf(ids);
      }

      @CacheEvict('book')
      async evict(_id: string): Promise<void> {}
    }

    it('loads what the transaction has touched, and stores nothing', async () => {
      const { caches: target } = mapCaching();
      const transactions = (): TransactionSynchronization => caching.container.get(TransactionSynchronization);
      caching.container
        .rebind(CacheManager)
        .toConstantValue(new TransactionAwareCacheManager(target, { transactions, failures: sinon.fake() }));
      const books = serve(Books);
      await books.findAll(['a', 'b']);
      body.resetHistory();
      await runInTransaction(async () => {
        await books.evict('b');
        for (let i = 0; i < 2; i += 1) expect(await books.findAll(['a', 'b', 'c', 'x', 'b'])).to.deep.equal(elementsOf(['a', 'b', 'c']));
      });
      expect(body.args).to.deep.equal([[['b', 'c', 'x']], [['b', 'c', 'x']]]);
      expect(keysOf(target.cache('book'))).to.deep.equal(['a']);
      await books.findAll(['a', 'b', 'c']);
      expect(body.lastCall.args).to.deep.equal([['b', 'c']]);
      expect(keysOf(target.cache('book'))).to.deep.equal(['a', 'b', 'c']);
    });
  });

  describe('a method over many ids in the caches of this library', () => {
    let container: Container;
    let book: Cache;
    let told: string[];

    interface Book {
      readonly id: string;
      readonly author: string;
    }

    class Books {
      @CacheableAll('book', { tags: ({ author }, id) => [`author:${author}`, id], unless: ({ author }) => author === 'nobody' })
      async findAll(ids: readonly string[]): Promise<Map<string, Book>> {
        body(ids);
        return new Map(ids.filter(exists).map((id) => [id, { id, author: id.startsWith('n') ? 'nobody' : id.slice(0, 1) }]));
      }

      @CacheEvict('book', { tags: (author) => [`author:${author}`] })
      async rename(_author: string): Promise<void> {}

      @CacheableAll('book', {
        key: (id) => ['odd', id],
        tags: (_element, id) => {
          if (id === 'b') throw new Error('no tags');
          return [];
        },
      })
      async odd(ids: readonly string[]): Promise<Map<string, string>> {
        body(ids);
        return elementsOf(ids);
      }
    }

    let books: Books;

    beforeEach(async () => {
      told = [];
      container = new Container();
      container.bind(Books).toSelf();
      const manager = await enableCaching(container, { namespace: 'interceptor-all', caches: { book: { tags: true } }, logger: false });
      container.get(CacheEvents).on('error', ({ where, error }) => told.push(`${where}: ${(error as Error).message}`));
      books = container.get(Books);
      book = manager.getCache('book')!;
      await manager.clearAll();
    });

    afterEach(() => container.unbindAllAsync());

    it('carries tags per element, by which an eviction names them', async () => {
      await books.findAll(['a1', 'b1', 'a2', 'n1', 'x']);
      await books.rename('a');
      body.resetHistory();
      expect([...(await books.findAll(['a1', 'b1', 'a2']))]).to.have.lengthOf(3);
      await book.evictTagged(['b1']);
      await books.findAll(['a1', 'b1', 'a2', 'n1', 'x']);
      expect(body.args).to.deep.equal([[['a1', 'a2']], [['b1', 'n1', 'x']]]);
    });

    it('leaves an element unstored whose tags cannot be made, and tells of it', async () => {
      for (let i = 0; i < 2; i += 1) expect(await books.odd(['a', 'b', 'c'])).to.deep.equal(elementsOf(['a', 'b', 'c']));
      expect(body.args).to.deep.equal([[['a', 'b', 'c']], [['b']]]);
      expect(told).to.have.lengthOf(2);
      expect(told[0]).to.equal("`tags` of a load into cache 'book': no tags");
    });

    it('answers hits with the values of the local tier, in the same turn of the event loop', async () => {
      await books.findAll(['a1', 'b1']);
      const found = books.findAll(['b1', 'a1']);
      let ids: readonly string[] = [];
      void found.then((map) => (ids = [...map.keys()]));
      await Promise.resolve();
      expect(ids).to.deep.equal(['b1', 'a1']);
      expect(body.callCount).to.equal(1);
    });

    it('does not wait for itself when its method asks for the same ids', async () => {
      class Circle {
        @CacheableAll('book')
        async findAll(ids: readonly string[]): Promise<Map<string, string>> {
          body(ids);
          await turn();
          return body.callCount < 2 ? this.findAll([...ids, ...ids]) : elementsOf(ids);
        }
      }
      container.bind(Circle).toSelf();
      expect(await container.get(Circle).findAll(['a', 'b'])).to.deep.equal(elementsOf(['a', 'b']));
      expect(body.args).to.deep.equal([[['a', 'b']], [['a', 'b']]]);
    });
  });
});
