import { CacheConfigurationError, throwFirst } from '../errors/index.js';
import type { CacheStatistics, TimingObserver } from '../event/index.js';
import type { Cache } from './cache.js';
import { type CacheHealth, CacheManager, type HealthStatus } from './cache-manager.js';
import { NoOpCacheManager } from './no-op-cache-manager.js';

/** Options of a {@link CompositeCacheManager}. */
export interface CompositeCacheManagerOptions {
  /** Whether a name that no manager knows gets a `NoOpCache`. Default: `false`, such a name gets nothing. */
  readonly fallbackToNoOpCache?: boolean | undefined;
}

/**
 * Several cache managers as one (Spring's `CompositeCacheManager`). It asks one manager after the other, and
 * the first one that knows the name gives the cache. A dynamic manager knows every name, so it belongs at the
 * end. Starting and stopping applies to all managers.
 */
export class CompositeCacheManager extends CacheManager {
  readonly #managers: readonly CacheManager[];

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` if there is no manager. */
  constructor(managers: readonly CacheManager[], { fallbackToNoOpCache = false }: CompositeCacheManagerOptions = {}) {
    super();
    if (managers.length === 0 || !managers.every((manager) => typeof manager?.getCache === 'function')) {
      throw new CacheConfigurationError('CACHE_OPTION_INVALID', 'Expected `managers` to be at least one cache manager.');
    }
    this.#managers = fallbackToNoOpCache ? [...managers, new NoOpCacheManager()] : [...managers];
  }

  override getCache(name: string): Cache | undefined {
    for (const manager of this.#managers) {
      const cache = manager.getCache(name);
      if (cache !== undefined) return cache;
    }
    return undefined;
  }

  /** The names that at least one of the managers knows, each name once. */
  override get cacheNames(): readonly string[] {
    return [...new Set(this.#managers.flatMap((manager) => manager.cacheNames))];
  }

  /** @throws what the first manager threw that could not start, after all managers have tried. */
  override async start(): Promise<void> {
    throwFirst(await Promise.allSettled(this.#managers.map((manager) => manager.start())));
  }

  override async stop(): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.stop()));
  }

  /**
   * `up` or `down` if all managers are; otherwise `degraded`. The names of links begin with the number of
   * their manager: `0.command`.
   */
  override health(): CacheHealth {
    const healths = this.#managers.map((manager) => manager.health());
    const [first, ...others] = new Set(healths.map(({ status }) => status));
    return {
      status: others.length === 0 ? (first as HealthStatus) : 'degraded',
      links: Object.fromEntries(
        healths.flatMap(({ links }, i) => Object.entries(links).map(([link, status]) => [`${i}.${link}`, status] as const)),
      ),
      caches: firstOfEach(healths.map(({ caches }) => caches)),
    };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return firstOfEach(this.#managers.map((manager) => manager.statistics()));
  }

  override observe(observer: TimingObserver): () => void {
    const ends = this.#managers.map((manager) => manager.observe(observer));
    return () => {
      for (const end of ends) end();
    };
  }

  override resetStatistics(): void {
    for (const manager of this.#managers) manager.resetStatistics();
  }
}

/**
 * For each name, the value of the first record that has the name, as with
 * {@link CompositeCacheManager.getCache}.
 */
function firstOfEach<T>(records: readonly Readonly<Record<string, T>>[]): Readonly<Record<string, T>> {
  return Object.assign(Object.create(null) as object, ...[...records].reverse()) as Record<string, T>;
}
