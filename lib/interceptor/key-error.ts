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
