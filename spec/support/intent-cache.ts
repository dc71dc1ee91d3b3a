import type { CacheKey, EvictOptions, Loader, LoadOptions, PutOptions, WriteIntent } from '../../lib/cache/index.js';
import { MapCache } from './map-cache.js';

/**
 * A cache of Maps that has write intents. It notes what is asked of it, as `book.evict "Dune" all`, and fails where it is told to.
 * Several caches can share one log.
 */
export class IntentCache extends MapCache {
  readonly log: string[];
  /** By verb: what it rejects with. */
  readonly failures = new Map<string, unknown>();
  /** By verb: what it waits for. */
  readonly waits = new Map<string, Promise<unknown>>();
  /** The keys of intents that were set and not ended. */
  readonly withheld: (readonly CacheKey[] | 'all')[] = [];

  constructor(name: string, log: string[] = []) {
    super(name);
    this.log = log;
  }

  override async intend(keys: readonly CacheKey[] | 'all'): Promise<WriteIntent> {
    await this.#note('intend', keys);
    this.withheld.push(keys);
    return {
      end: async (options) => {
        this.withheld.splice(this.withheld.indexOf(keys), 1);
        await this.#note('end', keys, options);
      },
    };
  }

  override async getOrLoad<V>(key: CacheKey, loader: Loader<V>, options?: LoadOptions<V>): Promise<V> {
    await this.#note('getOrLoad', key);
    return super.getOrLoad(key, loader, options);
  }

  override async put(key: CacheKey, value: unknown, options?: PutOptions): Promise<void> {
    await this.#note('put', key, options);
    return super.put(key, value, options);
  }

  override async evict(key: CacheKey, options?: EvictOptions): Promise<void> {
    await this.#note('evict', key, options);
    return super.evict(key);
  }

  override async evictAll(keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    await this.#note('evictAll', keys, options);
    for (const key of keys) await super.evict(key);
  }

  override async evictIfPresent(key: CacheKey): Promise<boolean> {
    await this.#note('evictIfPresent', key);
    return super.evictIfPresent(key);
  }

  override async clear(options?: EvictOptions): Promise<void> {
    await this.#note('clear', 'all', options);
    return super.clear();
  }

  async #note(verb: string, what: unknown, { acks, unacknowledged }: EvictOptions = {}): Promise<void> {
    const how = [acks === 'all' ? ['all'] : [], unacknowledged ?? []].flat();
    this.log.push([`${this.name}.${verb}`, JSON.stringify(what), ...how].join(' '));
    await this.waits.get(verb);
    if (this.failures.has(verb)) throw this.failures.get(verb);
  }
}
