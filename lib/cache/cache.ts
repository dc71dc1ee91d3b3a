import { throwFirst } from '../errors/index.js';
import type { CacheStatistics } from '../event/index.js';
import type { Duration, FreshnessOptions, Milliseconds } from '../time/index.js';
import { checkEvictOptions, checkKeys, checkWork } from './check-arguments.js';
import { encodeTags } from './tag/encode-tags.js';
import type { EvictOptions, Unacknowledged } from './evict-options.js';
import type { CacheKey } from './key/cache-key.js';
import type { LoadAllOptions, LoaderOfAll } from './load-all.js';
import type { Loader } from './load-context.js';
import { loadOneByOne } from './load-one-by-one.js';
import type { KeyInspection } from './key-inspection.js';
import type { ValueWrapper } from './value-wrapper.js';
import { within, type WriteIntent } from './write-intent.js';

/** The options of one written value that can differ from the options of the cache. */
export interface PutOptions {
  /**
   * Time to live of this entry; `0` = without end. Default: the cache's `ttl` (`nullTtl` for `null` and
   * `undefined`).
   */
  readonly ttl?: Duration | undefined;
  /**
   * What {@link Cache.evictTagged} can evict the entry by: at most 32 tags. A tag is a key of a kind, equal
   * by value. Only in a cache with `tags: true`. Default: none.
   */
  readonly tags?: readonly CacheKey[] | undefined;
  /** See {@link EvictOptions.waitedMs}. */
  readonly waitedMs?: Milliseconds | undefined;
  /** See {@link EvictOptions.unacknowledged}. A put is an eviction too. */
  readonly unacknowledged?: Unacknowledged | undefined;
}

/**
 * The options of one {@link Cache.getOrLoad}. Those of {@link FreshnessOptions} replace what the cache says.
 */
export interface LoadOptions<V = unknown> extends FreshnessOptions {
  /**
   * Time to live of a loaded value, or a function that computes it from the value. Default: the cache's
   * `ttl`.
   *
   * `0` means "without end". From a function, 0 or less means "do not store". An invalid `ttl` becomes an
   * `error` event; the value is then returned, but not stored.
   */
  readonly ttl?: Duration | ((value: V) => Duration) | undefined;
  /**
   * What {@link Cache.evictTagged} can evict the entry by, or a function that makes it of the value: at most
   * 32 tags. Only in a cache with `tags: true`. Default: none.
   *
   * A function that throws, or returns what cannot be tags, becomes an `error` event; the value is then
   * returned, but not stored.
   */
  readonly tags?: readonly CacheKey[] | ((value: V) => readonly CacheKey[]) | undefined;
  /**
   * Returns `true` for a loaded value that must not be stored. Default: every value is stored. Not called on
   * a hit.
   */
  readonly unless?: ((value: V) => boolean) | undefined;
  /**
   * `false`: run the loader for this caller alone, and do not join a running load of the same key in this
   * instance. Default: `true`.
   */
  readonly join?: boolean | undefined;
  /**
   * Called when the cache itself (never the loader) fails while getting or storing. If it throws, the read
   * fails with what it threw. Default: failures are counted, and the read goes on.
   *
   * It is also called for an invalid key, and the read then fails in any case; but for a key that is only too
   * long (`CACHE_KEY_TOO_LONG`) the loader runs.
   */
  readonly onError?: ((verb: 'get' | 'put', error: unknown, value?: unknown) => void) | undefined;
}

/**
 * One named cache, as an instance sees it (Spring's `Cache`). Extend this class to write a cache of your own.
 * Keys are {@link CacheKey}s and are equal by value.
 *
 * `T` is the type of the values, for callers alone: `manager.cache<Book>('book')`. Nothing checks it at run
 * time. Default: any values.
 *
 * All methods reject with a `CacheError` when the cache itself fails. The exception is {@link getOrLoad},
 * which can use its loader instead.
 */
export abstract class Cache<T = unknown> {
  /** The name that is given to `@Cacheable` and to the cache manager. */
  abstract readonly name: string;

  /** The cached value, or `undefined` if there is none. */
  abstract get<V = T>(key: CacheKey): Promise<ValueWrapper<V> | undefined>;

