import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';
import {
  Cacheable,
  CacheConfigurationError,
  CacheErrorHandler,
  CacheEvents,
  CacheInterceptor,
  CacheManager,
  CacheResolver,
  cachingModule,
  enableCaching,
  FailOpenCacheErrorHandler,
  KeyGenerator,
  MessageListenerContainer,
  MessagePublisher,
  NoOpCache,
  SimpleCacheResolver,
  SimpleKeyGenerator,
  TransactionAwareCacheManager,
  TransactionSynchronization,
} from '../../lib/index.js';
import { moduleOver } from '../../lib/inversify/caching-module.js';
import { enableOver } from '../../lib/inversify/enable-caching.js';
import type { Instance } from '../../lib/instance/index.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';
import { MapCacheManager } from '../support/map-cache.js';
import { turn } from '../support/promises.js';

class Books {
  runs = 0;

  @Cacheable('book')
  async find(name: string): Promise<string> {
    this.runs += 1;
    return name;
  }
}

/** A runtime over Maps that notes what is asked of it. */
function fakeRuntime(): Omit<Instance, 'manager'> & {
  readonly start: sinon.SinonStub;
  readonly stop: sinon.SinonStub;
  readonly manager: MapCacheManager;
} {
  return {
    manager: new MapCacheManager(),
    events: new CacheEvents(),
    listenerContainer: sinon.createStubInstance(MessageListenerContainer),
    publisher: sinon.createStubInstance(MessagePublisher),
    start: sinon.stub().resolves(),
    stop: sinon.stub().resolves(),
  };
}

/** The manager of the runtime, behind what makes its caches take part in transactions. */
const managerOf = (container: Container): CacheManager => (container.get(CacheManager) as TransactionAwareCacheManager).target;

const loadedTwice =
  'A caching module is loaded in this container already. Load one module, or call enableCaching once; await container.unbindAllAsync() before another.';

