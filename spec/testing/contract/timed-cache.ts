import type { CacheKey, Loader, LoadOptions, PutOptions } from '../../../lib/cache/index.js';
import { type Milliseconds, parseDuration } from '../../../lib/time/index.js';
import { MapCache } from '../../support/map-cache.js';

/** A cache of Maps whose entries end. Its time is in the hands of a spec. */
export class TimedCache extends MapCache {
  readonly #agesMs = new WeakMap<object, Milliseconds>();

  elapse(ms: Milliseconds): void {
    for (const [key, entry] of this.entries) {
      const ageMs = (this.#agesMs.get(entry) ?? 0) + ms;
      this.#agesMs.set(entry, ageMs);
      const ttlMs = entry.ttl === undefined ? 0 : parseDuration('ttl', entry.ttl);
      if (ttlMs > 0 && ageMs >= ttlMs) this.entries.delete(key);
    }
  }

  override async put(key: CacheKey, value: unknown, options: PutOptions = {}): Promise<void> {
    await this.evict(key);
    if (options.ttl !== undefined) parseDuration('ttl', options.ttl);
    await super.put(key, value, options);
  }

  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options: LoadOptions<V> = {}): Promise<V> {
    const { ttl, unless } = options;
    if (typeof ttl !== 'function') return super.getOrLoad(key, loader, options);
    const isOver = (value: V): boolean => {
      try {
        return parseDuration('ttl', ttl(value)) === 0;
      } catch {
        return true;
      }
    };
    return super.getOrLoad(key, loader, { ...options, unless: (value) => unless?.(value) === true || isOver(value) });
  }
}
