import { throwFirst } from '../errors/index.js';
import type { CacheStatistics, CoherenceProof, TimingObserver } from '../event/index.js';
import type { Cache } from './cache.js';
import type { EvictOptions } from './evict-options.js';
import { nameUnknown } from './name-unknown.js';

/** The state of one link or one cache, as {@link CacheManager.health} reports it. */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** The state of one cache, why it is not `up`, and how far its reads can lag behind now. */
export interface CacheCondition extends CoherenceProof {
  readonly status: HealthStatus;
  /** In words, for people: why the cache does not work with both tiers. Absent while it does. */
  readonly reason?: string | undefined;
}

/**
 * The health of an instance, suitable for a readiness probe: `down` only while the instance cannot answer at
 * all; `degraded` without Redis.
 */
export interface CacheHealth {
  readonly status: HealthStatus;
  /** One status per connection: `command`, `subscriber`. */
  readonly links: Readonly<Record<string, HealthStatus>>;
  /**
   * By cache: `degraded` while its local tier is bypassed or evictions are not acknowledged; `down` once
   * stopped.
   */
  readonly caches: Readonly<Record<string, CacheCondition>>;
}

/**
 * The caches of one instance, by name (Spring's `CacheManager`). This abstract class is also the service
 * identifier: rebind it to replace it.
 */
export abstract class CacheManager {
  /**
   * The cache of this name. A dynamic manager creates a missing cache; other managers return `undefined` for
   * an unknown name. Returns the same object at every call.
   */
  abstract getCache(name: string): Cache | undefined;

  /**
   * The cache of this name, for values of type `T` (which nothing checks at run time).
   *
   * @throws {CacheConfigurationError} `CACHE_NAME_UNKNOWN` where {@link getCache} returns `undefined`.
   */
  cache<T = unknown>(name: string): Cache<T> {
    const cache = this.getCache(name);
    if (cache === undefined) throw nameUnknown(name, this.cacheNames);
    return cache;
  }

  /**
   * Clears every cache of {@link cacheNames}. All are tried; the first failure is thrown. A cache that
   * another instance has created at run time, and this one has not, is not cleared.
   */
  async clearAll(options?: EvictOptions): Promise<void> {
    throwFirst(await Promise.allSettled(this.cacheNames.map(async (name) => this.getCache(name)?.clear(options))));
  }

  /** The names that are known now. */
  abstract get cacheNames(): readonly string[];

  /** Connects. Resolves once the subscription of every topic is confirmed. Idempotent. */
  abstract start(): Promise<void>;

  /**
   * Waits for running writes and decorated updates, for at most `deadline`. Then closes the listener, the
   * tiers and the connections. Idempotent; never throws.
   *
   * After that, reads run uncached. Writes, and decorated methods that put or evict, are refused with a
   * {@link CacheStoppedError}.
   */
  abstract stop(): Promise<void>;

  /** The state of the links and of the caches. */
  abstract health(): CacheHealth;

  /** A snapshot of the counters of every cache, by name. */
  abstract statistics(): Readonly<Record<string, CacheStatistics>>;

  /**
   * Has `observer` told the time of each load, and the lag of each message, as they happen, of all caches and
   * of those that are created later. The manager holds it until that is ended. Default: it is told nothing.
   *
   * @returns a function that ends it. It does not keep the manager alive.
   */
  observe(_observer: TimingObserver): () => void {
    return () => undefined;
  }

  /** Sets the counters of every known cache to zero. */
  resetStatistics(): void {
    for (const name of this.cacheNames) this.getCache(name)?.resetStatistics();
  }
}
