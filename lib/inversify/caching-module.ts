import { ContainerModule, type ContainerModuleLoadOptions } from 'inversify';
import { isNamedByDecorator, type ServiceLocator } from '../annotation/index.js';
import { CacheManager } from '../cache/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import { CacheEvents } from '../event/index.js';
import { FleetWatch } from '../fleet/index.js';
import {
  CacheErrorHandler,
  CacheInterceptor,
  CacheResolver,
  FailOpenCacheErrorHandler,
  handleTopicFailures,
  KeyGenerator,
  SimpleCacheResolver,
  SimpleKeyGenerator,
} from '../interceptor/index.js';
import { ListenerRegistrar } from '../listener/index.js';
import { MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { type CachingOptions, instanceOf, type Instance } from '../instance/index.js';
import { AsyncLocalTransactionSynchronization, TransactionAwareCacheManager, TransactionSynchronization } from '../transaction/index.js';
import { RebindingWatch } from './rebinding-watch.js';
import { INTERCEPTOR, LISTENERS, LOADED, INSTANCE } from './tokens.js';
import { cachingInUse } from './wiring.js';

/**
 * Caching for `container.load`. It binds `CacheManager`, `CacheResolver`, `KeyGenerator`,
 * `CacheErrorHandler`, `CacheInterceptor`, `CacheEvents`, `TransactionSynchronization`,
 * `MessageListenerContainer` and `MessagePublisher`. Any of them may be rebound before the first
 * call of a decorated method.
 *
 * It opens no socket until `await container.get(CacheManager).start()` or the first use. Load it into
 * the container that binds the services. One module object may be loaded into several containers, which
 * then share nothing. `await container.unbindAllAsync()` waits for pending updates and closes
 * everything. From then on decorated reads run uncached, and updates reject with a `CacheStoppedError`
 * that carries their result.
 *
 * Only `enableCaching` also covers subclasses without `@CacheConfig()` or `@injectFromBase()`, and values
 * that inversify does not construct (see `cached`).
 *
 * @param options - see {@link CachingOptions}. Default: everything in the process.
 * @throws {CacheConfigurationError} when loaded: `CACHE_OPTION_INVALID` for wrong options,
 *   `CACHE_OPERATION_INVALID` for a second module in one container.
 */
export function cachingModule(options?: CachingOptions): ContainerModule {
  return moduleOver(() => instanceOf(options, { isNamed: isNamedByDecorator }));
}

/**
 * The module for any instance. `makeInstance` is called once per container that loads it.
 *
 * @param container - where services are looked up. `undefined`: in the container that first
 *   resolves a decorated service.
 */
export function moduleOver(makeInstance: () => Instance, container?: ServiceLocator): ContainerModule {
  // The braces matter: inversify takes any returned value for a promise.
  return new ContainerModule((load) => {
    refuseSecond(load);
    const instance = makeInstance();
    load.bind(LOADED).toConstantValue(LOADED); // Only now: the bindings of a load that fails stay behind.
    const watch = new RebindingWatch(() => instance.calls?.isClosing !== false);
    bindInstance(load.bind, instance, container, watch);
    bindParts(load.bind, instance);
    bindStrategies(load.bind, instance.events, watch);
    bindReceivers(load.bind, instance, container);
    cachingInUse();
  });
}

type Bind = ContainerModuleLoadOptions['bind'];

/**
 * Throws if the container has a caching module or a cache manager already. `isBound` asks the parent only
 * if the container has no binding of its own, matching or not. So a binding that never matches keeps the
 * parent out of the answer.
 */
function refuseSecond({ bind, isBound }: ContainerModuleLoadOptions): void {
  bind(LOADED)
    .toConstantValue(LOADED)
    .when(() => false);
  if (isBound(LOADED)) throw loadedTwice();

  // With a second cache manager every look-up of one would be ambiguous.
  bind(CacheManager)
    .toDynamicValue(() => undefined as never)
    .when(() => false);
  if (isBound(CacheManager)) throw secondManager();
}

/** The instance and its cache manager. */
function bindInstance(bind: Bind, instance: Instance, container: ServiceLocator | undefined, watch: RebindingWatch): void {
  // It alone owns everything that must be closed: all deactivations start at once, in no order.
  bind<Instance>(INSTANCE)
    .toDynamicValue((context) => {
      const services: ServiceLocator = container ?? context;
      watch.used();
      handleTopicFailures(instance.events, () => services.get(CacheErrorHandler));
      return instance;
    })
    .inSingletonScope()
    .onDeactivation(stop);
  bind(CacheManager)
    .toDynamicValue((context) => {
      const services: ServiceLocator = container ?? context;
      return new TransactionAwareCacheManager(context.get<Instance>(INSTANCE).manager, {
        transactions: () => services.get(TransactionSynchronization),
        // A transaction may end after its container, and the bindings are gone then.
        failures: () => services.get(CacheErrorHandler, { optional: true }) ?? new FailOpenCacheErrorHandler(instance.events),
        calls: instance.calls,
      });
    })
    .inSingletonScope()
    .onDeactivation(watch.told('CacheManager'));
}

/** The parts of the instance that services may use: its events, topics and fleet. */
function bindParts(bind: Bind, { fleet }: Instance): void {
  bind(CacheEvents)
    .toDynamicValue((context) => context.get<Instance>(INSTANCE).events)
    .inSingletonScope();
  bind(MessageListenerContainer)
    .toDynamicValue((context) => context.get<Instance>(INSTANCE).listenerContainer)
    .inSingletonScope();
  bind(MessagePublisher)
    .toDynamicValue((context) => context.get<Instance>(INSTANCE).publisher)
    .inSingletonScope();
  if (fleet !== undefined) {
    bind(FleetWatch)
      .toDynamicValue(() => fleet)
      .inSingletonScope();
  }
}

/** The strategies, which users may rebind. */
function bindStrategies(bind: Bind, events: CacheEvents, watch: RebindingWatch): void {
  bind(TransactionSynchronization)
    .toDynamicValue(() => new AsyncLocalTransactionSynchronization())
    .inSingletonScope()
    .onDeactivation(watch.told('TransactionSynchronization'));
  bind(KeyGenerator)
    .toDynamicValue(() => new SimpleKeyGenerator())
    .inSingletonScope()
    .onDeactivation(watch.told('KeyGenerator'));
  bind(CacheErrorHandler)
    .toDynamicValue(() => new FailOpenCacheErrorHandler(events))
    .inSingletonScope()
    .onDeactivation(watch.told('CacheErrorHandler'));
  bind(CacheResolver).toDynamicValue(makeResolver).inSingletonScope().onDeactivation(watch.told('CacheResolver'));
}

/** The default resolver. It is known to choose by name alone. */
export const makeResolver = (context: { get(identifier: typeof CacheManager): CacheManager }): CacheResolver =>
  new SimpleCacheResolver(context.get(CacheManager));

/** The receivers of calls: what decorated and listening classes get injected. */
function bindReceivers(bind: Bind, instance: Instance, container: ServiceLocator | undefined): void {
  // Synchronous and without dependencies, because it is injected into services that, for example, a
  // key generator depends on.
  bind(CacheInterceptor)
    .toDynamicValue((context) => new CacheInterceptor(container ?? context, instance))
    .inSingletonScope()
    .onDeactivation((interceptor) => interceptor.close());
  bind(INTERCEPTOR).toService(CacheInterceptor);
  // It silences its listeners as soon as the shutdown begins; the instance closes what they listened to.
  bind(ListenerRegistrar)
    .toDynamicValue((context) => registrarOf(container ?? context))
    .inSingletonScope()
    .onDeactivation((registrar) => registrar.close());
  bind(LISTENERS).toService(ListenerRegistrar);
}

function registrarOf(services: ServiceLocator): ListenerRegistrar {
  return new ListenerRegistrar({
    events: () => services.get(CacheEvents),
    listeners: () => services.get(MessageListenerContainer),
    secondOf: (className) =>
      process.emitWarning(`A second object of ${className === '' ? 'an anonymous class' : className} listens.`, {
        type: 'CacheWarning',
        code: 'CACHE_LISTENER_REPEATED',
        detail:
          'Each object with @EventListener or @MessageListener listens, and is held, until its container is unbound: bind it inSingletonScope().',
      }),
  });
}

/** A handler that rejects would leave the container half unbound. */
async function stop(instance: Instance): Promise<void> {
  try {
    await instance.stop();
  } catch (error) {
    instance.events.emit('error', { where: 'stop', error });
  }
}

function loadedTwice(): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPERATION_INVALID', 'A caching module is loaded in this container already.', {
    hint: 'Load one module, or call enableCaching once; await container.unbindAllAsync() before another.',
  });
}

function secondManager(): CacheConfigurationError {
  return new CacheConfigurationError(
    'CACHE_BINDING_AMBIGUOUS',
    'A cache manager is bound in this container already, and the caching module brings another.',
    {
      hint: 'Rebind CacheManager after the module was loaded to replace its manager; or bind yours under an identifier of its own and name it with `cacheManager`.',
    },
  );
}
