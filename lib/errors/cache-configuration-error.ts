import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/**
 * A decorator, an option or a binding is wrong. Thrown at decoration or at start, as
 * early as it can be known.
 */
export class CacheConfigurationError extends CacheError {
  override name = 'CacheConfigurationError'; // Written out: a bundler may shorten the name of the class.

  constructor(
    code: Extract<
      CacheErrorCode,
      `CACHE_OPTION_${string}` | `CACHE_OPERATION_${string}` | `CACHE_NAME_${string}` | `CACHE_BINDING_${string}`
    >,
    message: string,
    options?: CacheErrorOptions,
  ) {
    super(code, message, options);
  }
}
