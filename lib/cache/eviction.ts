/** What an eviction removes: these keys, in their encoded form, or everything in the cache. */
export type Eviction = { readonly keys: readonly string[] } | 'all';
