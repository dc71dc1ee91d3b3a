import type { Container } from 'inversify';
import { CacheManager } from '../cache/index.js';
import { activateEverything } from './activation-plugin.js';
import { moduleOver } from './caching-module.js';
import type { CachingOptions } from './options.js';
import { runtimeOf } from './disabled-runtime.js';
import { type ModuleRuntime, RUNTIME } from './tokens.js';

/**
 * Loads the caching module into `container`, covers subclasses, dynamic values, resolved values and constants too, and connects.
 * Singletons that were resolved before stay uncached, so call it before the first `get`.
 *
 * @param options - see {@link CachingOptions}. Default: everything in the process.
 * @returns the cache manager, once every topic is confirmed subscribed.
 * @throws {CacheConfigurationError} for wrong options, or a second module in one container.
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when Redis cannot be reached and `failFast` is on. The module is unloaded again then.
 */
export async function enableCaching(container: Container, options?: CachingOptions): Promise<CacheManager> {
  return enableOver(container, () => runtimeOf(options));
}

/** The same over any runtime. */
export async function enableOver(container: Container, makeRuntime: () => ModuleRuntime): Promise<CacheManager> {
  const module = moduleOver(makeRuntime, container);
  container.load(module);
  if (!activateEverything(container)) {
    process.emitWarning('This version of inversify is not known: subclasses, dynamic values and constants may run uncached.', {
      type: 'CacheWarning',
      code: 'CACHE_NOT_WIRED',
      detail: 'Add @CacheConfig() to subclasses and `.onActivation(cached)` to bindings of values.',
    });
  }
  try {
    await container.get<ModuleRuntime>(RUNTIME).start();
  } catch (error) {
    await container.unloadAsync(module);
    throw error;
  }
  return container.get(CacheManager);
}
