import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import { Cacheable, CacheEvict, CachePut, enableCaching, runInTransaction, withoutCache } from '../../lib/index.js';

describe(withoutCache.name, () => {
  let container: Container;
  let service: BookService;
  let runs: number;

  @injectable()
  class BookService {
    @Cacheable('book')
    async find(_title: string): Promise<number> {
      return (runs += 1);
    }

    @Cacheable(['without-a', 'without-b'])
    async count(_title: string): Promise<number> {
      return (runs += 1);
    }

    /** Calls a method that is cached too. */
    async both(title: string): Promise<readonly number[]> {
      return [await this.find(title), await this.count(title)];
    }

    @CachePut('book', { key: (title: string) => title })
    async rename(_title: string): Promise<number> {
      return 100;
    }

    @CacheEvict('book')
    async remove(_title: string): Promise<void> {}
  }

  beforeEach(async () => {
    runs = 0;
    container = new Container();
    container.bind(BookService).toSelf().inSingletonScope();
    await enableCaching(container, { namespace: 'without-cache' });
    service = container.get(BookService);
  });

  afterEach(() => container.unbindAllAsync());

  it('runs decorated methods, whatever calls them, and what they return is stored in all their caches', async () => {
    expect(await service.both('Dune')).to.deep.equal([1, 2]);
    expect(await service.both('Dune')).to.deep.equal([1, 2]);
    expect(await withoutCache(() => service.both('Dune'))).to.deep.equal([3, 4]);
    expect(await service.both('Dune'), 'stored').to.deep.equal([3, 4]);
    expect(await withoutCache(() => service.both('Dune'), { store: false })).to.deep.equal([5, 6]);
    expect(await service.both('Dune'), 'not stored').to.deep.equal([3, 4]);
  });

  it('lets puts and evictions be', async () => {
    await service.find('Dune');
    await withoutCache(() => service.rename('Dune'));
    expect(await service.find('Dune')).to.equal(100);
    await withoutCache(() => service.remove('Dune'));
    expect(await service.find('Dune')).to.equal(2);
  });

  it('reads nothing inside a transaction either, which stores nothing', async () => {
    await service.find('Dune');
    const inside = (): Promise<number> => runInTransaction(() => service.find('Dune'));
    expect(await inside()).to.equal(1);
    expect(await withoutCache(inside)).to.equal(2);
    expect(await service.find('Dune')).to.equal(1);
  });

  it('passes on what the work throws', async () => {
    const failure = new Error('The work failed.');
    const failing = withoutCache(() => {
      throw failure;
    });
    expect(await failing.catch((error: unknown) => error)).to.equal(failure);
  });
});
