/**
 * What a cache may lack.
 *
 * - `nullValues`: it stores `null` and `undefined`.
 * - `richValues`: it stores what JSON alone would lose (`NaN`, `-0`, bigints, dates, maps, sets, bytes).
 * - `ttl`: entries end after the `ttl` of a put or of a load, and a `ttl` that is none is refused.
 * - `tags`: `evictTagged` evicts what carries one of the tags, and nothing else.
 * - `intents`: nothing is stored under a key while `evictAround` or `intend` holds it.
 * - `statistics`: it counts what it does, as `CacheStatistics` says.
 * - `reentrantLoads`: a loader may ask for its own key. (For decorated methods the library sees to that.)
 * - `sharedEntries`: other instances find what one of them has stored (a remote tier).
 */
export type CacheFeature = 'nullValues' | 'richValues' | 'ttl' | 'tags' | 'intents' | 'statistics' | 'reentrantLoads' | 'sharedEntries';

/** `false` for what a cache lacks. Default: it has everything. */
export type CacheFeatures = { readonly [Feature in CacheFeature]?: boolean | undefined };

/** What a test needs beside a cache: a feature, or something that the caller may have given. */
export type Need = CacheFeature | 'join' | 'elapse';
