/** What an eviction removes: some entries, or everything in the cache. */
export type Eviction = EvictedKeys | EvictedTags | 'all';

/** The entries under these keys, in their encoded form. */
export interface EvictedKeys {
  readonly keys: readonly string[];
}

/** The entries that carry one of these tags, in their encoded form. */
export interface EvictedTags {
  readonly tags: readonly string[];
}

/** What a write can withhold: see {@link Place}. */
export type Withheld = EvictedKeys | 'all';

/** What a write withholds: a key, behind a colon, or {@link ALL_KEYS}. */
export type Place = string;

/** The place of everything in the cache. */
export const ALL_KEYS: Place = '*';

/** The place of a key. */
export const placeOf = (key: string): Place => `:${key}`;

/** The places of an eviction, each once. */
export const placesOf = (eviction: Withheld): readonly Place[] =>
  eviction === 'all' ? [ALL_KEYS] : [...new Set(eviction.keys)].map(placeOf);

/** Whether it is an eviction of tags. */
export const hasTags = (eviction: Eviction): eviction is EvictedTags => eviction !== 'all' && 'tags' in eviction;
