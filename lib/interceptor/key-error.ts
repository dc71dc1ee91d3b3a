import type { Cache } from '../cache/index.js';
import { CacheError, CacheKeyError } from '../errors/index.js';

/**
 * Whether the call is at fault, and not the cache. Such an error reaches the caller, whatever the error
 * handler does about caches.
 */
export function isKeyError(error: unknown): boolean {
  return CacheError.is(error) && error.code.startsWith('CACHE_KEY_');
}

/** Whether the key is too long to be one. A read then runs uncached. */
export const isTooLong = (error: unknown): boolean => CacheError.is(error) && error.code === 'CACHE_KEY_TOO_LONG';

/**
 * The error that a cache threw about a key, with the operation that made the key: a stack seldom reaches back
 * to the method.
 */
export function keyErrorOf(error: unknown, label: string, cache: Cache): unknown {
  return error instanceof CacheKeyError ? error.of(label, cache.name) : error;
}

/**
 * The key of a step after the method. If a function of the application throws there, the error has to carry
 * the method's result.
 *
 * @throws {CacheKeyError} with what the function threw as its cause.
 */
export function lateKey<T>(label: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (CacheError.is(error)) throw error;
    throw new CacheKeyError('CACHE_KEY_UNSUPPORTED', `The key of ${label} could not be made: a function of the operation threw.`, {
      hint: 'What the method did stands; its result is on the error.',
      cause: error,
    });
  }
}
