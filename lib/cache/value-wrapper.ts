/**
 * A cached value, as against no cached value: `undefined` in place of a wrapper means "not in the cache",
 * a wrapper around `null` or `undefined` means "that is what is cached" (Spring's `Cache.ValueWrapper`).
 */
export interface ValueWrapper<V = unknown> {
  readonly value: V;
}
