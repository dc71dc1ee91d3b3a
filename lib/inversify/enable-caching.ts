import type { Container } from 'inversify';
import { cachedMethodsOf, isNamedByDecorator, type ServiceIdentifier } from '../annotation/index.js';
import { CacheManager } from '../cache/index.js';
import { checkOperations } from '../interceptor/index.js';
import { activateEverything, boundClasses } from './activation-plugin.js';
import { moduleOver } from './caching-module.js';
import { type CachingOptions, instanceOf, type Instance } from '../instance/index.js';
import { INSTANCE } from './tokens.js';

/**
 * Loads the caching module into `container`, also covers subclasses, dynamic values, resolved values and
 * constants, and connects. Singletons that were resolved before stay uncached, so call it before the first
 * `get`. Classes that are bound by then are checked: the key generators, cache managers and resolvers that
 * they name must be bound too, and with `dynamic: false` every named cache must exist.
 *
 * @param options - see {@link CachingOptions}. Default: everything in the process.
 * @returns the cache manager, once every topic is confirmed subscribed.
 * @throws {CacheConfigurationError} for wrong options, a second module or cache manager in one container,
 *   `CACHE_BINDING_MISSING` and `CACHE_NAME_UNKNOWN`. The module is unloaded again then.
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when Redis cannot be reached and `failFast` is on.
 *   The module is unloaded again then.
 */
export async function enableCaching(container: Container, options?: CachingOptions): Promise<CacheManager> {
  return enableOver(container, () => instanceOf(options, { isNamed: isNamedByDecorator }));
}

/** The same for any instance. */
export async function enableOver(container: Container, makeInstance: () => Instance): Promise<CacheManager> {
  const module = moduleOver(makeInstance, container);
  container.load(module);
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
    await container.unloadAsync(module);
    throw error;
  }
  return container.get(CacheManager);
}

/** Checks the services that are bound already, so that mistakes show now and not at the first call. */
function checkBoundServices(container: Container, { manager, isEnabled = true, isDynamic = true }: Instance): void {
  if (!isEnabled) return;
  const cacheNames = isDynamic ? undefined : manager.cacheNames;
  const isBound = (identifier: ServiceIdentifier): boolean => container.isBound(identifier);
  for (const bound of boundClasses(container)) {
    for (const method of cachedMethodsOf(bound)) checkOperations(method, { isBound, cacheNames });
  }
}
