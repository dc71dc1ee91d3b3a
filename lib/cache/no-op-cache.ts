import { CacheCounters, type CacheStatistics } from '../event/index.js';
import { Cache } from './cache.js';
import type { CacheKey } from './key/cache-key.js';
import { type Loader, UNLIMITED } from './load-context.js';
import type { ValueWrapper } from './value-wrapper.js';

const NOTHING: CacheStatistics = new CacheCounters().snapshot({ localSize: 0 });

/** A cache that holds nothing. Every look-up is a miss, and loads are not shared (Spring's `NoOpCache`). */
export class NoOpCache extends Cache {
  override readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  override async get(): Promise<undefined> {
    return undefined;
  }

  override async getOrLoad<V>(_key: CacheKey, loader: Loader<V>): Promise<V> {
    return loader(UNLIMITED);
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    return keys.map(() => undefined);
  }

  override async put(): Promise<void> {}

  override async putIfAbsent(): Promise<undefined> {
    return undefined;
  }

  override async evict(): Promise<void> {}

  override async evictIfPresent(): Promise<boolean> {
    return false;
  }

  override async evictTagged(): Promise<void> {}

  override async clear(): Promise<void> {}

  override async invalidate(): Promise<boolean> {
    return false;
  }

  /** Only zeros. */
  override statistics(): CacheStatistics {
    return NOTHING;
  }
}
