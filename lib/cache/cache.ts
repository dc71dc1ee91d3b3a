import type { CacheStatistics } from '../event/index.js';
import type { Duration, Milliseconds } from '../time/index.js';
import type { CacheKey } from './key/cache-key.js';
import type { KeyInspection } from './key-inspection.js';
import type { ValueWrapper } from './value-wrapper.js';

/** How long an evicting caller waits. */
export interface EvictOptions {
  /**
   * `'none'`: resolve once Redis executed the eviction; the other instances follow within the bound, normally within a millisecond.
   * `'all'`: resolve once no instance serves the old value any more: each has applied the eviction, or its read lease has run out.
   * Default: `'none'`.
   */
  readonly acks?: 'none' | 'all';
  /** How long the caller has waited for caches already, in milliseconds: it is taken off the cache's `deadline`. Default: `0`. */
  readonly waitedMs?: Milliseconds;
}

/** What may differ from the cache's own options for one written value. */
export interface PutOptions {
  /** Life of this entry; `0` = without end. Default: the cache's `ttl` (`nullTtl` for `null` and `undefined`). */
  readonly ttl?: Duration;
  /** As in {@link EvictOptions}. */
  readonly waitedMs?: Milliseconds;
}

/** What may differ from the defaults for one {@link Cache.getOrLoad}. */
export interface LoadOptions<V = unknown> {
  /**
   * Life of a loaded value, or a function of it. Default: the cache's `ttl`. `0` means "without end"; from a function, 0 or less means "do not
   * store". What is no life is told as an `error` event, and the value is returned and not stored.
   */
  readonly ttl?: Duration | ((value: V) => Duration);
  /** Vetoes storing a loaded value. Default: everything is stored. Not asked on a hit. */
  readonly unless?: (value: V) => boolean;
  /** `false`: run the loader for this caller alone instead of joining a load of the same key in this instance. Default: `true`. */
  readonly join?: boolean;
  /**
   * Told of a failure of the cache itself (never of the loader) while getting or storing. If it throws, the read fails with what it threw.
   * Default: failures are counted and survived. Told also of a key that cannot be one, with which the read fails in any case.
   */
  readonly onError?: (verb: 'get' | 'put', error: unknown, value?: unknown) => void;
}

/**
 * One named cache as an instance sees it (Spring's `Cache`). Also the type to extend for a cache of one's own.
 * Keys are {@link CacheKey}s; equal keys are equal by value.
 *
 * All methods reject with a `CacheError` when the cache itself fails, except {@link getOrLoad}, which has a loader to fall back on.
 */
export abstract class Cache {
  /** The name given to `@Cacheable` and the cache manager. */
  abstract readonly name: string;

  /** The cached value, or `undefined` when there is none. */
  abstract get<V = unknown>(key: CacheKey): Promise<ValueWrapper<V> | undefined>;

  /**
   * The cached value, else what `loader` returns, which is then stored.
   * Concurrent callers of one key share one load. A value whose load began before an eviction of its key is never stored after it.
   * A caller for whom that load waits (a loader that asks for its own key) runs its own loader, and stores nothing. Nobody waits for a load
   * longer than `fillLease` or after its own caller was aborted (an `AbortError`): those who did share one new load.
   *
   * @throws what the loader threw: the same object. Nothing is stored then.
   * @see Spring `Cache#get(Object, Callable)`, which wraps the loader's error; here it stays as it is.
   */
  abstract getOrLoad<V>(key: CacheKey, loader: () => V | Promise<V>, options?: LoadOptions<V>): Promise<V>;

  /**
   * Stores `value`, and drops the copies of other instances. Once it resolves, no read in this instance returns older data. A value that cannot
   * be encoded, or a `ttl` that is none, makes it reject, and evicts the key. `null` where it is not allowed makes it reject, and changes nothing.
   */
  abstract put(key: CacheKey, value: unknown, options?: PutOptions): Promise<void>;

  /** Stores `value` if the key has none, and returns `undefined`; else changes nothing and returns what is there. */
  abstract putIfAbsent<V = unknown>(key: CacheKey, value: V, options?: PutOptions): Promise<ValueWrapper<V> | undefined>;

  /**
   * Removes the key from both tiers and announces it to every instance. An array is one composite key; for several keys there is
   * {@link evictAll}.
   *
   * @throws {CacheEvictError} when Redis did not acknowledge it in time; it is then retried until it is acknowledged.
   * @throws {CacheStoppedError} when the cache was stopped; so do {@link put} and the other writes.
   */
  abstract evict(key: CacheKey, options?: EvictOptions): Promise<void>;

  /** As {@link evict} for several keys, in one round trip. A cache of your own that has no better way need not implement it. */
  async evictAll(keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    const outcomes = await Promise.allSettled(keys.map((key) => this.evict(key, options)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** As {@link evict}, at once and even inside a transaction; `true` if the remote tier (or, without one, the local tier) held the key. */
  abstract evictIfPresent(key: CacheKey, options?: EvictOptions): Promise<boolean>;

  /** Removes every entry, in constant time, and announces it to every instance. */
  abstract clear(options?: EvictOptions): Promise<void>;

  /** As {@link clear}, at once and even inside a transaction; `false` only if the cache is known to have been empty. */
  abstract invalidate(options?: EvictOptions): Promise<boolean>;

  /** The cached values in the order of `keys`, `undefined` for each that is missing, in at most one round trip. */
  abstract getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]>;

  /** Counters since the start or the last reset. */
  abstract statistics(): CacheStatistics;

  /** Sets the counters to zero; sizes and states are what they are. A cache that counts nothing need not implement it. */
  resetStatistics(): void {}

  /**
   * Where `key` lies, for people who look into a cache. Disturbs nothing: no counter, no order of removal, no fill.
   * A cache that cannot tell answers `undefined`, and need not implement it. Never rejects because a tier is away.
   */
  inspect(_key: CacheKey): Promise<KeyInspection | undefined> {
    return Promise.resolve(undefined);
  }
}
