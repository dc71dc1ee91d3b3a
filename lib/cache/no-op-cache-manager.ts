import type { CacheStatistics } from '../event/index.js';
import type { Cache } from './cache.js';
import { type CacheHealth, CacheManager } from './cache-manager.js';
import { NoOpCache } from './no-op-cache.js';

/**
 * Hands out {@link NoOpCache}s under any name: for code that asks for caches where nothing is to be cached (Spring's `NoOpCacheManager`).
 * To turn caching off for a container, see the option `enabled`.
 */
export class NoOpCacheManager extends CacheManager {
  readonly #caches = new Map<string, NoOpCache>();

  override getCache(name: string): Cache {
    let cache = this.#caches.get(name);
    if (cache === undefined) this.#caches.set(name, (cache = new NoOpCache(name)));
    return cache;
  }

  /** The names that were asked for. */
  override get cacheNames(): readonly string[] {
    return [...this.#caches.keys()];
  }

  override async start(): Promise<void> {}

  override async stop(): Promise<void> {}

  override health(): CacheHealth {
    return { status: 'up', links: {}, caches: Object.fromEntries(this.cacheNames.map((name) => [name, { status: 'up' }])) };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return Object.fromEntries([...this.#caches].map(([name, cache]) => [name, cache.statistics()]));
  }
}
