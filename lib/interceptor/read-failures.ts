import type { Cache, CacheKey } from '../cache/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import { isKeyError, isTooLong, keyErrorOf } from './key-error.js';

/** A read of one key in one cache, by the operation of this label. */
export interface FailingRead {
  readonly label: string;
  readonly cache: Cache;
  readonly key: CacheKey;
  /** What was loaded, if that could not be stored. */
  readonly value?: unknown;
}

/**
 * Asks the error handler what a failure of the cache means for a read. If it returns, the read goes on.
 *
 * @throws {CacheKeyError} for a key that cannot be one, unless it is only too long: the call is at fault.
 */
export function handleReadFailure(
  errors: CacheErrorHandler,
  verb: 'get' | 'put',
  error: unknown,
  { label, cache, key, value }: FailingRead,
): void {
  if (isKeyError(error)) {
    const named = keyErrorOf(error, label, cache);
    if (!isTooLong(error)) throw named;
    errors.handleCacheGetError(named, cache, key);
  } else if (verb === 'get') errors.handleCacheGetError(error, cache, key);
  else errors.handleCachePutError(error, cache, key, value);
}
