import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/** A key cannot be made of what the caller passed. The hint says to give a \`key\`. */
export class CacheKeyError extends CacheError {
  constructor(code: Extract<CacheErrorCode, `CACHE_KEY_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
