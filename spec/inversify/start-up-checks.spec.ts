import { expect } from 'chai';
import { Container, injectable } from 'inversify';
import {
  Cacheable,
  CacheableAll,
  CacheConfig,
  CacheConfigurationError,
  CacheEvict,
  CacheManager,
  CachePut,
  cachingModule,
  enableCaching,
  KeyGenerator,
  NoOpCacheManager,
} from '../../lib/index.js';
import { rejectionOf } from '../contract/rejection.js';

const missing = Symbol('missing');
const shelf = Symbol('shelf');

describe('what is wrong at start-up', () => {
  let container: Container;

  beforeEach(() => {
    container = new Container();
  });

  afterEach(() => container.unbindAllAsync());

  const failure = async (options = {}): Promise<[unknown, string]> => {
    const error = (await rejectionOf(enableCaching(container, { namespace: 'start-up', ...options }))) as CacheConfigurationError;
    expect(error).to.be.instanceOf(CacheConfigurationError);
    return [error.code, error.message];
  };

  for (const option of ['keyGenerator', 'cacheManager', 'cacheResolver'] as const) {
    it(`is a ${option} that is named and not bound`, async () => {
      class Books {
        @CachePut('book', { [option]: missing })
        async save(): Promise<void> {}
      }
      container.bind(shelf).to(Books);
      expect(await failure()).to.deep.equal([
        'CACHE_BINDING_MISSING',
        `No binding for \`${option}\` of @CachePut on Books.save: nothing is bound under Symbol(missing). Bind it in the container that the service comes from.`,
      ]);
      container.bind(missing).toConstantValue({});
      await enableCaching(container, { namespace: 'start-up' });
    });
  }

  it('is what a method over many ids names, just as well', async () => {
    const wrong: readonly (readonly [options: object, code: string, complaint: string])[] = [
      ...['keyGenerator', 'cacheManager', 'cacheResolver'].map(
        (option) =>
          [
            { cacheNames: 'book', [option]: missing },
            'CACHE_BINDING_MISSING',
            `No binding for \`${option}\` of @CacheableAll on Books.findAll: nothing is bound under Symbol(missing). Bind it in the container that the service comes from.`,
          ] as const,
      ),
      [
        { cacheNames: ['book', 'list'] },
        'CACHE_NAME_UNKNOWN',
        "Invalid @CacheableAll on Books.findAll: there is no cache 'list': the cache manager knows 'book'. Add it to `caches`, or let the manager be `dynamic`.",
      ],
      [
        {},
        'CACHE_NAME_MISSING',
        'No cache for @CacheableAll on Books.findAll: neither it nor @CacheConfig names one. Give `cacheNames` to the decorator or to @CacheConfig on the class, or a `cacheResolver`.',
      ],
    ];
    for (const [options, code, complaint] of wrong) {
      class Books {
        @CacheableAll(options as never)
        async findAll(_ids: readonly string[]): Promise<Map<string, number>> {
          return new Map();
        }
      }
      container.bind(Books).toSelf();
      expect(await failure({ dynamic: false, caches: { book: {} } })).to.deep.equal([code, complaint]);
      await container.unbindAsync(Books);
    }
  });

  it('is the same where @CacheConfig names it, for inherited methods too', async () => {
    @CacheConfig({ keyGenerator: KeyGenerator, cacheManager: 'archive' })
    class Base {
      @Cacheable('book', { key: () => 1 })
      async find(): Promise<void> {}
    }
    @CacheConfig()
    class Books extends Base {}
    container.bind(Books).toSelf().inSingletonScope();
    expect(await failure()).to.deep.equal([
      'CACHE_BINDING_MISSING',
      'No binding for `cacheManager` of @Cacheable on Books.find: nothing is bound under archive. Bind it in the container that the service comes from.',
    ]);
  });

  it('is the name of a cache that there cannot be', async () => {
    class Books {
      @CacheEvict(['book', 'list'])
      async remove(_name: string): Promise<void> {}
    }
    container.bind(Books).toSelf();
    const caches = { book: {}, author: {} };
    expect(await failure({ dynamic: false, caches })).to.deep.equal([
      'CACHE_NAME_UNKNOWN',
      "Invalid @CacheEvict on Books.remove: there is no cache 'list': the cache manager knows 'book', 'author'. Add it to `caches`, or let the manager be `dynamic`.",
    ]);
    expect(container.isBound(CacheManager)).to.equal(false);
    await enableCaching(container, { namespace: 'start-up', dynamic: false, caches: { ...caches, list: {} } });
  });

  describe('is an eviction around the method where the local tier is alone', () => {
    class Books {
      @CacheEvict(['list', 'book'], { aroundInvocation: true })
      async save(_name: string): Promise<void> {}
    }
    const complaint = [
      'CACHE_OPERATION_INVALID',
      "Invalid @CacheEvict on Books.save: cache 'book' has `tiers: 'local'`, so `aroundInvocation` could not protect it. A local tier alone asks nobody before it stores. Use `tiers: 'both'`, or evict after the method.",
    ];

    it('in a cache that is named', async () => {
      container.bind(Books).toSelf();
      for (const dynamic of [true, false]) {
        const caches = { book: { tiers: 'local' }, list: {} };
        expect(await failure({ dynamic, caches })).to.deep.equal(complaint);
        expect(container.isBound(CacheManager)).to.equal(false);
      }
      await enableCaching(container, { namespace: 'start-up', caches: { book: { tiers: 'remote' }, other: { tiers: 'local' } } });
    });

    it('in a cache that takes it from the defaults, with the names of @CacheConfig too', async () => {
      @CacheConfig({ cacheNames: 'book' })
      class Configured {
        @CacheEvict({ aroundInvocation: true })
        async save(_name: string): Promise<void> {}
      }
      container.bind(Configured).toSelf();
      const defaults = { tiers: 'local' };
      expect(await failure({ defaults })).to.deep.equal([complaint[0], complaint[1]!.replace('Books', 'Configured')]);
      await enableCaching(container, { namespace: 'start-up', defaults: { tiers: 'local' }, caches: { book: { tiers: 'both' } } });
    });

    it('and no other eviction, nor one in the caches of somebody else', async () => {
      class Others {
        @CacheEvict('book')
        async late(_name: string): Promise<void> {}

        @CacheEvict('book', { beforeInvocation: true })
        async early(_name: string): Promise<void> {}

        @CacheEvict('book', { aroundInvocation: true, cacheManager: 'archive' })
        async elsewhere(_name: string): Promise<void> {}

        @CacheEvict('book', { aroundInvocation: true, cacheResolver: 'resolver' })
        async anywhere(_name: string): Promise<void> {}
      }
      container.bind(Others).toSelf();
      container.bind('archive').toConstantValue(new NoOpCacheManager());
      container.bind('resolver').toConstantValue({});
      await enableCaching(container, { namespace: 'start-up', defaults: { tiers: 'local' } });
    });
  });

  describe('is a tag in a cache without tags', () => {
    const complaintOf = (label: string): unknown[] => [
      'CACHE_OPTION_INVALID',
      `Invalid ${label}: cache 'book' has no tags. Write \`caches: { 'book': { tags: true } }\`.`,
    ];
    const list = { list: { tags: true } };
    const tagged = [
      [Cacheable(['list', 'book'], { tags: () => ['a'] }), '@Cacheable'],
      [CacheableAll(['list', 'book'], { tags: () => ['a'] } as never), '@CacheableAll'],
      [CachePut('book', { tags: () => ['a'] }), '@CachePut'],
      [CacheEvict('book', { tags: () => ['a'] }), '@CacheEvict'],
      [CacheEvict(['book', 'list'], { resultTags: () => ['a'] }), '@CacheEvict'],
    ] as const;

    for (const [decorate, name] of tagged) {
      it(`of ${name}`, async () => {
        class Books {
          @(decorate as MethodDecorator)
          async find(_name: string): Promise<void> {}
        }
        container.bind(Books).toSelf();
        expect(await failure({ caches: list })).to.deep.equal(complaintOf(`${name} on Books.find`));
        await enableCaching(container, { namespace: 'start-up', caches: { ...list, book: { tags: true } } });
      });
    }

    it('and not one in the caches of somebody else', async () => {
      class Books {
        @CacheEvict('book', { tags: () => ['a'], cacheManager: 'archive' })
        async elsewhere(_name: string): Promise<void> {}
      }
      container.bind(Books).toSelf();
      container.bind('archive').toConstantValue(new NoOpCacheManager());
      await enableCaching(container, { namespace: 'start-up' });
    });
  });

  it('is no name where another manager or a resolver is asked for it, or caches are made on demand', async () => {
    class Books {
      @Cacheable('elsewhere', { cacheManager: 'archive' })
      async find(): Promise<void> {}

      @Cacheable('anywhere', { cacheResolver: 'resolver' })
      async search(): Promise<void> {}
    }
    container.bind(Books).toSelf();
    container.bind('archive').toConstantValue(new NoOpCacheManager());
    container.bind('resolver').toConstantValue({});
    await enableCaching(container, { namespace: 'start-up', dynamic: false });
    await container.unbindAllAsync();
    class Dynamic {
      @Cacheable('any')
      async find(): Promise<void> {}
    }
    container.bind(Dynamic).toSelf();
    await enableCaching(container, { namespace: 'start-up' });
  });

  it('makes no service to find out', async () => {
    let made = 0;
    class Books {
      constructor() {
        made += 1;
      }

      @Cacheable('book', { keyGenerator: 'keys' })
      async find(): Promise<void> {}
    }
    container.bind(Books).toSelf().inSingletonScope();
    container.bind('keys').toDynamicValue(() => (made += 1));
    await enableCaching(container, { namespace: 'start-up' });
    expect(made).to.equal(0);
  });

  it('is not a service that the container binds by itself when asked', async () => {
    @injectable()
    class Keys extends KeyGenerator {
      override generate(): string {
        return 'always';
      }
    }
    class Books {
      @Cacheable('book', { keyGenerator: Keys })
      async find(): Promise<number> {
        return 1;
      }
    }
    container = new Container({ autobind: true });
    container.bind(Books).toSelf();
    await enableCaching(container, { namespace: 'start-up' });
    expect(await container.get(Books).find()).to.equal(1);
  });

  it('is of no interest where caching is off', async () => {
    class Books {
      @Cacheable('book', { keyGenerator: missing })
      async find(): Promise<void> {}
    }
    container.bind(Books).toSelf();
    await enableCaching(container, { enabled: false });
    await container.get(Books).find();
  });

  it('is a second cache manager', async () => {
    const own = new NoOpCacheManager();
    const message =
      'A cache manager is bound in this container already, and the caching module brings another. Rebind CacheManager after the module was loaded to replace its manager; or bind yours under an identifier of its own and name it with `cacheManager`.';
    container.bind(CacheManager).toConstantValue(own);
    expect(await failure()).to.deep.equal(['CACHE_BINDING_AMBIGUOUS', message]);
    expect(() => container.load(cachingModule())).to.throw(CacheConfigurationError, message);
    const child = new Container({ parent: container });
    child.load(cachingModule()); // What a parent has is none of its business.
    expect(child.get(CacheManager)).not.to.equal(own);
    await child.unbindAllAsync();
  });
});
