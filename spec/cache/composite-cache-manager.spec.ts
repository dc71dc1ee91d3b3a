import { expect } from 'chai';
import sinon from 'sinon';
import { type CacheHealth, type CacheManager, CacheConfigurationError, CompositeCacheManager, NoOpCache } from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { MapCacheManager } from '../support/map-cache.js';

describe(CompositeCacheManager.name, () => {
  const books = (): MapCacheManager => new MapCacheManager(['book', 'shared']);
  const authors = (): MapCacheManager => new MapCacheManager(['author', 'shared']);

  it('asks one after the other', () => {
    const [first, second] = [books(), authors()];
    const composite = new CompositeCacheManager([first, second]);
    expect(composite.getCache('book')).to.equal(first.cache('book'));
    expect(composite.getCache('author')).to.equal(second.cache('author'));
    expect(composite.getCache('shared')).to.equal(first.cache('shared'));
    expect(composite.getCache('unknown')).to.equal(undefined);
    expect(composite.cacheNames).to.deep.equal(['book', 'shared', 'author']);
    expect(Object.keys(composite.statistics()).sort()).to.deep.equal(['author', 'book', 'shared']);
  });

  it('gives a cache that does nothing for what nobody knows, where that is wanted', () => {
    const first = books();
    const composite = new CompositeCacheManager([first], { fallbackToNoOpCache: true });
    expect(composite.getCache('book')).to.equal(first.cache('book'));
    const unknown = composite.getCache('unknown');
    expect(unknown).to.be.instanceOf(NoOpCache);
    expect(composite.getCache('unknown')).to.equal(unknown);
  });

  it('refuses to be made of nothing', () => {
    const nothing = [undefined] as unknown as CacheManager[];
    for (const managers of [[], nothing]) {
      expect(() => new CompositeCacheManager(managers)).to.throw(
        CacheConfigurationError,
        /^Expected `managers` to be at least one cache manager\.$/,
      );
    }
  });

  it('starts all of them, and then fails with the first that failed', async () => {
    const [first, second] = [books(), authors()];
    const composite = new CompositeCacheManager([first, second]);
    await composite.start();
    const boom = new Error('boom');
    sinon.stub(first, 'start').rejects(boom);
    const start = sinon.stub(second, 'start').resolves();
    expect(await rejectionOf(composite.start())).to.equal(boom);
    expect(start.callCount).to.equal(1);
  });

  it('stops all of them', async () => {
    const managers = [books(), authors()];
    const stops = managers.map((manager) => sinon.spy(manager, 'stop'));
    await new CompositeCacheManager(managers).stop();
    expect(stops.map(({ callCount }) => callCount)).to.deep.equal([1, 1]);
  });

  it('is up or down only if all of them are', () => {
    const health = (...statuses: CacheHealth['status'][]): CacheHealth => {
      const managers = statuses.map((status, i) => {
        const manager = books();
        sinon
          .stub(manager, 'health')
          .returns({ status, links: { command: status }, caches: { [`c${i}`]: { status }, shared: { status } } });
        return manager;
      });
      return new CompositeCacheManager(managers).health();
    };
    expect(health('up', 'up').status).to.equal('up');
    expect(health('down', 'down').status).to.equal('down');
    expect(health('up', 'down')).to.deep.equal({
      status: 'degraded',
      links: { '0.command': 'up', '1.command': 'down' },
      caches: { c0: { status: 'up' }, c1: { status: 'down' }, shared: { status: 'up' } },
    });
  });
});
