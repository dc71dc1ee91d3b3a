import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/**
 * A value cannot be stored in, or restored from, the remote tier. The caller of a decorated method still
 * gets the method's result.
 */
export class CacheValueError extends CacheError {
  override name = 'CacheValueError'; // Written out: a bundler may shorten the name of the class.

  constructor(code: Extract<CacheErrorCode, `CACHE_VALUE_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
