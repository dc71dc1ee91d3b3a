import { expect } from 'chai';
import { injectable, postConstruct, preDestroy } from 'inversify';
import {
  type AsyncMethod,
  Cacheable,
  CacheConfig,
  CacheConfigurationError,
  type CacheDecorator,
  CacheEvict,
  Caching,
  composeDecorators,
  KeyGenerator,
} from '../../lib/index.js';
import { cacheOperationsOf } from '../../lib/annotation/index.js';
import { mapCaching } from '../support/map-caching.js';

describe('a decorator above a class', () => {
  @Cacheable('book')
  class Books {
    runs: string[] = [];

    async find(name: string): Promise<string> {
      return this.run('find', name);
    }

    @Cacheable('own')
    async own(name: string): Promise<string> {
      return this.run('own', name);
    }

    @Caching({})
    async uncached(name: string): Promise<string> {
      return this.run('uncached', name);
    }

    run(method: string, name: string): string {
      this.runs.push(method);
      return name;
    }

    get count(): number {
      return this.runs.length;
    }

    static async all(): Promise<number> {
      return 1;
    }
  }

  it('decorates the async methods of the class, and leaves everything else alone', async () => {
    const { container, caches } = mapCaching();
    container.bind(Books).toSelf();
    const books = container.get(Books);
    for (let i = 0; i < 2; i += 1) {
      expect([await books.find('Dune'), await books.own('Dune'), await books.uncached('Dune')]).to.deep.equal(['Dune', 'Dune', 'Dune']);
    }
    expect(books.runs).to.deep.equal(['find', 'own', 'uncached', 'uncached']);
    expect(books.count).to.equal(4);
    expect(books.run('run', 'now')).to.equal('now');
    expect([caches.cache('book').entries.size, caches.cache('own').entries.size]).to.deep.equal([1, 1]);
    expect(await Books.all()).to.equal(1);
    expect(Books.prototype.find).to.have.property('name', 'find');
  });

  it('gives way to the decorators of a method, and adds to those of the class', () => {
    @Cacheable('upper')
    @CacheEvict('lower')
    class Stacked {
      async plain(): Promise<void> {}

      @Cacheable('own')
      async own(): Promise<void> {}
    }
    const names = (method: string): unknown[] => cacheOperationsOf(Stacked, method).map(({ kind, cacheNames }) => [kind, ...cacheNames]);
    expect(names('plain')).to.deep.equal([
      ['cacheable', 'upper'],
      ['evict', 'lower'],
    ]);
    expect(names('own')).to.deep.equal([['cacheable', 'own']]);
  });

  it('takes names and services of @CacheConfig, above it or below', async () => {
    const byMethod = Symbol('byMethod');
    class ByMethod extends KeyGenerator {
      override generate(_target: object, method: string | symbol, ...args: readonly unknown[]): string {
        return `${String(method)}(${args.join()})`;
      }
    }
    @CacheConfig({ cacheNames: 'above', keyGenerator: byMethod })
    @Cacheable()
    class Above {
      async find(name: string): Promise<string> {
        return name;
      }
    }
    @Cacheable()
    @CacheConfig({ cacheNames: 'below', keyGenerator: byMethod })
    class Below {
      async find(name: string): Promise<string> {
        return name;
      }
    }
    const { container, caches } = mapCaching();
    container.bind(byMethod).to(ByMethod);
    for (const [name, type] of [
      ['above', Above],
      ['below', Below],
    ] as const) {
      container.bind(type).toSelf();
      await container.get<Above>(type).find('Dune');
      expect([...caches.cache(name).entries.keys()]).to.deep.equal(['find(Dune)']);
    }
  });

  it('reaches a subclass by inheritance, and none of its own methods', async () => {
    @CacheConfig()
    class More extends Books {
      async more(name: string): Promise<string> {
        return this.run('more', name);
      }
    }
    const { container } = mapCaching();
    container.bind(More).toSelf();
    const books = container.get(More);
    for (let i = 0; i < 2; i += 1) await Promise.all([books.find('Dune'), books.more('Dune')]);
    expect(books.runs.sort()).to.deep.equal(['find', 'more', 'more']);
  });

  it('lets lifecycle methods run for each instance', async () => {
    const log: string[] = [];
    @injectable()
    @Cacheable('book')
    class Alive {
      @postConstruct()
      async open(): Promise<void> {
        log.push('open');
      }

      @preDestroy()
      async close(): Promise<void> {
        log.push('close');
      }

      async find(): Promise<void> {
        log.push('find');
      }
    }
    const { container } = mapCaching();
    container.bind(Alive).toSelf();
    for (let i = 0; i < 2; i += 1) await (await container.getAsync(Alive)).find();
    expect(log).to.deep.equal(['open', 'find', 'open']);
    expect(cacheOperationsOf(Alive, 'close')).to.deep.equal([]);
  });

  it('is refused where there is nothing to be cached', () => {
    const nothing = (): unknown => {
      @Cacheable('book')
      class Plain {
        find(): Promise<void> {
          return Promise.resolve();
        }
      }
      return Plain;
    };
    expect(nothing).to.throw(
      CacheConfigurationError,
      /^Invalid caching of Plain: it declares no async method to be cached\. Decorate methods one by one where they return promises without being `async`, or are inherited\.$/,
    );
  });

  it('has its options checked as above a method', () => {
    const sync = (): unknown => {
      @Cacheable(['a', 'b'], { sync: true })
      class Synced {
        async find(): Promise<void> {}
      }
      return Synced;
    };
    expect(sync).to.throw(
      CacheConfigurationError,
      "Invalid caching of Synced.find: @Cacheable with `sync: true` takes one cache, got 'a', 'b'.",
    );
  });

  it('works in the standard form, too', async () => {
    class Standard {
      runs = 0;
      async find(_name: string): Promise<number> {
        return (this.runs += 1);
      }
    }
    const decorate = Cacheable('book') as unknown as (value: unknown, context: unknown) => unknown;
    expect(decorate(Standard, { kind: 'class', name: 'Standard' })).to.equal(undefined);
    const { container } = mapCaching();
    container.bind(Standard).toSelf();
    const standard = container.get(Standard);
    expect([await standard.find('Dune'), await standard.find('Dune')]).to.deep.equal([1, 1]);
  });
});

