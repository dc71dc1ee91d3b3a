import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/**
 * Something around a transaction failed. Errors of the transaction itself are never wrapped. With
 * `CACHE_TRANSACTION_ACTION_FAILED` the commit **stands**: the result of the transaction is on `result`.
 */
export class CacheTransactionError extends CacheError {
  override name = 'CacheTransactionError'; // Written out: a bundler may shorten the name of the class.

  constructor(code: Extract<CacheErrorCode, `CACHE_TRANSACTION_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
