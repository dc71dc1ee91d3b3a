import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/** Publishing or subscribing failed. */
export class TopicError extends CacheError {
  constructor(code: Extract<CacheErrorCode, `TOPIC_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
