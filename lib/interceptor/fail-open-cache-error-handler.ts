import type { Cache } from '../cache/index.js';
import { CacheEvictError, CacheKeyError, CacheStoppedError, RemoteCacheError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import { CacheErrorHandler } from './cache-error-handler.js';

/**
 * The default: a broken cache never breaks a read, and never hides that a write may not be seen.
 *
 * Failed look-ups and puts are survived; the cache counts and reports them. Failed evictions reach the
 * caller, among them the eviction that belongs to a put, because from then on somebody may read what is no
 * longer true.
 */
export class FailOpenCacheErrorHandler extends CacheErrorHandler {
  readonly #events: CacheEvents | undefined;

  /**
   * @param events - gets an `error` for each value that cannot be stored, and each key that is too long.
   *   Default: none; these failures are reported nowhere.
   */
  constructor(events?: CacheEvents) {
    super();
    this.#events = events;
  }

  override handleCacheGetError(error: unknown, cache: Cache): void {
    // A miss: the method runs. A key that is too long is reported here alone.
    if (error instanceof CacheKeyError) this.#events?.emit('error', { where: `get in cache '${cache.name}'`, error, cache: cache.name });
  }

  override handleCachePutError(error: unknown, cache: Cache): void {
    // The caller has the result, and the next call loads it again. But somebody may read the old value if not
    // even the eviction that makes up for a failed put was acknowledged, or if a stopped cache refused the
    // put.
    if (error instanceof CacheEvictError || error instanceof CacheStoppedError) throw error;
    // A remote tier that is away is counted, and reported by its connection. A value that cannot be stored is
    // reported here alone.
    if (!(error instanceof RemoteCacheError))
      this.#events?.emit('error', { where: `put in cache '${cache.name}'`, error, cache: cache.name });
  }

  override handleCacheEvictError(error: unknown): void {
    throw error;
  }

  override handleCacheClearError(error: unknown): void {
    throw error;
  }

  override handlePublishError(): void {
    // The failure is reported where it is retried.
  }

  override handleReceiveError(): void {
    // An instance that cannot apply a message stops trusting its local tier.
  }
}
