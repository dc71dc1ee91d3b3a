import {
  Cache,
  type CacheHealth,
  type CacheKey,
  CacheManager,
  encodeKey,
  type EvictOptions,
  type LoadOptions,
  type PutOptions,
  type ValueWrapper,
  type Loader,
  UNLIMITED,
} from '../../lib/cache/index.js';
import { CacheCounters, type CacheStatistics } from '../../lib/event/index.js';
import type { Duration } from '../../lib/time/index.js';

/** One entry, with the life it was given: nothing expires in a {@link MapCache}. */
interface Entry {
  readonly value: unknown;
  readonly ttl: Duration | undefined;
}

/** The contract {@link Cache} over one Map: no tiers, no clock, no topic. Loads of a key are shared, and fenced by evictions. */
export class MapCache extends Cache {
  override readonly name: string;
  readonly entries = new Map<string, Entry>();
  readonly #loads = new Map<string, Promise<unknown>>();
  readonly #fences = new Map<string, number>();
  readonly #counters = new CacheCounters();
  #clears = 0;

  constructor(name: string) {
    super();
    this.name = name;
  }

  /** The cached value, for assertions; `undefined` also if there is none. */
  peekValue(key: CacheKey): unknown {
    return this.entries.get(encodeKey(key))?.value;
  }

  has(key: CacheKey): boolean {
    return this.entries.has(encodeKey(key));
  }

  ttlOf(key: CacheKey): Duration | undefined {
    return this.entries.get(encodeKey(key))?.ttl;
  }

  override async get<V = unknown>(key: CacheKey): Promise<ValueWrapper<V> | undefined> {
    const entry = this.entries.get(encodeKey(key));
    return entry === undefined ? undefined : { value: entry.value as V };
  }

  override async getOrLoad<V>(key: CacheKey, loader: Loader<V>, options: LoadOptions<V> = {}): Promise<V> {
    const encoded = encodedOr(key, (error) => options.onError?.('get', error));
    const entry = this.entries.get(encoded);
    if (entry !== undefined) return entry.value as V;
    const running = options.join === false ? undefined : this.#loads.get(encoded);
    if (running !== undefined) return running as Promise<V>;
    const load = this.#load(encoded, loader, options).finally(() => {
      if (this.#loads.get(encoded) === load) this.#loads.delete(encoded);
    });
    if (options.join !== false) this.#loads.set(encoded, load);
    return load;
  }

  async #load<V>(encoded: string, loader: Loader<V>, options: LoadOptions<V>): Promise<V> {
    const fence = this.#fence(encoded);
    this.#counters.loads += 1;
    const value = await loader(UNLIMITED);
    if (options.unless?.(value) !== true && fence === this.#fence(encoded)) {
      const ttl = typeof options.ttl === 'function' ? options.ttl(value) : options.ttl;
      this.entries.set(encoded, { value, ttl });
    }
    return value;
  }

  override async put(key: CacheKey, value: unknown, options: PutOptions = {}): Promise<void> {
    this.#raiseFence(encodeKey(key));
    this.entries.set(encodeKey(key), { value, ttl: options.ttl });
  }

  override async putIfAbsent<V = unknown>(key: CacheKey, value: V, options?: PutOptions): Promise<ValueWrapper<V> | undefined> {
    const present = await this.get<V>(key);
    if (present === undefined) await this.put(key, value, options);
    return present;
  }

  /** It can answer nothing at once; a spec may replace this. */
  hitNow(_key: CacheKey): Promise<unknown> | undefined {
    return undefined;
  }

  override async evict(key: CacheKey, _options?: EvictOptions): Promise<void> {
    this.#remove(encodeKey(key));
  }

  override async evictAll(keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    for (const key of keys) await this.evict(key, options);
  }

  override async evictIfPresent(key: CacheKey): Promise<boolean> {
    return this.#remove(encodeKey(key));
  }

  override async clear(_options?: EvictOptions): Promise<void> {
    this.#clears += 1;
    this.#loads.clear();
    this.entries.clear();
  }

  override async invalidate(): Promise<boolean> {
    const hadEntries = this.entries.size > 0;
    await this.clear();
    return hadEntries;
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    return Promise.all(keys.map((key) => this.get<V>(key)));
  }

  override statistics(): CacheStatistics {
    return this.#counters.snapshot({ localSize: this.entries.size });
  }

  #remove(encoded: string): boolean {
    this.#raiseFence(encoded);
    this.#loads.delete(encoded);
    return this.entries.delete(encoded);
  }

  #raiseFence(encoded: string): void {
    this.#fences.set(encoded, (this.#fences.get(encoded) ?? 0) + 1);
  }

  #fence(encoded: string): string {
    return `${this.#clears}:${this.#fences.get(encoded) ?? 0}`;
  }
}

/** A cache manager over {@link MapCache}s, or over caches it is given. Creates what it is asked for, unless it was given names. */
export class MapCacheManager extends CacheManager {
  readonly #caches = new Map<string, Cache>();
  readonly #isDynamic: boolean;

  constructor(names?: readonly string[]) {
    super();
    this.#isDynamic = names === undefined;
    for (const name of names ?? []) this.#caches.set(name, new MapCache(name));
  }

  override getCache(name: string): Cache | undefined {
    if (this.#isDynamic && !this.#caches.has(name)) this.#caches.set(name, new MapCache(name));
    return this.#caches.get(name);
  }

  /** The cache of this name, known to be a {@link MapCache}. */
  override cache(name: string): MapCache {
    return super.cache(name) as MapCache;
  }

  /** Puts a cache of one's own in place of the one that would be created. */
  add(cache: Cache): this {
    this.#caches.set(cache.name, cache);
    return this;
  }

  override get cacheNames(): readonly string[] {
    return [...this.#caches.keys()];
  }

  override async start(): Promise<void> {}

  override async stop(): Promise<void> {}

  override health(): CacheHealth {
    return { status: 'up', links: {}, caches: {} };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return Object.fromEntries([...this.#caches].map(([name, cache]) => [name, cache.statistics()]));
  }
}

function encodedOr(key: CacheKey, refused: (error: unknown) => void): string {
  try {
    return encodeKey(key);
  } catch (error) {
    refused(error);
    throw error;
  }
}
