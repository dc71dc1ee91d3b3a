/**
 * A cached value, as opposed to no cached value. `undefined` in place of a wrapper means "not in the cache".
 * A wrapper around `null` or `undefined` means "this is the cached value" (Spring's `Cache.ValueWrapper`).
 */
export interface ValueWrapper<V = unknown> {
  readonly value: V;
}
