import type { CacheStatistics } from '../event/index.js';
import { byName } from './by-name.js';
import type { Cache } from './cache.js';
import { type CacheHealth, CacheManager } from './cache-manager.js';
import { NoOpCache } from './no-op-cache.js';

/** There is a limit because names may come from outside, in any number. */
const MAXIMUM_KEPT_NAMES = 10_000;

/**
 * Returns a {@link NoOpCache} for any name: for code that asks for caches where nothing is to be cached
 * (Spring's `NoOpCacheManager`). To turn caching off for a container, see the option `enabled`.
 */
export class NoOpCacheManager extends CacheManager {
  readonly #caches = new Map<string, NoOpCache>();

  override getCache(name: string): Cache {
    const known = this.#caches.get(name);
    if (known !== undefined) return known;
    const cache = new NoOpCache(name);
    if (this.#caches.size < MAXIMUM_KEPT_NAMES) this.#caches.set(name, cache);
    return cache;
  }

  /** The names that were asked for, up to the first 10 000. */
  override get cacheNames(): readonly string[] {
    return [...this.#caches.keys()];
  }

  override async start(): Promise<void> {}

  override async stop(): Promise<void> {}

  override health(): CacheHealth {
    return { status: 'up', links: {}, caches: byName(this.#caches, () => ({ status: 'up' as const })) };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return byName(this.#caches, (cache) => cache.statistics());
  }
}
