/**
 * What happened: `cache.evict(['Dune', 2])` after `put(['Dune', 2])` evicted two other keys, because an array meant several keys there. And there
 * was no way to put many entries, to clear all caches, or to be told of a cache that does not exist.
 *
 * Decided: `evict` takes one key; `evictAll`, `putAll`, `manager.clearAll()` say in their name that they take many; `manager.cache<Book>(name)`
 * throws for a name that is not known.
 */
import { expect } from 'chai';
import { type Cache, CacheKeyError, type CacheManager, NoOpCacheManager, runInTransaction } from '../../lib/index.js';
import { AsyncLocalTransactionSynchronization, TransactionAwareCache, TransactionAwareCacheManager } from '../../lib/transaction/index.js';
import { Fleet, type Instance } from '../contract/fleet.js';
import { cacheErrorIn, cacheErrorOf } from '../contract/rejection.js';
import { MapCache } from '../support/map-cache.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

interface Book {
  readonly price: number;
}

describe('Issue 5: many entries at once', () => {
  let fleet: Fleet;
  let one: Instance;
  let other: Instance;

  beforeEach(async () => {
    fleet = new Fleet({ redis: (await sharedRedis()).url, namespace: ownNamespace('many') });
    [one, other] = [await fleet.join(), await fleet.join()];
  });
  afterEach(() => fleet.stop());

  it('`evict` takes one key, an array too', async () => {
    await one.cache.putAll([
      [['Dune', 2], 'composite'],
      ['Dune', 'title'],
      [2, 'number'],
    ]);
    await one.cache.evict(['Dune', 2]);
    expect(await one.cache.getAll([['Dune', 2], 'Dune', 2])).to.deep.equal([undefined, { value: 'title' }, { value: 'number' }]);
  });

  for (const [what, entries] of [
    ['a Map', new Map(Array.from({ length: 1_500 }, (_, i) => [`key-${i}`, { price: i }]))],
    ['an array of pairs', Array.from({ length: 3 }, (_, i) => [`key-${i}`, { price: i }] as const)],
    [
      'a generator',
      (function* () {
        for (let i = 0; i < 3; i += 1) yield [`key-${i}`, { price: i }] as const;
      })(),
    ],
  ] as const) {
    it(`\`putAll\` takes ${what}: they replace what any instance holds`, async () => {
      await one.cache.put('key-0', { price: -1 });
      expect(await other.cache.get('key-0')).to.deep.equal({ value: { price: -1 } });
      await one.cache.putAll(entries as Iterable<readonly [string, Book]>);
      await waitFor(() => other.cache.hitNow('key-0') === undefined, { what: 'the message' });
      expect(await other.cache.getAll(['key-0', 'key-2'])).to.deep.equal([{ value: { price: 0 } }, { value: { price: 2 } }]);
    });
  }

  it('`putAll` needs two scripts for many entries, not two each', async () => {
    const server = await sharedRedis();
    const callsOf = async (): Promise<number> => (await server.commandCalls())['evalsha'] ?? 0;
    const before = await callsOf();
    await one.cache.putAll(Array.from({ length: 100 }, (_, i) => [i, i] as const));
    expect((await callsOf()) - before).to.be.at.most(10); // The heartbeats of specs that run beside it count too.
  });

  it('`putAll` stores the later of two entries with one key, lives as long as it is told, and refuses as a whole what holds no key', async () => {
    await one.cache.putAll(
      [
        ['Dune', 1],
        ['Dune', 2],
      ],
      { ttl: '10s' },
    );
    expect(await one.cache.get('Dune')).to.deep.equal({ value: 2 });
    one.clock.advance(10_000);
    expect(one.cache.hitNow('Dune')).to.equal(undefined);
    const bad = [
      ['Emma', 1],
      [new Map(), 2],
    ] as never;
    expect(await cacheErrorOf(one.cache.putAll(bad))).to.be.an.instanceOf(CacheKeyError);
    expect(await one.cache.get('Emma')).to.equal(undefined);
    for (const wrong of [undefined, null, 5, {}, 'ab'])
      expect((await cacheErrorOf(one.cache.putAll(wrong as never))).message).to.match(
        /^Expected `entries` to be a Map or another iterable of pairs/,
      );
  });

  it('`putAll` tries all, and throws the first failure', async () => {
    const error = await cacheErrorOf(
      one.cache.putAll([
        ['Dune', () => 1],
        ['Emma', 2],
      ]),
    );
    expect(error.code).to.equal('CACHE_VALUE_UNSUPPORTED');
    expect(await one.cache.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, { value: 2 }]);
  });

  it('`putAll` waits for the commit, with what the entries were then, and is dropped by a rollback', async () => {
    const cache = new TransactionAwareCache(one.cache, new AsyncLocalTransactionSynchronization(), () => expect.fail('Nothing fails.'));
    const entries = new Map([['Dune', 1]]);
    await runInTransaction(async () => {
      await cache.putAll(entries);
      entries.set('Emma', 2);
      expect(await one.cache.get('Dune')).to.equal(undefined);
    });
    expect(await one.cache.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 1 }, undefined]);
    const rollback = new Error('rollback');
    const rolledBack = runInTransaction(async () => {
      await cache.putAll([['Solaris', 3]]);
      throw rollback;
    });
    expect(await rolledBack.catch((error: unknown) => error)).to.equal(rollback);
    expect(await one.cache.get('Solaris')).to.equal(undefined);
  });

  it('`putAll` of a cache of one’s own puts them one by one', async () => {
    const cache: Cache = new MapCache('own');
    await cache.putAll(new Map([['Dune', 1]]));
    expect(await cache.get('Dune')).to.deep.equal({ value: 1 });
  });

  it('`manager.clearAll` clears every cache of the manager, in every instance', async () => {
    for (const name of ['book', 'author']) {
      for (const { runtime } of [one, other]) await runtime.manager.cache(name).getOrLoad('key', () => 1);
    }
    await one.runtime.manager.clearAll();
    for (const name of ['book', 'author']) expect(await one.runtime.manager.cache(name).get('key')).to.equal(undefined);
    await waitFor(() => other.cache.statistics().localSize === 0, { what: 'the message' });
  });

  it('`manager.cache` has the type that is asked for, and throws for a name that is not known', async () => {
    const { manager } = (await fleet.join({}, { dynamic: false })).runtime;
    const books: Cache<Book> = manager.cache<Book>('book');
    await books.put('Dune', { price: 5 });
    const price: number | undefined = (await books.get('Dune'))?.value.price;
    expect(price).to.equal(5);
    // @ts-expect-error -- no book
    await books.put('Dune', 'cheap');
    // @ts-expect-error -- no book
    await books.putAll([['Dune', 'cheap']]);
    const aware = new TransactionAwareCacheManager(manager, {
      transactions: () => new AsyncLocalTransactionSynchronization(),
      failures: () => expect.fail('Nothing fails.'),
    });
    for (const each of [manager, aware] as readonly CacheManager[]) {
      const error = cacheErrorIn(() => each.cache('bok'));
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_NAME_UNKNOWN',
        "There is no cache 'bok': the cache manager knows 'book'. Did you mean `book`? Add it to `caches`, or let the manager be `dynamic`.",
      ]);
    }
    expect(new NoOpCacheManager().cache('any').name).to.equal('any');
  });
});
