import { expect } from 'chai';
import { NoOpCache, NoOpCacheManager } from '../../lib/index.js';
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
    expect(cache.peek('a')).to.equal(undefined);
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
