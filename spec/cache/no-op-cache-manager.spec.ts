import { expect } from 'chai';
import { hitNow } from '../../lib/cache/hit-now.js';
import { CompositeCacheManager, NoOpCache, NoOpCacheManager } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';

describe(NoOpCacheManager.name, () => {
  it('gives the same cache for a name each time, and lists what was asked for', async () => {
    const manager = new NoOpCacheManager();
    await manager.start();
    expect(manager.cacheNames).to.deep.equal([]);
    const book = manager.getCache('book');
    expect(book).to.be.instanceOf(NoOpCache);
    expect(book.name).to.equal('book');
    expect(manager.getCache('book')).to.equal(book);
    expect(manager.getCache('author')).not.to.equal(book);
    expect(manager.cacheNames).to.deep.equal(['book', 'author']);
    expect(manager.health()).to.deep.equal({ status: 'up', links: {}, caches: { book: { status: 'up' }, author: { status: 'up' } } });
    expect(manager.statistics()['book']?.misses).to.equal(0);
    await manager.stop();
  });
});

describe(NoOpCache.name, () => {
  it('stores nothing', async () => {
    const cache = new NoOpCache('book');
    await cache.put();
    expect(await cache.get()).to.equal(undefined);
    expect(await cache.putIfAbsent()).to.equal(undefined);
    expect(await cache.putIfAbsent()).to.equal(undefined);
    expect(await cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
    expect(await cache.evictIfPresent()).to.equal(false);
    expect(await cache.invalidate()).to.equal(false);
    await cache.evict();
    await cache.clear();
    expect(hitNow(cache, 'a')).to.equal(undefined);
  });

  it('always runs the loader, for each caller alone, and hands on its error', async () => {
    const cache = new NoOpCache('book');
    let runs = 0;
    const load = (): Promise<number> => cache.getOrLoad('Dune', async () => (runs += 1));
    expect(await Promise.all([load(), load()])).to.deep.equal([1, 2]);
    const boom = new Error('boom');
    const failing = cache.getOrLoad('Dune', () => {
      throw boom;
    });
    expect(await rejectionOf(failing)).to.equal(boom);
  });
});

describe('records by cache name', () => {
  const names = ['__proto__', 'constructor', 'toString', 'book'];

  for (const [what, manager] of [
    ['of a NoOpCacheManager', new NoOpCacheManager()],
    ['of a CompositeCacheManager', new CompositeCacheManager([new NoOpCacheManager(), new NoOpCacheManager()])],
  ] as const) {
    it(`have these names and no others (${what})`, () => {
      for (const name of names) manager.getCache(name);
      for (const record of [manager.health().caches, manager.statistics()]) {
        expect(Object.keys(record).sort()).to.deep.equal([...names].sort());
        expect([record['valueOf'], Object.getPrototypeOf(record)]).to.deep.equal([undefined, null]);
      }
    });
  }

  it('do not grow for ever with the names that are asked for', () => {
    const manager = new NoOpCacheManager();
    for (let i = 0; i < 20_000; i += 1) manager.getCache(`tenant-${i}`);
    expect(manager.cacheNames.length).to.be.at.most(10_000);
    expect(manager.getCache('tenant-1')).to.equal(manager.getCache('tenant-1'));
  });
});
