import type { Cache } from '../cache/index.js';
import { CacheError, CacheKeyError } from '../errors/index.js';

/** Whether the call itself is at fault, not the cache: such an error is the caller's to see, whatever the error handler thinks of caches. */
export function isKeyError(error: unknown): boolean {
  return CacheError.is(error) && error.code.startsWith('CACHE_KEY_');
}

/** What a cache said about a key, with the operation that made it: a stack seldom reaches back to the method. */
export function keyErrorOf(error: unknown, label: string, cache: Cache): unknown {
  return error instanceof CacheKeyError ? error.of(label, cache.name) : error;
}

/**
 * The key of a step after the method. What a function of the application throws there comes as an error that can carry the method's result.
 *
 * @throws {CacheKeyError} whose cause that is.
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
