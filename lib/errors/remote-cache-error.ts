import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/** The remote tier (L2) failed, was late, or is away. */
export class RemoteCacheError extends CacheError {
  override name = 'RemoteCacheError'; // Written out: a bundler may shorten the name of the class.

  constructor(code: Extract<CacheErrorCode, `CACHE_REMOTE_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
