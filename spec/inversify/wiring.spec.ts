import { expect } from 'chai';
import { Container, inject, injectable, injectFromBase, postConstruct, type ResolutionContext } from 'inversify';
import sinon from 'sinon';
import { Cacheable, CacheConfig, cached, CacheInterceptor, CacheManager, cachingModule, enableCaching } from '../../lib/index.js';
import { MapCacheManager } from '../support/map-cache.js';

let runs = 0;

@injectable()
class Books {
  @Cacheable('book')
  async find(name: string): Promise<string> {
    runs += 1;
    return name;
  }
}

@injectable()
class Bare extends Books {}

@injectable()
@injectFromBase()
class Injected extends Books {}

@injectable()
@CacheConfig()
class Configured extends Books {}

@injectable()
class Decorated extends Books {
  @Cacheable('other')
  async other(name: string): Promise<string> {
    return name;
  }
}

@injectable()
@injectFromBase()
class InjectedAndDecorated extends Books {
  @Cacheable('other')
  async other(name: string): Promise<string> {
    return name;
  }
}

/** Which of two calls with one key ran the method. */
async function runsOf(books: Books, key = 'Dune'): Promise<number> {
  runs = 0;
  await books.find(key);
  await books.find(key);
  return runs;
}

/** Asserts that the second call was answered by the caches given, or by none. */
async function expectCached(books: Books, caches: MapCacheManager): Promise<void> {
  await caches.cache('book').clear();
  expect(await runsOf(books)).to.equal(1);
  expect(caches.cache('book').peekValue('Dune')).to.equal('Dune');
}

async function expectUncached(books: Books): Promise<void> {
  expect(await runsOf(books)).to.equal(2);
}

function useMaps(container: Container): MapCacheManager {
  const caches = new MapCacheManager();
  container.rebind(CacheManager).toConstantValue(caches);
  return caches;
}