  /**
   * The cached value. If there is none, the result of `loader`, which is then stored.
   *
   * - Concurrent calls for one key share one load.
   * - A value whose load began before an eviction of its key is never stored after that eviction.
   * - A caller for whom the running load waits cannot join it (for example, a loader that asks for its own
   *   key). Such a caller runs its own loader, and stores nothing.
   * - Nobody waits for the load of another caller for longer than `fillLease`, or after that caller was
   *   aborted (an `AbortError`). Those who had waited share one new load.
   *
   * @throws what the loader threw: the same object. Nothing is stored then.
   * @see Spring `Cache#get(Object, Callable)`, which wraps the error of the loader; this method does not.
   */
  abstract getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V>;

  /**
   * Stores `value`, and drops the copies of other instances. Once it resolves, no read in this instance
   * returns older data.
   *
   * It rejects in these cases:
   * - A value that cannot be encoded, an invalid `ttl`, or more than 32 tags: the key is evicted.
   * - Tags in a cache without them: nothing is changed.
   * - A `null` or `undefined` that is not allowed: nothing is changed.
   */
  abstract put(key: CacheKey, value: T, options?: PutOptions): Promise<void>;

  /**
   * Like {@link put}, for several entries: a `Map`, or any iterable of pairs. Of two entries with one key the
   * later one is stored. All are tried; the first failure is thrown. Caches of this library need two round
   * trips for it; the default puts the entries one by one.
   */
  async putAll(entries: Iterable<readonly [CacheKey, T]>, options?: PutOptions): Promise<void> {
    throwFirst(await Promise.allSettled([...entries].map(([key, value]) => this.put(key, value, options))));
  }

  /**
   * Stores `value` if the key has none, and returns `undefined`. Otherwise changes nothing and returns the
   * present value. While the key is being written ({@link evictAround}), it stores nothing, and returns
   * `undefined` all the same: it is no lock.
   */
  abstract putIfAbsent<V = T>(key: CacheKey, value: V, options?: PutOptions): Promise<ValueWrapper<V> | undefined>;

  /**
   * Removes the key from both tiers and announces this to every instance. An array is one composite key; use
   * {@link evictAll} for several keys.
   *
   * @throws {CacheEvictError} when Redis did not acknowledge the eviction in time. It is then retried until
   *   it is acknowledged.
   * @throws {CacheStoppedError} when the cache was stopped. The same applies to {@link put} and the other
   *   writes.
   */
  abstract evict(key: CacheKey, options?: EvictOptions): Promise<void>;

  /**
   * Like {@link evict}, for several keys, in one round trip (a long list is split into chunks). A cache of
   * your own need not implement it: the default evicts the keys one by one.
   */
  async evictAll(keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    throwFirst(await Promise.allSettled(keys.map((key) => this.evict(key, options))));
  }

  /**
   * Like {@link evict}, but at once, even inside a transaction. `true` if the remote tier held the key, even
   * one whose life is over (without a remote tier: if the local tier held it). If that is not known, it
   * rejects, whatever `unacknowledged` says.
   */
  abstract evictIfPresent(key: CacheKey, options?: EvictOptions): Promise<boolean>;

  /**
   * Evicts every entry that carries one of these tags, and announces this to every instance: one round trip,
   * however many entries there are. The promises are those of {@link evict}, from the moment it is executed:
   * no load that began before is served by anybody who comes later. It needs `tags: true` in the options of
   * the cache.
   *
   * A cache of your own need not implement it. The default clears the cache, which evicts more.
   *
   * @throws {CacheEvictError} as {@link evict} does.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a cache without tags.
   */
  async evictTagged(tags: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    if (encodeTags(tags, Infinity).length > 0) await this.clear(options);
  }

  /**
   * Like {@link evictTagged}, but at once, even inside a transaction. It rejects without an acknowledgement.
   */
  invalidateTagged(tags: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    return this.evictTagged(tags, { ...options, unacknowledged: 'throw' });
  }

