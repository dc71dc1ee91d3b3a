import type { Cache } from '../../cache/index.js';

/** What can overtake a load of `'b'`, by its name in titles; and what it leaves of `'a'`, `'b'` and `'c'`. */
export const OVERTAKERS: Readonly<Record<string, readonly [overtake: (by: Cache) => Promise<unknown>, left: readonly string[]]>> = {
  evict: [(by) => by.evict('b'), ['a', 'c']],
  'evict of a list': [(by) => by.evictAll(['x', 'c', 'b']), ['a']],
  evictIfPresent: [(by) => by.evictIfPresent('b'), ['a', 'c']],
  clear: [(by) => by.clear(), []],
  invalidate: [(by) => by.invalidate(), []],
};
