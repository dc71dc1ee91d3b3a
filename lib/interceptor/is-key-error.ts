import { CacheError } from '../errors/index.js';

/** Whether the call itself is at fault, not the cache: such an error is the caller's to see, whatever the error handler thinks of caches. */
export function isKeyError(error: unknown): boolean {
  return CacheError.is(error) && error.code.startsWith('CACHE_KEY_');
}
