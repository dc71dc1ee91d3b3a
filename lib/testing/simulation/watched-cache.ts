import {
  type CacheKey,
  encodeKey,
  type EvictOptions,
  type LoadAllOptions,
  type Loader,
  type LoaderOfAll,
  type LoadOptions,
  type PutOptions,
  TwoTierCache,
  type TwoTierCacheOptions,
  valuesOf,
  type ValueWrapper,
  type WriteIntent,
} from '../../cache/index.js';
import type { Call, FleetOracle, Floor, Place, PutOutcome } from './fleet-oracle.js';

/** Who watches a {@link WatchedCache}. */
export interface CacheWatch {
  readonly instance: string;
  readonly oracle: FleetOracle;
  /** Told of each call: somebody waits for its answer. */
  call<T>(answer: Promise<T>): Promise<T>;
  /** Told of an answer that breaks the contract. */
  violated(text: string): void;
}

/** A read that has begun: what its answer is held against. */
interface Reading {
  readonly place: Place;
  readonly floors: readonly Floor[];
}

/**
 * The library's cache, which tells the oracle what it loads, what it is told to forget, and what it answers.
 */
export class WatchedCache extends TwoTierCache {
  readonly #watch: CacheWatch;
  readonly #parts: TwoTierCacheOptions;

  constructor(options: TwoTierCacheOptions, watch: CacheWatch) {
    super(options);
    this.#watch = watch;
    this.#parts = options;
  }

  /** Holds against the contract what the local tier would answer now. */
  check(): void {
    const { local, clock } = this.#parts;
    for (const key of [...local.keys()]) {
      const entry = local.get(key, clock.now());
      if (entry !== undefined) this.#answered(this.#reading(key), entry.value);
    }
  }

  override hitNow(key: CacheKey): Promise<unknown> | undefined {
    const reading = this.#begun(key);
    const hit = super.hitNow(key);
    if (hit !== undefined) void this.#follow(reading, hit);
    return hit;
  }

