import { CacheError, type CacheErrorOptions } from './cache-error.js';

/**
 * A read waited for its method as long as `loadTimeout` allows. The method runs on, and its result is stored
 * when it comes.
 */
export class CacheLoadTimeoutError extends CacheError {
  override name = 'CacheLoadTimeoutError'; // Written out: a bundler may shorten the name of the class.

  constructor(message: string, options?: CacheErrorOptions) {
    super('CACHE_LOAD_TIMEOUT', message, options);
  }

  override withResult(result: unknown): CacheLoadTimeoutError {
    return new CacheLoadTimeoutError(this.said, { hint: this.hint, cause: this.cause ?? this, result });
  }
}
