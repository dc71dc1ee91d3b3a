/**
 * What happened: two repositories inherited their decorated methods from one generic class, each with its own `@CacheConfig`. As in Spring, the
 * configuration of the declaring class was taken, so both shared one cache, and read each other's values under the same ids.
 *
 * Decided, beyond Spring: an operation takes the `@CacheConfig` nearest to the instance's own class. One that ends without a name fails at start.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import {
  Cacheable,
  CacheConfig,
  type CacheConfigurationError,
  CacheEvict,
  CacheManager,
  type CacheOperationContext,
  CacheResolver,
  enableCaching,
  KeyGenerator,
  SimpleCacheResolver,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';
import { ownNamespace } from '../support/shared-redis.js';

abstract class Repository {
  loads = 0;
  protected abstract readonly kind: string;

  @Cacheable()
  async find(id: number): Promise<string> {
    this.loads += 1;
    return `${this.kind} ${id}`;
  }

  @CacheEvict()
  async remove(_id: number): Promise<void> {}
}
injectable()(Repository);

@injectable()
@CacheConfig({ cacheNames: 'book' })
class Books extends Repository {
  protected override readonly kind: string = 'book';
}

@injectable()
@CacheConfig({ cacheNames: 'author' })
class Authors extends Repository {
  protected override readonly kind = 'author';
}

/** Overrides a method, and reaches the decorated one by `super`. */
@injectable()
@CacheConfig({ cacheNames: 'shelf' })
class Shelves extends Repository {
  protected override readonly kind = 'shelf';
  override async find(id: number): Promise<string> {
    return `${await super.find(id)}!`;
  }
}

/** Without a configuration of its own: that of `Books` is the nearest. */
@injectable()
class Novels extends Books {
  protected override readonly kind = 'novel';
}

/** Takes that of its base, and another for itself. */
@injectable()
@CacheConfig({ cacheNames: 'magazine' })
class Magazines extends Books {
  protected override readonly kind = 'magazine';
}

@injectable()
class Nameless extends Repository {
  protected override readonly kind = 'nameless';
}

