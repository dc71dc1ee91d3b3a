import { expect } from 'chai';
import sinon from 'sinon';
import type { CacheKey, Loader, LoadOptions } from '../../lib/cache/index.js';
import { NoOpCache } from '../../lib/cache/no-op-cache.js';
import { loadOneByOne } from '../../lib/cache/load-one-by-one.js';
import { neverAll, noted, slowly, valuesBy } from '../contract/collections-stage.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';
import { gate, turns } from '../support/promises.js';
import { MapCache } from '../support/map-cache.js';

describe(loadOneByOne.name, () => {
  let cache: MapCache;

  beforeEach(() => {
    cache = new MapCache('book');
  });

  it('is what a cache of one’s own does: it asks for all in one step, and loads what is missing in one call', async () => {
    await cache.put('b', 'put');
    const [getAll, { calls, load }] = [sinon.spy(cache, 'getAll'), noted()];
    const answer = await cache.getAllOrLoad(['c', 'b', 'a', 'c'], load, { ttl: (_value, key) => (key === 'a' ? '1m' : '2m') });
    expect([...answer]).to.deep.equal([['c', 'of c'], ['b', 'put'], ['a', 'of a']]); // prettier-ignore
    expect([calls, getAll.args]).to.deep.equal([[['c', 'a']], [[['c', 'b', 'a']]]]);
    expect(['a', 'c'].map((key) => [cache.peekValue(key), cache.ttlOf(key)])).to.deep.equal([['of a', '1m'], ['of c', '2m']]); // prettier-ignore
    expect(await cache.getAllOrLoad(['a', 'b', 'c'], neverAll)).to.have.length(3);
    expect(await cache.getAllOrLoad([], neverAll)).to.deep.equal(new Map());
  });

  it('stores nothing for what is absent or vetoed, unless `absent` says so', async () => {
    const loaded = (keys: readonly unknown[]): readonly unknown[] => keys.map((key) => (key === 'none' ? undefined : key));
    const { calls, load } = noted(loaded);
    for (let i = 0; i < 2; i += 1)
      expect([...(await cache.getAllOrLoad(['none', 'a', 'b'], load, { unless: (value) => value === 'b' }))]).to.deep.equal([['a', 'a'], ['b', 'b']]); // prettier-ignore
    expect(calls).to.deep.equal([
      ['none', 'a', 'b'],
      ['none', 'b'],
    ]);
    expect([...(await cache.getAllOrLoad(['none'], load, { absent: 'null', unless: () => true }))]).to.deep.equal([['none', null]]);
    expect([cache.has('none'), cache.peekValue('none')]).to.deep.equal([true, null]);
  });

  it('rejects with what the loader threw, and with mistakes of its caller', async () => {
    const thrown = new Error('The database is away.');
    expect(await rejectionOf(cache.getAllOrLoad(['a', 'b'], () => Promise.reject(thrown)))).to.equal(thrown);
    expect(cache.entries.size).to.equal(0);
    for (const [keys, load, options] of [
      ['a', neverAll, {}],
      [['a'], 'load', {}],
      [['a'], neverAll, { maximumBatch: 0 }],
    ])
      // prettier-ignore
      expect((await cacheErrorOf(cache.getAllOrLoad(keys as string[], load as never, options as object))).code).to.equal('CACHE_OPTION_INVALID');
  });

  it('loads everything if the cache cannot be asked, and tells of each key', async () => {
    const thrown = new Error('The cache is away.');
    sinon.stub(cache, 'getAll').rejects(thrown);
    const told: unknown[] = [];
    const { calls, load } = noted();
    const onError = (verb: string, error: unknown, key: unknown): void => void told.push([verb, error, key]);
    expect(await cache.getAllOrLoad(['a', 'b'], load, { onError })).to.deep.equal(valuesBy('of', ['a', 'b']));
    expect([told, calls]).to.deep.equal([[['get', thrown, 'a'], ['get', thrown, 'b']], [['a', 'b']]]); // prettier-ignore
    const strict = (_verb: string, error: unknown): never => {
      throw error;
    };
    expect(await rejectionOf(cache.getAllOrLoad(['x'], load, { onError: strict }))).to.equal(thrown);
  });

  it('keeps no loader waiting for loads of others, so that no circle comes about', async () => {
    const { promise, open } = gate<string>();
    const single = cache.getOrLoad('a', () => promise);
    const batch = await slowly(cache, ['a', 'b']);
    expect(batch.calls).to.deep.equal([['b']]);
    open('single');
    batch.succeed();
    expect([...(await batch.result)]).to.deep.equal([['a', 'single'], ['b', 'slow b']]); // prettier-ignore
    expect(await single).to.equal('single');
  });

  it('is not confused by a caller who changes his array', async () => {
    const keys = ['a', 'b'];
    const reading = cache.getAllOrLoad(keys, noted().load);
    keys.reverse().pop();
    expect([...(await reading)]).to.deep.equal([['a', 'of a'], ['b', 'of b']]); // prettier-ignore
  });

  it('loads all, in one call, where nothing is cached', async () => {
    const nothing = new NoOpCache('book');
    const { calls, load } = noted();
    for (let i = 0; i < 2; i += 1) expect(await nothing.getAllOrLoad(['a', 'b', 'a'], load)).to.deep.equal(valuesBy('of', ['a', 'b']));
    expect(calls).to.deep.equal([['a', 'b'], ['a', 'b']]); // prettier-ignore
  });

  const handing: Readonly<Record<string, (options: LoadOptions<unknown>) => LoadOptions<unknown>>> = {
    spreads: (options) => ({ ...options, ttl: '5s' }),
    'takes apart': ({ unless, onError, tags }) => ({ unless, onError, tags, ttl: '5s' }),
  };
  for (const [what, hand] of Object.entries(handing)) {
    it(`loses no option in a cache of one’s own that ${what} what it is given`, async () => {
      class Handing extends MapCache {
        override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options: LoadOptions<V> = {}): Promise<V> {
          const handed = hand(options as LoadOptions<unknown>) as LoadOptions<V>;
          handed.onError?.('get', 'told', undefined);
          return super.getOrLoad(key, loader, handed);
        }
      }
      const own = new Handing('book');
      const told: unknown[] = [];
      const onError = (...args: unknown[]): void => void told.push(args.slice(0, 3));
      const unless = (_value: unknown, key: CacheKey): boolean => key === 'vetoed';
      const { load } = noted((keys) => valuesBy('of', keys.filter((key) => key !== 'none'))); // prettier-ignore
      expect(await own.getAllOrLoad(['a', 'vetoed', 'none'], load, { unless, onError })).to.deep.equal(valuesBy('of', ['a', 'vetoed']));
      expect([...own.entries.keys()].map((key) => [key, own.peekValue(key), own.ttlOf(key)])).to.deep.equal([['a', 'of a', '5s']]);
      expect(told).to.deep.equal(['a', 'vetoed', 'none'].map((key) => ['get', 'told', key]));
      await own.getAllOrLoad(['none'], load, { absent: 'null', unless: () => true });
      expect([own.has('none'), own.peekValue('none')]).to.deep.equal([true, null]);
    });
  }

  it('rejects if a cache of one’s own throws at once for one key, and leaves no other rejection behind', async () => {
    const [thrown, late] = [new Error('at once'), gate()];
    class Throwing extends MapCache {
      override getOrLoad<V>(key: CacheKey): Promise<V> {
        if (key === 'b') throw thrown;
        return late.promise.then(() => Promise.reject(new Error('later')));
      }
    }
    const unhandled = sinon.spy();
    process.on('unhandledRejection', unhandled);
    try {
      expect(await rejectionOf(new Throwing('book').getAllOrLoad(['a', 'b'], neverAll))).to.equal(thrown);
      late.open();
      await turns(3);
      expect(unhandled.args).to.deep.equal([]);
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });
});
