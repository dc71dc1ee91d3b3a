/** What an eviction removes: these keys, in their encoded form, or everything in the cache. */
export type Eviction = { readonly keys: readonly string[] } | 'all';

/** What a write withholds: a key, behind a colon, or {@link ALL_KEYS}. */
export type Place = string;

/** The place of everything in the cache. */
export const ALL_KEYS: Place = '*';

/** The place of a key. */
export const placeOf = (key: string): Place => `:${key}`;

/** The places of an eviction, each once. */
export const placesOf = (eviction: Eviction): readonly Place[] =>
  eviction === 'all' ? [ALL_KEYS] : [...new Set(eviction.keys)].map(placeOf);
