import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';
import { MAXIMUM_LINE_LENGTH, printable } from './printable.js';

/** No key can be made from the arguments. The hint says to give a `key`. */
export class CacheKeyError extends CacheError {
  override name = 'CacheKeyError'; // Written out: a bundler may shorten the name of the class.
  declare readonly code: Extract<CacheErrorCode, `CACHE_KEY_${string}`>;

  constructor(code: CacheKeyError['code'], message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }

  /** The same error, with the operation and the cache. */
  of(operation: string, cacheName: string): CacheKeyError {
    const { code, hint, said, cause = this } = this;
    return new CacheKeyError(code, `${printable(said.replace(/\.$/, ''), MAXIMUM_LINE_LENGTH / 2)} (${operation}, cache '${cacheName}').`, {
      hint,
      cause,
    });
  }
}