describe('wiring', () => {
  let container: Container;
  let caches: MapCacheManager;
  let emitWarning: sinon.SinonStub;

  beforeEach(() => {
    emitWarning = sinon.stub(process, 'emitWarning');
  });

  afterEach(async () => {
    emitWarning.restore();
    await container.unbindAllAsync();
  });

  const always: [string, (container: Container) => Books | Promise<Books>][] = [
    ['a transient', (c) => (c.bind(Books).toSelf().inTransientScope(), c.get(Books))],
    ['a singleton', (c) => (c.bind(Books).toSelf().inSingletonScope(), c.get(Books))],
    ['a request-scoped service', (c) => (c.bind(Books).toSelf().inRequestScope(), c.get(Books))],
    ['a class bound to an interface', (c) => (c.bind<Books>('books').to(Books), c.get<Books>('books'))],
    ['an alias', (c) => (c.bind(Books).toSelf(), c.bind<Books>('alias').toService(Books), c.get<Books>('alias'))],
    ['a service resolved asynchronously', (c) => (c.bind(Books).toSelf(), c.getAsync(Books))],
    [
      'a factory that asks the container',
      (c) => {
        c.bind(Books).toSelf();
        c.bind<() => Books>('factory').toFactory((context: ResolutionContext) => () => context.get(Books));
        return c.get<() => Books>('factory')();
      },
    ],
    [
      'a factory that hands its product to cached',
      (c) => {
        c.bind<() => Books>('factory').toFactory((context: ResolutionContext) => () => cached(context, new Books()));
        return c.get<() => Books>('factory')();
      },
    ],
    ['a subclass with @injectFromBase', (c) => (c.bind(Injected).toSelf(), c.get(Injected))],
    ['a subclass with @CacheConfig', (c) => (c.bind(Configured).toSelf(), c.get(Configured))],
    ['a subclass with a decorated method of its own', (c) => (c.bind(Decorated).toSelf(), c.get(Decorated))],
    ['a subclass with both', (c) => (c.bind(InjectedAndDecorated).toSelf(), c.get(InjectedAndDecorated))],
    ['a subclass given to cached on activation', (c) => (c.bind(Bare).toSelf().onActivation(cached), c.get(Bare))],
    [
      'a dynamic value given to cached',
      (c) => (
        c
          .bind(Books)
          .toDynamicValue(() => new Books())
          .onActivation(cached),
        c.get(Books)
      ),
    ],
    [
      'a dynamic value that is a promise given to cached',
      (c) => (
        c
          .bind(Books)
          .toDynamicValue(async () => new Books())
          .onActivation(cached),
        c.getAsync(Books)
      ),
    ],
    ['a constant given to cached', (c) => (c.bind(Books).toConstantValue(new Books()).onActivation(cached), c.get(Books))],
    [
      'a frozen constant given to cached',
      (c) => (c.bind(Books).toConstantValue(Object.freeze(new Books())).onActivation(cached), c.get(Books)),
    ],
  ];

  const onlyEnabled: [string, (container: Container) => Books | Promise<Books>][] = [
    ['a subclass', (c) => (c.bind(Bare).toSelf(), c.get(Bare))],
    ['a singleton of a subclass', (c) => (c.bind(Bare).toSelf().inSingletonScope(), c.get(Bare))],
    ['a dynamic value', (c) => (c.bind(Books).toDynamicValue(() => new Books()), c.get(Books))],
    ['a dynamic value that is a promise', (c) => (c.bind(Books).toDynamicValue(async () => new Books()), c.getAsync(Books))],
    ['a resolved value', (c) => (c.bind(Books).toResolvedValue(() => new Books()), c.get(Books))],
    ['a constant', (c) => (c.bind(Books).toConstantValue(new Books()), c.get(Books))],
    ['a frozen constant', (c) => (c.bind(Books).toConstantValue(Object.freeze(new Books())), c.get(Books))],
    [
      'a value that another activation put in place',
      (c) => {
        c.bind(Books).toDynamicValue(() => new Books());
        c.onActivation(Books, () => new Bare());
        return c.get(Books);
      },
    ],
  ];

  describe(cachingModule.name, () => {
    beforeEach(() => {
      container = new Container();
      container.load(cachingModule());
      caches = useMaps(container);
    });

    for (const [what, resolve] of always) it(`caches ${what}`, async () => expectCached(await resolve(container), caches));
    for (const [what, resolve] of onlyEnabled) it(`does not cache ${what}`, async () => expectUncached(await resolve(container)));

    it('caches services made by an autobinding container, compiled or not', async () => {
      for (const jitless of [true, false]) {
        const autobinding = new Container({ autobind: true, jitless });
        autobinding.load(cachingModule());
        const own = useMaps(autobinding);
        await expectCached(autobinding.get(Books), own);
        await autobinding.unbindAllAsync();
      }
    });

    it('caches transients that were first resolved before it was loaded', async () => {
      const late = new Container();
      late.bind(Books).toSelf();
      await expectUncached(late.get(Books));
      late.load(cachingModule());
      await expectCached(late.get(Books), useMaps(late));
      await late.unbindAllAsync();
    });

    it('leaves instances as they look: nothing enumerable is added', () => {
      container.bind(Books).toSelf();
      expect(
        Reflect.ownKeys(container.get(Books)).filter((key) => Object.prototype.propertyIsEnumerable.call(container.get(Books), key)),
      ).to.deep.equal([]);
      expect(JSON.stringify(container.get(Books))).to.equal('{}');
      expect({ ...container.get(Books) }).to.deep.equal({});
    });
  });

  describe(enableCaching.name, () => {
    beforeEach(async () => {
      container = new Container();
      await enableCaching(container);
      caches = useMaps(container);
    });

    for (const [what, resolve] of [...always, ...onlyEnabled]) {
      it(`caches ${what}`, async () => expectCached(await resolve(container), caches));
    }

    it('covers transients that were planned before it was called', async () => {
      const late = new Container();
      late.bind(Bare).toSelf();
      late.bind(Books).toDynamicValue(() => new Books());
      await expectUncached(late.get(Bare));
      await expectUncached(late.get(Books));
      await enableCaching(late);
      const own = useMaps(late);
      await expectCached(late.get(Bare), own);
      await expectCached(late.get(Books), own);
      await late.unbindAllAsync();
    });

    it('covers services bound after others were resolved', async () => {
      container.bind(Books).toSelf();
      container.get(Books);
      container.bind(Bare).toSelf();
      await expectCached(container.get(Bare), caches);
    });

    it('survives unbind, rebind, snapshot and restore', async () => {
      container.bind(Bare).toSelf();
      await expectCached(container.get(Bare), caches);
      container.unbind(Bare);
      container.bind(Bare).toSelf();
      await expectCached(container.get(Bare), caches);
      container.rebind(Bare).toDynamicValue(() => new Bare());
      await expectCached(container.get(Bare), caches);
      container.snapshot();
      container.rebind(Bare).toConstantValue(new Bare());
      await expectCached(container.get(Bare), caches);
      container.restore();
      await expectCached(container.get(Bare), caches);
      container.bind(Books).toDynamicValue(() => new Books());
      await expectCached(container.get(Books), caches);
    });

    it('leaves values without decorated methods alone', () => {
      const plain = Object.freeze({ a: 1 });
      const fn = (): void => undefined;
      container.bind('plain').toConstantValue(plain);
      container.bind('number').toConstantValue(7);
      container.bind('null').toConstantValue(null);
      container.bind('function').toConstantValue(fn);
      expect([container.get('plain'), container.get('number'), container.get('null'), container.get('function')]).to.deep.equal([
        plain,
        7,
        null,
        fn,
      ]);
    });
  });

  describe('a plain object', () => {
    beforeEach(() => {
      container = new Container();
      container.load(cachingModule());
      caches = useMaps(container);
    });

    it('made with `new`, in a factory or elsewhere, runs uncached', async () => {
      await expectUncached(new Books());
      container.bind<() => Books>('factory').toFactory(() => () => new Books());
      await expectUncached(container.get<() => Books>('factory')());
      expect(emitWarning.called).to.equal(false);
    });

    it('of a container without caching runs uncached', async () => {
      const without = new Container();
      without.bind(Books).toSelf();
      await expectUncached(without.get(Books));
      expect(cached(without, new Books())).to.be.instanceOf(Books);
    });

    it('works with sinon as ever', async () => {
      const stubbed = sinon.createStubInstance(Books);
      stubbed.find.resolves('stubbed');
      expect(await stubbed.find('Dune')).to.equal('stubbed');
      container.bind(Books).toSelf();
      const books = container.get(Books);
      const spy = sinon.spy(books, 'find');
      await expectCached(books, caches);
      expect(spy.callCount).to.equal(2);
    });
  });

  describe('self-invocation', () => {
    @injectable()
    class Library {
      readonly found: Promise<unknown>[] = [];
      #shelf = 'A3';

      constructor() {
        this.found.push(this.find('constructor'));
      }

      @postConstruct()
      warmUp(): void {
        this.found.push(this.find('postConstruct'));
      }

      @Cacheable('library')
      async find(name: string): Promise<string> {
        return `${this.#shelf}/${name}`;
      }

      async twice(name: string): Promise<string[]> {
        return [await this.find(name), await this.find(name)];
      }
    }

    it('is intercepted, in @postConstruct too; in the constructor there is no cache yet', async () => {
      container = new Container();
      container.load(cachingModule());
      caches = useMaps(container);
      container.bind(Library).toSelf();
      const library = container.get(Library);
      expect(await Promise.all(library.found)).to.deep.equal(['A3/constructor', 'A3/postConstruct']);
      expect([...caches.cache('library').entries.keys()]).to.deep.equal(['postConstruct']);
      expect(await library.twice('Dune')).to.deep.equal(['A3/Dune', 'A3/Dune']);
      expect(caches.cache('library').statistics().loads).to.equal(2);
    });
  });

  describe('several containers', () => {
    it('in one process have nothing in common, even from one module object', async () => {
      const module = cachingModule();
      container = new Container();
      container.load(module);
      const other = new Container();
      other.load(module);
      const [ours, theirs] = [useMaps(container), useMaps(other)];
      for (const each of [container, other]) each.bind(Books).toSelf();
      await expectCached(container.get(Books), ours);
      expect(theirs.cache('book').entries.size).to.equal(0);
      await expectCached(other.get(Books), theirs);
      await other.unbindAllAsync();
      await expectCached(container.get(Books), ours);
    });

    it('of which one is the other’s child share what the parent binds', async () => {
      container = new Container();
      await enableCaching(container);
      caches = useMaps(container);
      container.bind(Books).toSelf();
      const child = new Container({ parent: container });
      child.bind(Bare).toSelf();
      await expectCached(child.get(Books), caches);
      await expectCached(child.get(Bare), caches);
      await child.unbindAllAsync();
      await expectCached(container.get(Books), caches);
    });

    it('may each have a module: the nearest to who asks serves', async () => {
      container = new Container();
      await enableCaching(container);
      caches = useMaps(container);
      const child = new Container({ parent: container });
      child.load(cachingModule());
      const own = useMaps(child);
      container.bind(Books).toSelf();
      container.bind(Bare).toSelf();
      child.bind(Injected).toSelf();
      await expectCached(child.get(Books), own);
      await expectCached(child.get(Bare), own);
      await expectCached(child.get(Injected), own);
      await expectCached(container.get(Books), caches);
      await child.unbindAllAsync();
    });

    it('leave an object to the one that resolved it first, for as long as that one lives', async () => {
      container = new Container();
      await enableCaching(container);
      caches = useMaps(container);
      const other = new Container();
      await enableCaching(other);
      const theirs = useMaps(other);
      const shared = new Books();
      for (const each of [container, other]) each.bind(Books).toDynamicValue(() => shared);
      await expectCached(container.get(Books), caches);
      await expectCached(other.get(Books), caches);
      await container.unbindAllAsync();
      await expectUncached(shared);
      await expectCached(other.get(Books), theirs);
      await other.unbindAllAsync();
    });
  });

  describe('the interceptor', () => {
    it('can be replaced', async () => {
      container = new Container();
      container.load(cachingModule());
      const invoked: unknown[] = [];
      class Loud extends CacheInterceptor {
        override invoke(...[target, method, args]: Parameters<CacheInterceptor['invoke']>): Promise<unknown> {
          invoked.push([method.name, args]);
          return super.invoke(target, method, args);
        }
      }
      container
        .rebind(CacheInterceptor)
        .toDynamicValue((context) => new Loud(context))
        .inSingletonScope();
      caches = useMaps(container);
      container.bind(Books).toSelf();
      await expectCached(container.get(Books), caches);
      expect(invoked).to.deep.equal([
        ['find', ['Dune']],
        ['find', ['Dune']],
      ]);
    });
  });

  describe('a subclass that is not wired', () => {
    beforeEach(() => {
      container = new Container();
      container.load(cachingModule());
      useMaps(container);
    });

    it('is warned of, once per class', async () => {
      @injectable()
      class Forgotten extends Books {}
      container.bind(Forgotten).toSelf();
      await container.get(Forgotten).find('Dune');
      await container.get(Forgotten).find('Emma');
      expect(emitWarning.args).to.deep.equal([
        [
          'Books.find ran uncached on an instance of Forgotten, which was made without a cache.',
          {
            type: 'CacheWarning',
            code: 'CACHE_NOT_WIRED',
            detail:
              'If a container makes Forgotten: use enableCaching(container), or add @CacheConfig() or @injectFromBase() to the class. ' +
              'If a factory does: hand what it makes to cached(context, instance). An object made with plain `new` is meant to run uncached.',
          },
        ],
      ]);
    });

    it('is not confused with one that is', async () => {
      for (const service of [Injected, Configured, Decorated, InjectedAndDecorated]) {
        container.bind(service).toSelf();
        await container.get<Books>(service).find('Dune');
      }
      await new Configured().find('Dune');
      expect(emitWarning.called).to.equal(false);
    });
  });

  describe('a service with dependencies', () => {
    @injectable()
    class Shelves {}

    @injectable()
    class Library {
      constructor(@inject(Shelves) readonly shelves: Shelves) {}

      @Cacheable('library')
      async find(name: string): Promise<string> {
        return name;
      }
    }

    @injectable()
    @injectFromBase()
    class Branch extends Library {}

    it('is injected as ever, and so is its subclass', async () => {
      container = new Container();
      container.load(cachingModule());
      caches = useMaps(container);
      for (const service of [Shelves, Library, Branch]) container.bind(service).toSelf();
      for (const library of [container.get(Library), container.get(Branch)]) {
        expect(library.shelves).to.be.instanceOf(Shelves);
        await library.find('Dune');
      }
      expect(caches.cache('library').statistics().loads).to.equal(1);
    });
  });
});
