import { CacheConfigurationError, CacheKeyError, shown } from '../errors/index.js';
import type { Duration, FreshnessOptions } from '../time/index.js';
import type { CacheKey } from './key/cache-key.js';
import { MAXIMUM_CHUNK } from './chunks.js';
import { encodeKey } from './key/encode-key.js';
import type { LoadContext } from './load-context.js';

/** A `Map` by keys, which may have more of them than were asked for. */
export interface LoadedMap<K, V> extends Iterable<readonly [unknown, V]> {
  get(key: K): V | undefined;
}

/**
 * What was loaded for several keys: a `Map` by key, or an array in the order of the keys. A key that a `Map`
 * lacks, or whose value is `undefined`, is *absent*.
 */
export type LoadedAll<K, V> = LoadedMap<K, V> | readonly (V | undefined)[];

/**
 * Loads the values of several keys, each of which it is given once. It may throw, reject, or return without a
 * promise.
 */
export type LoaderOfAll<K, V> = (keys: readonly K[], context: LoadContext) => LoadedAll<K, V> | Promise<LoadedAll<K, V>>;

/** As what an absent value is stored, under the cache's `nullTtl`. */
export type Absent = 'null' | 'undefined';

/**
 * The options of one {@link Cache.getAllOrLoad}. Those of {@link FreshnessOptions} replace what the cache
 * says; they apply to each key by itself.
 */
export interface LoadAllOptions<K = CacheKey, V = unknown> extends FreshnessOptions {
  /**
   * Time to live of each loaded value, or a function that computes it. Default: the cache's `ttl`. `0` means
   * "without end". From a function, 0 or less means "do not store".
   */
  readonly ttl?: Duration | ((value: V, key: K) => Duration) | undefined;
  /**
   * What {@link Cache.evictTagged} can evict each entry by, or a function that makes it: at most 32 tags.
   * Only in a cache with `tags: true`. Default: none.
   */
  readonly tags?: readonly CacheKey[] | ((value: V, key: K) => readonly CacheKey[]) | undefined;
  /** Returns `true` for a loaded value that must not be stored. Default: every value is stored. */
  readonly unless?: ((value: V, key: K) => boolean) | undefined;
  /**
   * As what an absent value is stored, and answered from then on. It must be what a loader of that key alone
   * answers, because they share their entries. `unless`, `ttl` and `tags` are not asked about it. Default: it
   * is not stored.
   */
  readonly absent?: Absent | undefined;
  /**
   * The most keys that the loader is given at a time. If the process itself lacks more, so many are looked
   * for and loaded at a time, one part after the other. Default, and at most: 1000.
   */
  readonly maximumBatch?: number | undefined;
  /** Called when the cache itself (never the loader) fails for one of the keys. See `LoadOptions.onError`. */
  readonly onError?: ((verb: 'get' | 'put', error: unknown, key: K, value?: unknown) => void) | undefined;
}

/** The most keys that a loader is given at a time: as many as travel in one step. */
const MAXIMUM_BATCH = MAXIMUM_CHUNK;

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkLoadAll({ absent, maximumBatch }: Pick<LoadAllOptions, 'absent' | 'maximumBatch'>): void {
  if (absent !== undefined && absent !== 'null' && absent !== 'undefined') throw invalid('absent', "'null' or 'undefined'", absent);
  if (maximumBatch !== undefined && !(Number.isSafeInteger(maximumBatch) && maximumBatch >= 1))
    throw invalid('maximumBatch', 'a whole number of at least 1', maximumBatch);
}

/**
 * Loads many keys in parts, one after the other, so that no part holds the fill leases of another one. If one
 * fails, the next ones do not begin.
 */
export async function inParts<T>(
  items: readonly T[],
  maximumBatch: number | undefined,
  load: (part: readonly T[]) => Promise<void>,
): Promise<void> {
  const size = Math.min(maximumBatch ?? MAXIMUM_BATCH, MAXIMUM_BATCH);
  for (let from = 0; from < items.length; from += size) await load(items.slice(from, from + size));
}

const invalid = (option: string, what: string, got: unknown): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${what}, got ${shown(String(got))}.`);

/** What makes keys equal: their encoded form. One that is too long to be cached has a symbol of its own. */
export type Identity = string | symbol;

/** @throws {CacheKeyError} for what cannot be a key, unless it is only too long. */
export function identityOf<K extends CacheKey, V>(key: K, { onError }: Pick<LoadAllOptions<K, V>, 'onError'>): Identity {
  try {
    return encodeKey(key);
  } catch (error) {
    onError?.('get', error, key);
    if (error instanceof CacheKeyError && error.code === 'CACHE_KEY_TOO_LONG') return Symbol('a key that is too long');
    throw error;
  }
}

/** The answer to the keys, in their order. It has none of those whose value is `undefined`. */
export function answerOf<K, V>(
  keys: readonly K[],
  identities: readonly Identity[],
  values: ReadonlyMap<Identity, V | undefined>,
): Map<K, V> {
  const answer = new Map<K, V>();
  for (const [i, key] of keys.entries()) {
    const value = values.get(identities[i] as Identity);
    if (value !== undefined) answer.set(key, value);
  }
  return answer;
}

/**
 * The values in the order of the keys; `undefined` for those that are absent.
 *
 * @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for what is neither a `Map` nor an array with a
 *   value for each key.
 */
export function valuesOf<K, V>(keys: readonly K[], loaded: LoadedAll<K, V>): readonly (V | undefined)[] {
  if (isMap(loaded)) return valuesIn(loaded, keys);
  if (!Array.isArray(loaded)) {
    const got = loaded === null ? 'null' : typeof loaded;
    throw misshapen(`Expected a \`Map\` or an array of the values of ${keys.length} keys, got ${got}.`);
  }
  if (loaded.length === keys.length) return loaded as readonly (V | undefined)[];
  throw misshapen(`Expected an array of ${keys.length} values, one for each key and in their order, got ${loaded.length}.`);
}

/** A `Map`, or something that is used like one. */
const isMap = <K, V>(loaded: LoadedAll<K, V>): loaded is LoadedMap<K, V> =>
  loaded instanceof Map || (typeof loaded === 'object' && loaded !== null && 'get' in loaded && typeof loaded.get === 'function');

/**
 * Keys are equal by value. A `Map` compares objects by identity, and may hold others than those it was asked
 * for.
 */
function valuesIn<K, V>(loaded: LoadedMap<K, V>, keys: readonly K[]): readonly (V | undefined)[] {
  let byValue: Map<string, V> | undefined;
  return keys.map((key) => {
    const value = loaded.get(key);
    if (value !== undefined || typeof key !== 'object' || key === null) return value;
    byValue ??= encodedIn(loaded);
    const encoded = encodedOf(key);
    return encoded === undefined ? undefined : byValue.get(encoded);
  });
}

function encodedIn<V>(loaded: Partial<LoadedMap<never, V>>): Map<string, V> {
  const values = new Map<string, V>();
  if (typeof loaded[Symbol.iterator] !== 'function') return values;
  for (const [key, value] of loaded as LoadedMap<never, V>) {
    const encoded = encodedOf(key);
    if (encoded !== undefined) values.set(encoded, value);
  }
  return values;
}

/** `undefined` for an id that is no key: a method may take ids of any kind, and make keys of them. */
function encodedOf(id: unknown): string | undefined {
  try {
    return encodeKey(id as CacheKey);
  } catch {
    return undefined;
  }
}

const misshapen = (message: string): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPERATION_INVALID', message, {
    hint: 'A `Map` may leave out what does not exist. In an array, `undefined` stands in its place.',
  });