describe(cachingModule.name, () => {
  let container: Container;
  let runtime: ReturnType<typeof fakeRuntime>;

  beforeEach(() => {
    container = new Container();
    runtime = fakeRuntime();
  });

  it('binds the services that may be rebound', () => {
    container.load(moduleOver(() => runtime));
    expect(managerOf(container)).to.equal(runtime.manager);
    expect(container.get(CacheEvents)).to.equal(runtime.events);
    expect(container.get(MessageListenerContainer)).to.equal(runtime.listenerContainer);
    expect(container.get(MessagePublisher)).to.equal(runtime.publisher);
    expect(container.get(KeyGenerator)).to.be.instanceOf(SimpleKeyGenerator);
    expect(container.get(CacheErrorHandler)).to.be.instanceOf(FailOpenCacheErrorHandler);
    expect(container.get(CacheResolver)).to.be.instanceOf(SimpleCacheResolver);
    expect(container.get(TransactionSynchronization).isActive).to.equal(false);
    expect(container.get(CacheInterceptor)).to.equal(container.get(CacheInterceptor));
  });

  it('tells of values that cannot be stored', () => {
    container.load(moduleOver(() => runtime));
    const told: unknown[] = [];
    runtime.events.on('error', ({ where }) => void told.push(where));
    container.get(CacheErrorHandler).handleCachePutError(new Error('too large'), new NoOpCache('book'), 'Dune', 1);
    expect(told).to.deep.equal(["put in cache 'book'"]);
  });

  it('starts nothing by itself', () => {
    container.load(moduleOver(() => runtime));
    container.get(CacheManager);
    expect(runtime.start.called).to.equal(false);
  });

  it('makes a runtime for each container that loads it', () => {
    const make = sinon.fake(fakeRuntime);
    const module = moduleOver(make);
    const other = new Container();
    container.load(module);
    other.load(module);
    expect(make.callCount).to.equal(2);
    expect(container.get(CacheManager)).not.to.equal(other.get(CacheManager));
  });

  it('refuses wrong options as it is loaded', () => {
    expect(() => container.load(cachingModule({ bound: '1ms' }))).to.throw(CacheConfigurationError, /^Expected `bound` to be a duration/);
    container.load(moduleOver(() => runtime)); // And leaves no trace.
    expect(managerOf(container)).to.equal(runtime.manager);
  });

  it('refuses to be loaded twice, by whatever name', async () => {
    const module = moduleOver(() => runtime);
    container.load(module);
    for (const act of [() => container.load(module), () => container.load(moduleOver(fakeRuntime))]) {
      expect(act).to.throw(CacheConfigurationError, loadedTwice);
    }
    const error = await cacheErrorOf(enableCaching(container));
    expect(error.code).to.equal('CACHE_OPERATION_INVALID');
    expect(error.message).to.equal(loadedTwice);
    expect(managerOf(container)).to.equal(runtime.manager);
    container.bind(Books).toSelf();
    const books = container.get(Books);
    await books.find('Dune');
    await books.find('Dune');
    expect(books.runs).to.equal(1);
  });

  it('may be loaded by a parent and its child', () => {
    container.load(moduleOver(() => runtime));
    const child = new Container({ parent: container });
    const own = fakeRuntime();
    child.load(moduleOver(() => own));
    expect(managerOf(child)).to.equal(own.manager);
    expect(() => child.load(moduleOver(fakeRuntime))).to.throw(CacheConfigurationError, loadedTwice);
  });

  describe('unbindAllAsync', () => {
    it('stops the runtime once and makes decorated methods run uncached', async () => {
      container.load(moduleOver(() => runtime));
      container.bind(Books).toSelf();
      const books = container.get(Books);
      await books.find('Dune');
      await books.find('Dune');
      expect(books.runs).to.equal(1);
      await container.unbindAllAsync();
      await container.unbindAllAsync();
      expect(runtime.stop.callCount).to.equal(1);
      await books.find('Dune');
      expect(books.runs).to.equal(2);
    });

    it('waits until the runtime has stopped', async () => {
      let stopped!: () => void;
      runtime.stop.returns(new Promise<void>((resolve) => (stopped = resolve)));
      container.load(moduleOver(() => runtime));
      container.get(CacheManager);
      let isUnbound = false;
      const unbound = container.unbindAllAsync().then(() => (isUnbound = true));
      await turn();
      expect(runtime.stop.callCount).to.equal(1);
      expect(isUnbound).to.equal(false);
      stopped();
      await unbound;
    });

    for (const [how, stop] of [
      ['rejects', async () => Promise.reject(new Error('stuck'))],
      [
        'throws',
        () => {
          throw new Error('stuck');
        },
      ],
    ] as const) {
      it(`unbinds all the same if stopping ${how}, and tells the events`, async () => {
        runtime.stop.callsFake(stop);
        const errors: unknown[] = [];
        runtime.events.on('error', ({ where, error }) => errors.push([where, (error as Error).message]));
        container.load(moduleOver(() => runtime));
        container.get(CacheManager);
        await container.unbindAllAsync();
        expect(container.isBound(CacheManager)).to.equal(false);
        expect(errors).to.deep.equal([['stop', 'stuck']]);
      });
    }

    it('leaves nothing to stop where nothing was used', async () => {
      container.load(moduleOver(() => runtime));
      await container.unbindAllAsync();
      expect(runtime.stop.called).to.equal(false);
    });

    it('lets another module be loaded, which serves the objects that are left', async () => {
      container.load(moduleOver(() => runtime));
      container.bind(Books).toSelf().inSingletonScope();
      const books = container.get(Books);
      await books.find('Dune');
      await container.unbindAllAsync();
      const second = fakeRuntime();
      await enableOver(container, () => second);
      container.bind(Books).toConstantValue(books);
      expect(container.get(Books)).to.equal(books);
      await books.find('Emma');
      await books.find('Emma');
      expect(books.runs).to.equal(2);
      expect(second.manager.cache('book').has('Emma')).to.equal(true);
    });

    it('takes a child’s caches and leaves the parent’s', async () => {
      container.load(moduleOver(() => runtime));
      container.get(CacheManager);
      const child = new Container({ parent: container });
      child.get(CacheManager);
      await child.unbindAllAsync();
      expect(runtime.stop.called).to.equal(false);
    });
  });

  it('unloads like any module', async () => {
    const module = moduleOver(() => runtime);
    container.load(module);
    container.get(CacheManager);
    await container.unloadAsync(module);
    expect(runtime.stop.callCount).to.equal(1);
    container.load(module);
    expect(managerOf(container)).to.equal(runtime.manager);
  });

  it('lets the cache manager be rebound synchronously, even when started', async () => {
    container.load(moduleOver(() => runtime));
    await container.get(CacheManager).start();
    const own = new MapCacheManager();
    container.rebind(CacheManager).toConstantValue(own);
    container.bind(Books).toSelf();
    await container.get(Books).find('Dune');
    expect(own.cache('book').has('Dune')).to.equal(true);
  });
});

