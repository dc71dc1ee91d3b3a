import { expect } from 'chai';
import sinon from 'sinon';
import { NoOpCacheManager, TransactionAwareCache, TransactionAwareCacheManager } from '../../lib/index.js';
import { MapCache, MapCacheManager } from '../support/map-cache.js';

describe(TransactionAwareCacheManager.name, () => {
  const failures = sinon.stub();
  let target: MapCacheManager;
  let transactions: sinon.SinonStub;
  let manager: TransactionAwareCacheManager;

  beforeEach(() => {
    target = new MapCacheManager();
    transactions = sinon.stub().returns({ current: undefined, isActive: false });
    manager = new TransactionAwareCacheManager(target, { transactions, failures });
  });

  it('goes around every cache, early or late, and gives the same one each time', () => {
    target.add(new MapCache('early'));
    for (const name of ['early', 'late']) {
      const cache = manager.getCache(name) as TransactionAwareCache;
      expect(cache).to.be.instanceOf(TransactionAwareCache);
      expect(cache.target).to.equal(target.cache(name));
      expect(manager.getCache(name)).to.equal(cache);
    }
    expect(transactions.callCount).to.equal(1);
  });

  it('asks for the transactions no earlier than for the first cache, so that they can be rebound', () => {
    expect(manager.cacheNames).to.deep.equal([]);
    expect(transactions.called).to.equal(false);
  });

  it('has nothing for a name that the target does not know', () => {
    const fixed = new TransactionAwareCacheManager(new MapCacheManager(['book']), { transactions, failures });
    expect(fixed.getCache('author')).to.equal(undefined);
    expect(fixed.cacheNames).to.deep.equal(['book']);
  });

  it('follows a target that replaces a cache', () => {
    const before = manager.getCache('book');
    const replaced = new MapCache('book');
    target.add(replaced);
    const after = manager.getCache('book') as TransactionAwareCache;
    expect(after).not.to.equal(before);
    expect(after.target).to.equal(replaced);
  });

  it('does not go around a cache twice', () => {
    const twice = new TransactionAwareCacheManager(manager, { transactions, failures });
    expect(twice.getCache('book')).to.equal(manager.getCache('book'));
  });

  it('starts, stops and tells what the target does', async () => {
    const spied = sinon.spy(new NoOpCacheManager());
    const proxy = new TransactionAwareCacheManager(spied, { transactions, failures });
    await proxy.start();
    await proxy.stop();
    proxy.getCache('book');
    expect(proxy.health()).to.deep.equal({ status: 'up', links: {}, caches: { book: { status: 'up' } } });
    expect(Object.keys(proxy.statistics())).to.deep.equal(['book']);
    expect([spied.start.callCount, spied.stop.callCount]).to.deep.equal([1, 1]);
  });
});
