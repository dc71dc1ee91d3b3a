import { type Cache, type CacheManager, nameUnknown } from '../cache/index.js';
import { CacheResolver, type CacheOperationContext } from './cache-resolver.js';

/**
 * Gets the caches from a manager, by the names that the operation or its class gives (Spring's
 * `SimpleCacheResolver`).
 */
export class SimpleCacheResolver extends CacheResolver {
  readonly #manager: CacheManager;

  constructor(manager: CacheManager) {
    super();
    this.#manager = manager;
  }

  override resolveCaches({ cacheNames }: Pick<CacheOperationContext, 'cacheNames'>): readonly Cache[] {
    return cacheNames.map((name) => this.#cache(name));
  }

  /** @throws {CacheConfigurationError} `CACHE_NAME_UNKNOWN` when the manager does not have the name. */
  #cache(name: string): Cache {
    const cache = this.#manager.getCache(name);
    if (cache !== undefined) return cache;
    throw nameUnknown(name, this.#manager.cacheNames);
  }
}
