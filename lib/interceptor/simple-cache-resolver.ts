import type { Cache, CacheManager } from '../cache/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import { CacheResolver, type CacheOperationContext } from './cache-resolver.js';

/** Asks a cache manager for the names that the operation or its class gives (Spring's `SimpleCacheResolver`). */
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
    const known = this.#manager.cacheNames.map((known) => `'${known}'`).join(', ');
    throw new CacheConfigurationError(
      'CACHE_NAME_UNKNOWN',
      `There is no cache '${name}': the cache manager knows ${known === '' ? 'none' : known}.`,
      {
        hint: 'Add it to `caches`, or let the manager be `dynamic`.',
      },
    );
  }
}
