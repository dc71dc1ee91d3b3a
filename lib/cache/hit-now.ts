import type { Cache } from './cache.js';
import type { CacheKey } from './key/cache-key.js';

/**
 * A cache that can answer a read in the same turn of the event loop. This is not part of the contract of
 * {@link Cache}: a cache of a user need not implement it.
 */
export interface AnswersNow {
  /**
   * The settled promise of a value that can be served at once; counted as a hit. `undefined` says nothing
   * about the key.
   */
  hitNow(key: CacheKey): Promise<unknown> | undefined;
  /**
   * The values of several keys, if all of them can be served at once; counted as hits. `undefined` says
   * nothing about the keys.
   */
  allNow(keys: readonly CacheKey[]): unknown[] | undefined;
}

/** The fast path of a read, if `cache` has one. */
export function hitNow(cache: Cache, key: CacheKey): Promise<unknown> | undefined {
  return (cache as Partial<AnswersNow>).hitNow?.(key);
}

/** The fast path of a read of several keys, if `cache` has one. */
export function allNow(cache: Cache, keys: readonly CacheKey[]): unknown[] | undefined {
  return (cache as Partial<AnswersNow>).allNow?.(keys);
}
