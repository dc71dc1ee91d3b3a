import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/** Publishing or subscribing failed. */
export class TopicError extends CacheError {
  override name = 'TopicError'; // Written out: a bundler may shorten the name of the class.

  constructor(code: Extract<CacheErrorCode, `TOPIC_${string}`>, message: string, options?: CacheErrorOptions) {
    super(code, message, options);
  }
}