  /**
   * Runs `work`, which changes in the database what `keys` stand for, between two evictions of them. Until
   * the second one, no instance stores a value under them. So a writer that dies at any moment leaves nothing
   * stale behind, not even between its commit and its eviction.
   *
   * It costs one round trip more than {@link evictAll} after the work, and reads of the keys meanwhile run
   * their loaders. A writer that dies leaves the keys uncached until its intent ends (`intentLease`). If
   * Redis does not acknowledge the first eviction, `work` runs nevertheless, without this protection.
   *
   * @param work - has committed when its promise resolves.
   * @returns what `work` returns.
   * @throws what `work` threw: the same object. The keys are evicted then as well.
   * @throws {CacheEvictError} as {@link evict} does. What `work` returned is on its `result`.
   * @throws {CacheStoppedError} when the cache was stopped; `work` has run.
   * @throws {CacheConfigurationError} before `work`, for options that are refused, and for a cache with
   *   `tiers: 'local'`: it asks no server before it stores a value.
   */
  async evictAround<V>(keys: readonly CacheKey[], work: () => V | Promise<V>, options?: EvictOptions): Promise<V> {
    checkKeys(keys);
    checkWork(work);
    checkEvictOptions(options);
    return within(await this.intend(keys), work, options);
  }

  /**
   * The first half of {@link evictAround}, for what cannot be one function: evicts the keys (or everything),
   * and keeps their values from being stored until the intent is ended. It takes effect at once, even inside
   * a transaction, with which it ends, and does not fail because Redis is away. End it in any case: until
   * then it is renewed, and the keys stay uncached.
   *
   * A cache of your own need not implement it. The default does nothing before {@link WriteIntent.end}, so it
   * does not protect from a crash.
   */
  intend(keys: readonly CacheKey[] | 'all'): Promise<WriteIntent> {
    return Promise.resolve({ end: (options) => (keys === 'all' ? this.clear(options) : this.evictAll(keys, options)) });
  }

  /** Removes every entry, in constant time, and announces this to every instance. */
  abstract clear(options?: EvictOptions): Promise<void>;

  /**
   * Like {@link clear}, but at once, even inside a transaction. `false` only if the cache is known to have
   * been empty. Without an acknowledgement it rejects, whatever `unacknowledged` says.
   */
  abstract invalidate(options?: EvictOptions): Promise<boolean>;

  /**
   * The cached values in the order of `keys`, in at most one round trip (a long list is split into chunks).
   * `undefined` for each missing value.
   */
  abstract getAll<V = T>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]>;

  /**
   * The values of all keys. Those that the cache does not have come from `loader`, which is given the missing
   * keys only: once, distinct, and in the order in which they first appear. They are then stored, each as an
   * entry of its own, which {@link get} and {@link getOrLoad} read as well.
   *
   * ```ts
   * const books = await cache.getAllOrLoad(isbns, async (missing) => new Map(await db.booksByIsbn(missing)));
   * ```
   *
   * - All that {@link getOrLoad} says holds for each key: loads are shared, nothing is stored that an
   *   eviction has overtaken, a caller for whom a load waits does not join it.
   * - Keys that another caller or another instance is loading are waited for while the loader runs for the
   *   others. If that load comes to nothing, or takes too long, they follow in another call of the loader.
   * - If a loader rejects, those who joined it by `getAllOrLoad` get its error. Those who joined it by
   *   {@link getOrLoad} run their own loader.
   * - No loader runs if there are no keys, or none is missing.
   *
   * The default, for a cache of your own, calls {@link getAll} and {@link getOrLoad}, and the loader perhaps
   * more often.
   *
   * @returns the values in the order of the keys. Keys without a value are left out.
   * @throws what the loader threw: the same object.
   * @throws {CacheConfigurationError} for options that are refused, and `CACHE_OPERATION_INVALID` for a
   *   loader that returns neither a `Map` nor an array with one value for each key.
   * @see Caffeine `Cache#getAll(Iterable, Function)`
   */
  getAllOrLoad<K extends CacheKey, V>(
    keys: readonly K[],
    loader: LoaderOfAll<K, V>,
    options: LoadAllOptions<K, V> = {},
  ): Promise<Map<K, V>> {
    return loadOneByOne(this, { keys, loader, options });
  }

  /** The counters since the start or the last reset. */
  abstract statistics(): CacheStatistics;

  /**
   * Sets the counters to zero. Sizes and states do not change. A cache that counts nothing need not implement
   * it.
   */
  resetStatistics(): void {}

  /**
   * Where `key` is held, for people who inspect a cache. Changes nothing: no counter, no order of removal, no
   * fill. Never rejects because a tier cannot be reached. A cache that cannot tell returns `undefined`, and
   * need not implement it.
   */
  inspect(_key: CacheKey): Promise<KeyInspection | undefined> {
    return Promise.resolve(undefined);
  }
}
