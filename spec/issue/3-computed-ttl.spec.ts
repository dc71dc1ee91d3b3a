/**
 * A `ttl` that a function computes turned a success into an error when it was none: `NaN` of a missing field, what is left of a token that has
 * run out, a date in milliseconds taken for a span. With `@CachePut` the method had written by then, and the old value stayed in the cache.
 * Where nothing was thrown, because a cache's own `getOrLoad` survived it, nobody was told that the value is never stored.
 *
 * The method's result is returned and not stored, and an `error` event tells. 0 or less says "do not store", and is told to nobody. What is
 * under the key of a `@CachePut` is evicted in both cases: it is out of date. So it is by a `put` whose value is refused.
 */
import { expect } from 'chai';
import { Container } from 'inversify';
import {
  Cacheable,
  CacheErrorHandler,
  CacheEvents,
  CacheEvictError,
  CacheManager,
  CachePut,
  Caching,
  type CachingOptions,
  type Duration,
  enableCaching,
  runInTransaction,
  SimpleCacheErrorHandler,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';

const failure = new Error('There is no expiry date.');

/** What a `ttl` gave, and what is told of it. */
const INVALID: readonly (readonly [title: string, ttl: () => unknown, told: string])[] = [
  ['NaN', () => Number.NaN, 'got `NaN` (number).'],
  ['endless', () => Number.POSITIVE_INFINITY, 'got `Infinity` (number).'],
  ['too long', () => Date.now(), '(number).'],
  ['no duration', () => '5 minutes', 'got `5 minutes` (string).'],
  ['undefined', () => undefined, 'got `undefined` (undefined).'],
  ['a promise', async () => '5m', '(object).'],
  [
    'thrown',
    () => {
      throw failure;
    },
    failure.message,
  ],
];

const NONE: readonly (readonly [title: string, ttl: () => unknown])[] = [
  ['0', () => 0],
  ["'0s'", () => '0s'],
  ['negative', () => -5],
  ['endlessly negative', () => Number.NEGATIVE_INFINITY],
];

describe('Issue 3: a computed ttl', () => {
  let container: Container;
  let caches: CacheManager;
  let told: { where: string; message: string }[];
  let ttl: () => Duration;
  let asked: number;

  class Books {
    @Cacheable('book', { ttl: () => ttl() })
    async find(name: string): Promise<string> {
      asked += 1;
      return name;
    }

    @CachePut(['book', 'title'], { ttl: () => ttl() })
    async save(name: string): Promise<string> {
      return name;
    }

    @Caching({ cacheable: { cacheNames: 'other' }, put: { cacheNames: 'book', ttl: () => ttl() } })
    async refresh(name: string): Promise<string> {
      return name;
    }
  }
  let books: Books;

  const open = async (options: CachingOptions = {}): Promise<void> => {
    container = new Container();
    container.bind(Books).toSelf();
    caches = await enableCaching(container, { namespace: '3-computed-ttl', caches: { strict: { allowNullValues: false } }, ...options });
    container.get(CacheEvents).on('error', ({ where, error }) => void told.push({ where, message: (error as Error).message }));
    books = container.get(Books);
  };
  const cache = (name = 'book') => caches.getCache(name)!;

  beforeEach(async () => {
    [told, asked] = [[], 0];
    await open();
  });

  afterEach(() => container.unbindAllAsync());

  for (const [title, given, message] of INVALID) {
    describe(`that is ${title}`, () => {
      beforeEach(() => (ttl = given as () => Duration));

      const toldOf = (...wheres: string[]): void => {
        expect(told.map(({ where }) => where)).to.deep.equal(wheres);
        for (const each of told) expect(each.message.endsWith(message), each.message).to.equal(true);
      };

      it('returns the result of @Cacheable, stores nothing and tells', async () => {
        expect([await books.find('Dune'), await books.find('Dune'), asked]).to.deep.equal(['Dune', 'Dune', 2]);
        expect(await cache().get('Dune')).to.equal(undefined);
        toldOf('`ttl` of @Cacheable on Books.find', '`ttl` of @Cacheable on Books.find');
      });

      it('returns the result of @CachePut, evicts what was there and tells once for all its caches', async () => {
        for (const name of ['book', 'title']) await cache(name).put('Dune', 'old');
        expect(await books.save('Dune')).to.equal('Dune');
        for (const name of ['book', 'title']) expect(await cache(name).get('Dune')).to.equal(undefined);
        toldOf('`ttl` of @CachePut on Books.save');
      });

      it('leaves the loaded value to the caller of getOrLoad, and tells', async () => {
        expect(await cache().getOrLoad('Dune', () => 'Dune', { ttl })).to.equal('Dune');
        expect(await cache().get('Dune')).to.equal(undefined);
        toldOf("`ttl` of a load into cache 'book'");
      });
    });
  }

  for (const [title, given] of NONE) {
    describe(`that is ${title}`, () => {
      beforeEach(() => (ttl = given as () => Duration));

      it('stores nothing, and is told to nobody', async () => {
        expect([await books.find('Dune'), await books.find('Dune'), asked]).to.deep.equal(['Dune', 'Dune', 2]);
        expect(await cache().getOrLoad('Dune', () => 'Dune', { ttl })).to.equal('Dune');
        expect(await cache().get('Dune')).to.equal(undefined);
        expect(told).to.deep.equal([]);
      });

      it('evicts with @CachePut', async () => {
        for (const name of ['book', 'title']) await cache(name).put('Dune', 'old');
        expect(await books.save('Dune')).to.equal('Dune');
        expect(await books.refresh('Dune')).to.equal('Dune');
        for (const name of ['book', 'title']) expect(await cache(name).get('Dune')).to.equal(undefined);
        expect([await cache('other').get('Dune'), told]).to.deep.equal([{ value: 'Dune' }, []]);
      });
    });
  }

  it('that is none gives the right to fill back: the next load stores', async () => {
    for (const none of [() => 0, () => Number.NaN]) await cache().getOrLoad('Dune', () => 'first', { ttl: none });
    await cache().getOrLoad('Dune', () => 'second', { ttl: () => '5m' });
    expect(await cache().get('Dune')).to.deep.equal({ value: 'second' });
    expect(cache().statistics()).to.include({ refusedFills: 0 });
  });

  it('evicts at the commit where the @CachePut is in a transaction, and not if that is rolled back', async () => {
    ttl = () => 0;
    await cache().put('Dune', 'old');
    await rejectionOf(
      runInTransaction(async () => {
        await books.save('Dune');
        throw failure;
      }),
    );
    expect(await cache().get('Dune')).to.deep.equal({ value: 'old' });
    await runInTransaction(() => books.save('Dune'));
    expect(await cache().get('Dune')).to.equal(undefined);
  });

  it('whose eviction fails is told as an eviction, with the result', async () => {
    ttl = () => 0;
    const away = new CacheEvictError('book', 'Not acknowledged.');
    cache().evict = () => Promise.reject(away);
    const target = (cache() as unknown as { target?: { evict: unknown } }).target;
    if (target !== undefined) target.evict = () => Promise.reject(away);
    const error = (await rejectionOf(books.save('Dune'))) as CacheEvictError;
    expect([error.message, error.result]).to.deep.equal(['Not acknowledged.', 'Dune']);
  });

  it('does not reach an error handler that throws all it is told of', async () => {
    container.rebind(CacheErrorHandler).toConstantValue(new SimpleCacheErrorHandler());
    ttl = () => Number.NaN;
    expect([await books.find('Dune'), await books.save('Dune')]).to.deep.equal(['Dune', 'Dune']);
  });

  it('of 0 as an option still means without end, and one that is invalid is refused at decoration', async () => {
    await cache().put('Dune', 'Dune', { ttl: 0 });
    const { remote } = (await cache().inspect('Dune'))!;
    expect(remote.state === 'held' && remote.leftMs).to.be.above(29 * 86_400_000); // Thirty days.
    expect(() => Cacheable('book', { ttl: -5 })({}, 'find', { value: async () => 1 })).to.throw('expected `ttl` to be a duration');
  });

  describe('beside it: a put that is refused because of its ttl', () => {
    const put = (): Promise<void> => cache().put('Dune', 'new', { ttl: Number.NaN });

    it('is rejected, and evicts what was there', async () => {
      await cache().put('Dune', 'old');
      expect(await rejectionOf(put())).to.have.property('code', 'CACHE_OPTION_INVALID');
      expect(await cache().get('Dune')).to.equal(undefined);
    });

    it('evicts at the commit too, where the failure of a put is survived', async () => {
      await cache().put('Dune', 'old');
      await runInTransaction(put);
      expect(await cache().get('Dune')).to.equal(undefined);
    });
  });
});