describe(enableCaching.name, () => {
  let container: Container;
  let runtime: ReturnType<typeof fakeRuntime>;

  beforeEach(() => {
    container = new Container();
    runtime = fakeRuntime();
  });

  it('resolves to the cache manager once the runtime has started', async () => {
    let started!: () => void;
    runtime.start.returns(new Promise<void>((resolve) => (started = resolve)));
    let isEnabled = false;
    const enabled = enableOver(container, () => runtime).then((manager) => {
      isEnabled = true;
      return manager;
    });
    await turn();
    expect(runtime.start.callCount).to.equal(1);
    expect(isEnabled).to.equal(false);
    started();
    expect(await enabled).to.equal(container.get(CacheManager));
    expect(managerOf(container)).to.equal(runtime.manager);
  });

  it('leaves the container as it was if the runtime cannot start', async () => {
    const error = new Error('no Redis');
    runtime.start.rejects(error);
    expect(await rejectionOf(enableOver(container, () => runtime))).to.equal(error);
    expect(runtime.stop.callCount).to.equal(1);
    expect(container.isBound(CacheManager)).to.equal(false);
    container.bind(Books).toSelf();
    const books = container.get(Books);
    await books.find('Dune');
    await books.find('Dune');
    expect(books.runs).to.equal(2);
    const second = fakeRuntime();
    await enableOver(container, () => second);
    expect(managerOf(container)).to.equal(second.manager);
  });

  it('gives `container` of an invocation its own container, whoever asked first', async () => {
    const seen: unknown[] = [];
    class Library {
      @Cacheable('library', {
        key() {
          seen.push(this.container);
          return 1;
        },
      })
      async find(): Promise<void> {}
    }
    await enableOver(container, () => runtime);
    container.bind(Library).toSelf();
    const child = new Container({ parent: container });
    await child.get(Library).find();
    expect(seen).to.deep.equal([container]);
  });

  it('warns and goes on where inversify has no plugins', async () => {
    const emitWarning = sinon.stub(process, 'emitWarning');
    Object.defineProperty(container, 'register', { value: undefined });
    await enableOver(container, () => runtime);
    emitWarning.restore();
    expect(emitWarning.args).to.deep.equal([
      [
        'This version of inversify is not known: subclasses, dynamic values and constants may run uncached.',
        {
          type: 'CacheWarning',
          code: 'CACHE_NOT_WIRED',
          detail: 'Add @CacheConfig() to subclasses and `.onActivation(cached)` to bindings of values.',
        },
      ],
    ]);
    container.bind(Books).toSelf();
    const books = container.get(Books);
    await books.find('Dune');
    await books.find('Dune');
    expect(books.runs).to.equal(1);
  });
});
