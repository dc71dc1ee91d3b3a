import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/**
 * Something is wrong around a transaction; the transaction's own errors are never wrapped.
 * With `CACHE_TRANSACTION_ACTION_FAILED` the commit **stands**: what the transaction returned is on `result`.
 */
export class CacheTransactionError extends CacheError {
  override name = 'CacheTransactionError'; // Written out: a bundler may shorten the name of the class.

  constructor(code: Extract<CacheErrorCode, `CACHE_TRANSACTION_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