describe(composeDecorators.name, () => {
  /** A stereotype with a parameter. */
  const BookWrite = <M extends AsyncMethod>(list: string): CacheDecorator<M> =>
    composeDecorators<M>(
      CacheEvict('book'),
      composeDecorators(CacheEvict(list, { allEntries: true }), Cacheable('upper')),
      Cacheable('lower'),
    );

  it('is the same as the decorators one above the other', () => {
    class Composed {
      @BookWrite('list')
      async composed(_name: string): Promise<void> {}

      @CacheEvict('book')
      @CacheEvict('list', { allEntries: true })
      @Cacheable('upper')
      @Cacheable('lower')
      async written(_name: string): Promise<void> {}

      @Cacheable('first')
      @BookWrite('list')
      async among(_name: string): Promise<void> {}
    }
    const written = cacheOperationsOf(Composed, 'written');
    expect(written.length).to.equal(4);
    expect(cacheOperationsOf(Composed, 'composed')).to.deep.equal(written);
    expect(cacheOperationsOf(Composed, 'among').slice(1)).to.deep.equal(written);
  });

  it('is applied like any of them: above classes, and in the standard form', () => {
    @BookWrite('list')
    class Whole {
      async find(): Promise<void> {}
    }
    expect(cacheOperationsOf(Whole, 'find').map(({ cacheNames }) => cacheNames[0])).to.deep.equal(['book', 'list', 'upper', 'lower']);
  });

  it('refuses what is no decorator', () => {
    expect(() => composeDecorators(Cacheable as never)).to.throw(
      CacheConfigurationError,
      /^Expected what @Cacheable, @CacheableAll, @CachePut, @CacheEvict or @Caching returns, got something else\./,
    );
  });
});
