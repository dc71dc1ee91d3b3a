import { CacheError, type CacheErrorOptions } from './cache-error.js';
import type { CacheErrorCode } from './error-codes.js';

/** What a {@link CacheValueError} carries. */
export interface CacheValueErrorOptions extends CacheErrorOptions {
  /** The kind of what cannot be stored: `an instance of Order`. Default: it is not known. */
  readonly refused?: string | undefined;
}

/**
 * A value cannot be stored in, or restored from, the remote tier. The caller of a decorated method still
 * gets the method's result.
 */
export class CacheValueError extends CacheError {
  override name = 'CacheValueError'; // Written out: a bundler may shorten the name of the class.

  /** The kind of what cannot be stored, without the place where it was found. */
  readonly refused: string | undefined;

  constructor(code: Extract<CacheErrorCode, `CACHE_VALUE_${string}`>, message: string, options?: CacheValueErrorOptions) {
    super(code, message, options);
    this.refused = options?.refused;
  }
}
