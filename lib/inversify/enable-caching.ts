import { isNamedByDecorator } from '../annotation/index.js';
import { CacheManager } from '../cache/index.js';
import { activateEverything } from './activation-plugin.js';
import { checkBoundServices } from './start-up-checks.js';
import { moduleOver } from './caching-module.js';
import { type CachingContainer, loadModule, unloadModule } from './container.js';
import { type CachingOptions, instanceOf, type Instance } from '../instance/index.js';
import { INSTANCE } from './tokens.js';

/**
 * Loads the caching module into `container`, also covers subclasses, dynamic values, resolved values and
 * constants, and connects. Singletons that were resolved before stay uncached, so call it before the first
 * `get`; a warning names them. Classes that are bound by then are checked: the key generators, cache managers
 * and resolvers that they name must be bound too, each operation must name a cache, and with `dynamic: false`
 * every named cache must exist. A warning tells of a name that looks like a misspelt one.
 *
 * @param options - see {@link CachingOptions}. Default: everything in the process.
 * @returns the cache manager, once every topic is confirmed subscribed.
 * @throws {CacheConfigurationError} for wrong options, a second module or cache manager in one container,
 *   `CACHE_BINDING_MISSING`, `CACHE_NAME_MISSING` and `CACHE_NAME_UNKNOWN`. The module is unloaded again
 *   then.
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when Redis cannot be reached and `failFast` is on.
 *   The module is unloaded again then.
 */
export async function enableCaching(container: CachingContainer, options?: CachingOptions): Promise<CacheManager> {
  return enableOver(container, () => instanceOf(options, { isNamed: isNamedByDecorator }));
}

/** The same for any instance. */
export async function enableOver(container: CachingContainer, makeInstance: () => Instance): Promise<CacheManager> {
  const module = moduleOver(makeInstance, container);
  loadModule(container, module);
  if (!activateEverything(container)) {
    process.emitWarning('This version of inversify is not known: subclasses, dynamic values and constants may run uncached.', {
      type: 'CacheWarning',
      code: 'CACHE_NOT_WIRED',
      detail: 'Add @CacheConfig() to subclasses and `.onActivation(cached)` to bindings of values.',
    });
  }
  try {
    const instance = container.get<Instance>(INSTANCE);
    checkBoundServices(container, instance);
    await instance.start();
  } catch (error) {
    await unloadModule(container, module);
    throw error;
  }
  return container.get(CacheManager);
}