describe("Issue 5: a subclass's @CacheConfig", () => {
  let container: Container;

  const enable = async (...classes: (new () => Repository)[]): Promise<CacheManager> => {
    for (const type of classes) container.bind(type).toSelf().inSingletonScope();
    return enableCaching(container, { namespace: ownNamespace('inherited') });
  };
  /** The only cache in which a class's value for `id` is. */
  const cachesOf = async (manager: CacheManager, id: number): Promise<Record<string, unknown>> => {
    const found = await Promise.all(
      manager.cacheNames.map(async (name) => [name, (await manager.getCache(name)!.get(id))?.value] as const),
    );
    return Object.fromEntries(found.filter(([, value]) => value !== undefined));
  };

  beforeEach(() => {
    container = new Container();
  });
  afterEach(() => container.unbindAllAsync());

  it('names the cache of inherited methods, so that subclasses do not read each other', async () => {
    const manager = await enable(Books, Authors);
    const [books, authors] = [container.get(Books), container.get(Authors)];
    for (let i = 0; i < 3; i += 1) expect([await books.find(1), await authors.find(1)]).to.deep.equal(['book 1', 'author 1']);
    expect([books.loads, authors.loads]).to.deep.equal([1, 1]);
    expect(await cachesOf(manager, 1)).to.deep.equal({ book: 'book 1', author: 'author 1' });
    await books.remove(1);
    expect(await cachesOf(manager, 1)).to.deep.equal({ author: 'author 1' });
  });

  it('holds for a decorated method that an override calls by `super`', async () => {
    const manager = await enable(Shelves, Books);
    for (let i = 0; i < 3; i += 1) {
      expect([await container.get(Shelves).find(1), await container.get(Books).find(1)]).to.deep.equal(['shelf 1!', 'book 1']);
    }
    expect([container.get(Shelves).loads, container.get(Books).loads]).to.deep.equal([1, 1]);
    expect(await cachesOf(manager, 1)).to.deep.equal({ shelf: 'shelf 1', book: 'book 1' });
  });

  it('is that of the nearest base class, where the class has none', async () => {
    const manager = await enable(Novels, Magazines);
    await container.get(Novels).find(1);
    await container.get(Magazines).find(2);
    expect([await cachesOf(manager, 1), await cachesOf(manager, 2)]).to.deep.equal([{ book: 'novel 1' }, { magazine: 'magazine 2' }]);
  });

  it('brings its key generator and its resolver along', async () => {
    class Shouting extends KeyGenerator {
      override generate(_target: object, _method: string | symbol, id: unknown): string {
        return `#${String(id)}`;
      }
    }
    class Second extends CacheResolver {
      override resolveCaches({ cacheNames }: CacheOperationContext): readonly never[] {
        return [container.get(CacheManager).getCache(`${cacheNames[0]}-2`)] as never;
      }
    }
    @injectable()
    @CacheConfig({ cacheNames: 'map', keyGenerator: Shouting, cacheResolver: Second })
    class Maps extends Repository {
      protected override readonly kind = 'map';
    }
    container.bind(Shouting).toSelf();
    container.bind(Second).toSelf();
    const manager = await enable(Maps);
    await container.get(Maps).find(1);
    expect((await manager.getCache('map-2')!.get('#1'))?.value).to.equal('map 1');
  });

  it('changes nothing where it is empty', async () => {
    @injectable()
    @CacheConfig()
    class Plain extends Books {
      protected override readonly kind = 'plain';
    }
    const manager = await enable(Plain);
    await container.get(Plain).find(1);
    expect(await cachesOf(manager, 1)).to.deep.equal({ book: 'plain 1' });
  });

  it('may be repeated, and does not make inherited methods those of a decorator above the class', async () => {
    @injectable()
    @CacheConfig({ cacheNames: 'film' })
    @CacheConfig({ cacheNames: 'other' })
    class Films extends Repository {
      protected override readonly kind = 'film';
    }
    const manager = await enable(Films, Books);
    await container.get(Films).find(1);
    expect(await cachesOf(manager, 1)).to.deep.equal({ film: 'film 1' });
    const decorateInherited = (): void => {
      @Cacheable('all')
      @CacheConfig({ cacheNames: 'song' })
      class Songs extends Repository {
        protected override readonly kind = 'song';
      }
      void Songs;
    };
    expect(decorateInherited).to.throw('it declares no async method to be cached');
  });

  it('costs a hit nothing: the inherited method has a short way of its own', () => {
    expect(Object.hasOwn(Books.prototype, 'find'), 'a wrapper of its own').to.be.true;
    expect(Books.prototype.find).not.to.equal(Repository.prototype.find);
    expect([Books.prototype.find.name, Books.prototype.find.length]).to.deep.equal(['find', 1]);
  });

  it('is missed at start, not at the first call, where an operation ends without a name', async () => {
    const error = (await rejectionOf(enable(Nameless))) as CacheConfigurationError;
    expect([error.code, error.message]).to.deep.equal([
      'CACHE_NAME_MISSING',
      'No cache for @Cacheable on Repository.find: neither it nor @CacheConfig names one. Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
    ]);
  });

  it('is not missed where a resolver of the application may choose', async () => {
    class Chooser extends SimpleCacheResolver {
      override resolveCaches(): readonly never[] {
        return super.resolveCaches({ cacheNames: ['chosen'] }) as never;
      }
    }
    container.bind(Nameless).toSelf();
    const { cachingModule } = await import('../../lib/index.js');
    const own = new Container();
    own.bind(Nameless).toSelf().inSingletonScope();
    own.load(cachingModule({ namespace: ownNamespace('inherited') }));
    own.rebind(CacheResolver).toDynamicValue((context) => new Chooser(context.get(CacheManager)));
    expect(await own.get(Nameless).find(1)).to.equal('nameless 1');
    await own.unbindAllAsync();
  });
});
