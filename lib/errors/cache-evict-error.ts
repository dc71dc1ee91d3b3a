import { CacheError, type CacheErrorOptions } from './cache-error.js';

/**
 * Redis did not acknowledge an eviction (or put, or clear) in time. The decorated method itself
 * **succeeded**: its result is on `result`, which is `undefined` when the eviction was called directly. The
 * eviction is retried in the background until it is acknowledged. Until then this instance serves the keys
 * concerned from neither tier.
 */
export class CacheEvictError extends CacheError {
  override name = 'CacheEvictError'; // Written out: a bundler may shorten the name of the class.
  /** The cache whose eviction is pending. */
  readonly cacheName: string;

  constructor(cacheName: string, message: string, options: CacheErrorOptions = {}) {
    super('CACHE_EVICT_UNACKNOWLEDGED', message, options);
    this.cacheName = cacheName;
  }

  override withResult(result: unknown): CacheEvictError {
    return new CacheEvictError(this.cacheName, this.said, { hint: this.hint, cause: this.cause ?? this, result });
  }
}
