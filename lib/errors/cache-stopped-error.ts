import { CacheError, type CacheErrorOptions } from './cache-error.js';

/**
 * The instance was shut down (`container.unbindAllAsync()`, `manager.stop()`), and its caches refused an
 * operation. A write is not tried again: other instances may serve the old value until its time to live ends.
 * A decorated method has run nevertheless, and its result is on `result`.
 */
export class CacheStoppedError extends CacheError {
  override name = 'CacheStoppedError'; // Written out: a bundler may shorten the name of the class.

  constructor(message: string, options?: CacheErrorOptions) {
    super('CACHE_STOPPED', message, options);
  }

  override withResult(result: unknown): CacheStoppedError {
    return new CacheStoppedError(this.said, { hint: this.hint, cause: this.cause ?? this, result });
  }
}
