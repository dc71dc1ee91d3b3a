import type { CacheStatistics } from '../event/index.js';
import type { Cache } from './cache.js';

/** The state of one link or one cache, as {@link CacheManager.health} tells it. */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** The state of one cache, and why it is not `up`. */
export interface CacheCondition {
  readonly status: HealthStatus;
  /** In words, for people: what keeps the cache from working with both tiers. Absent while it does. */
  readonly reason?: string;
}

/** Fit for a readiness probe: `down` only while the instance cannot answer at all; without Redis it is `degraded`. */
export interface CacheHealth {
  readonly status: HealthStatus;
  /** One status per connection: `command`, `subscriber`. */
  readonly links: Readonly<Record<string, HealthStatus>>;
  /** By cache: `degraded` while its local tier is bypassed or evictions are not acknowledged, `down` once stopped. */
  readonly caches: Readonly<Record<string, CacheCondition>>;
}

/**
 * The caches of one instance, by name (Spring's `CacheManager`). Abstract class and service identifier in one: rebind it to replace it.
 */
export abstract class CacheManager {
  /** The cache of this name; created if the manager is dynamic, else `undefined` for an unknown name. The same object at every call. */
  abstract getCache(name: string): Cache | undefined;

  /** The names known now. */
  abstract get cacheNames(): readonly string[];

  /** Connects and resolves once every topic is confirmed subscribed. Idempotent. */
  abstract start(): Promise<void>;

  /**
   * Waits for writes and decorated updates under way, `deadline` at the most, and closes listener, tiers and connections. Idempotent; never
   * throws. From then on reads run uncached; a write, and a decorated method that puts or evicts, is refused with a {@link CacheStoppedError}.
   */
  abstract stop(): Promise<void>;

  /** How it stands with the links and caches. */
  abstract health(): CacheHealth;

  /** A snapshot of every cache's counters, by name. */
  abstract statistics(): Readonly<Record<string, CacheStatistics>>;

  /** Sets the counters of every known cache to zero. */
  resetStatistics(): void {
    for (const name of this.cacheNames) this.getCache(name)?.resetStatistics();
  }
}