  override allNow(keys: readonly CacheKey[]): unknown[] | undefined {
    const readings = keys.map((key) => this.#begun(key));
    const values = super.allNow(keys);
    values?.forEach((value, i) => this.#answered(readings[i], value));
    return values;
  }

  override async get<V = unknown>(key: CacheKey): Promise<ValueWrapper<V> | undefined> {
    const reading = this.#begun(key);
    const found = await this.#watch.call(super.get<V>(key));
    if (found !== undefined) this.#answered(reading, found.value);
    return found;
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    const readings = Array.isArray(keys) ? keys.map((key: CacheKey) => this.#begun(key)) : [];
    const found = await this.#watch.call(super.getAll<V>(keys));
    for (const [i, each] of found.entries()) if (each !== undefined) this.#answered(readings[i], each.value);
    return found;
  }

  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options: LoadOptions<V> = {}): Promise<V> {
    const reading = this.#begun(key);
    if (reading === undefined || typeof loader !== 'function') return this.#watch.call(super.getOrLoad(key, loader, options));
    const watched: Loader<V> = async (context) => {
      const begun = this.#watch.oracle.step();
      const value = await loader(context);
      const { tags = [] } = options;
      this.#loaded(key, begun, { value, tags: () => (typeof tags === 'function' ? tags(value) : tags) });
      return value;
    };
    return this.#follow(reading, this.#watch.call(super.getOrLoad(key, watched, options)));
  }

  override async getAllOrLoad<K extends CacheKey, V>(
    keys: readonly K[],
    loader: LoaderOfAll<K, V>,
    options: LoadAllOptions<K, V> = {},
  ): Promise<Map<K, V>> {
    const readings = new Map(Array.isArray(keys) ? keys.map((key: K) => [key, this.#begun(key)]) : []);
    const watched: LoaderOfAll<K, V> = async (missing, context) => {
      const begun = this.#watch.oracle.step();
      const loaded = await loader(missing, context);
      const { tags = [] } = options;
      for (const [i, value] of valuesOf(missing, loaded).entries()) {
        const key = missing[i] as K;
        if (value !== undefined) {
          const tagged = (): readonly CacheKey[] => (typeof tags === 'function' ? tags(value, key) : tags);
          this.#loaded(key, begun, { value, tags: tagged });
        } else if (options.absent !== undefined) {
          this.#loaded(key, begun, { value: options.absent === 'null' ? null : undefined, tags: () => [] });
        }
      }
      return loaded;
    };
    const found = await this.#watch.call(super.getAllOrLoad(keys, typeof loader === 'function' ? watched : loader, options));
    for (const [key, value] of found) this.#answered(readings.get(key), value);
    return found;
  }

  override async put(key: CacheKey, value: unknown, options: PutOptions = {}): Promise<void> {
    return this.#putting([[key, value]], options, () => super.put(key, value, options));
  }

  override async putAll(entries: Iterable<readonly [CacheKey, unknown]>, options: PutOptions = {}): Promise<void> {
    // One that can be iterated once is not to be used up. What is none is refused.
    const list = typeof (entries as Partial<typeof entries> | undefined)?.[Symbol.iterator] === 'function' ? [...entries] : [];
    return this.#putting(list.filter(Array.isArray), options, () => super.putAll(list, options));
  }

  override async putIfAbsent<V = unknown>(key: CacheKey, value: V, options: PutOptions = {}): Promise<ValueWrapper<V> | undefined> {
    const reading = this.#begun(key);
    const put = (): Promise<ValueWrapper<V> | undefined> => super.putIfAbsent(key, value, options);
    const present = await this.#putting([[key, value]], options, put, (found) => (found === undefined ? 'stored' : 'not stored'));
    if (present !== undefined) this.#answered(reading, present.value);
    return present;
  }

  override async evict(key: CacheKey, options: EvictOptions = {}): Promise<void> {
    return this.#removing({ keys: [key] }, options, () => super.evict(key, options));
  }

  override async evictAll(keys: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    return this.#removing({ keys }, options, () => super.evictAll(keys, options));
  }

  override async evictIfPresent(key: CacheKey, options: EvictOptions = {}): Promise<boolean> {
    return this.#removing({ keys: [key] }, options, () => super.evictIfPresent(key, options));
  }

  override async evictTagged(tags: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    return this.#removing({ tags }, options, () => super.evictTagged(tags, options));
  }

  override async intend(keys: readonly CacheKey[] | 'all'): Promise<WriteIntent> {
    const intent = await this.#watch.call(super.intend(keys));
    const what = keys === 'all' ? {} : { keys };
    return { end: (options = {}) => this.#removing(what, options, () => intent.end(options)) };
  }

  override async clear(options: EvictOptions = {}): Promise<void> {
    return this.#removing({}, options, () => super.clear(options));
  }

  override async invalidate(options: EvictOptions = {}): Promise<boolean> {
    return this.#removing({}, options, () => super.invalidate(options));
  }

  /** `undefined`: for a key that cannot be one, which the call refuses. */
  #begun(key: CacheKey): Reading | undefined {
    const [encoded] = encodedForms([key]);
    return encoded === undefined ? undefined : this.#reading(encoded);
  }

  #reading(key: string): Reading {
    const { instance, oracle } = this.#watch;
    const place = { instance, cache: this.name, key };
    return { place, floors: oracle.floors(place, this.#parts.settings.whenDisconnected === 'serve') };
  }

  #answered(reading: Reading | undefined, value: unknown): void {
    const wrong = reading && this.#watch.oracle.wrong(reading.place, value, reading.floors);
    if (wrong !== undefined) this.#watch.violated(wrong);
  }

  #follow<V>(reading: Reading | undefined, answer: Promise<V>): Promise<V> {
    answer.then(
      (value) => this.#answered(reading, value),
      () => undefined,
    );
    return answer;
  }

  #loaded(key: CacheKey, begun: number, { value, tags }: { readonly value: unknown; readonly tags: () => readonly CacheKey[] }): void {
    for (const encoded of encodedForms([key]))
      this.#watch.oracle.loaded(this.name, encoded, { begun, value, tags: encodedForms(tagsOf(tags)) });
  }

  async #putting<T>(
    entries: readonly (readonly [CacheKey, unknown])[],
    { tags = [] }: PutOptions,
    put: () => Promise<T>,
    outcomeOf: (answer: T) => PutOutcome = () => 'stored',
  ): Promise<T> {
    const { instance, oracle } = this.#watch;
    const ends = entries.flatMap(([key, value]) =>
      encodedForms([key]).map((encoded) => oracle.putting({ instance, cache: this.name, key: encoded }, value, encodedForms(tags))),
    );
    let outcome: PutOutcome = 'failed';
    try {
      const answer = await this.#watch.call(put());
      outcome = outcomeOf(answer);
      return answer;
    } finally {
      for (const end of ends) end(outcome);
    }
  }

  async #removing<T>(
    what: { readonly keys?: readonly CacheKey[] | undefined; readonly tags?: readonly CacheKey[] | undefined },
    { acks }: EvictOptions,
    remove: () => Promise<T>,
  ): Promise<T> {
    const { instance, oracle } = this.#watch;
    const begun = oracle.step();
    const call: Call = {
      instance,
      cache: this.name,
      keys: what.keys && encodedForms(what.keys),
      tags: what.tags && encodedForms(what.tags),
    };
    try {
      const result = await this.#watch.call(remove());
      oracle.settled(call, begun, acks === 'all');
      return result;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'CACHE_EVICT_UNACKNOWLEDGED') oracle.settled(call, begun, false);
      throw error;
    }
  }
}

/** A function for tags may throw: the load is not stored then. */
function tagsOf(tags: () => readonly CacheKey[]): readonly CacheKey[] {
  try {
    return tags();
  } catch {
    return [];
  }
}

/** The encoded forms of keys or tags, without those that cannot be one: a call with them is refused. */
function encodedForms(keys: readonly CacheKey[]): readonly string[] {
  return (Array.isArray(keys) ? (keys as readonly CacheKey[]) : []).flatMap((key) => {
    try {
      return [encodeKey(key)];
    } catch {
      return [];
    }
  });
}
