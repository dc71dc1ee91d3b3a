import { deepEqual } from 'node:assert/strict';
import type { Cache, CacheKey, LoadOptions, ValueWrapper } from '../../cache/index.js';
import type { CacheStatistics } from '../../event/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { Need } from './cache-features.js';
import { Gate, turns, until } from './waits.js';

/** How many turns a caller without counters gets to join a load. */
const TURNS_TO_JOIN = 20;

/** A load whose loader has begun, and runs until the test ends it. */
export interface SlowLoad<V> {
  /** What its caller gets. */
  readonly result: Promise<V>;
  readonly succeed: (value: V) => void;
}

/** What a trial can do beside using its cache. */
interface TrialMeans {
  has(need: Need): boolean;
  join(): Promise<Cache>;
  elapse(ms: Milliseconds): Promise<void>;
}

/** One test of one cache. */
export class CacheTrial {
  readonly cache: Cache;
  readonly #means: TrialMeans;

  constructor(cache: Cache, means: TrialMeans) {
    this.cache = cache;
    this.#means = means;
  }

  has(need: Need): boolean {
    return this.#means.has(need);
  }

  /** One more instance. */
  join(): Promise<Cache> {
    return this.#means.join();
  }

  elapse(ms: Milliseconds): Promise<void> {
    return this.#means.elapse(ms);
  }

  /** `{ value }` for what the cache has, and `undefined` for what it has not. */
  async get(key: CacheKey): Promise<ValueWrapper | undefined> {
    return plain(await this.cache.get(key));
  }

  async getAll(keys: readonly CacheKey[], cache = this.cache): Promise<readonly (ValueWrapper | undefined)[]> {
    return (await cache.getAll(keys)).map(plain);
  }

  load<V>(key: CacheKey, value: V, options?: LoadOptions<V>): Promise<V> {
    return this.cache.getOrLoad(key, () => value, options);
  }

  /** Begins a load. */
  async slowly<V>(key: CacheKey, options?: LoadOptions<V>): Promise<SlowLoad<V>> {
    const [begun, ended] = [new Gate(), new Gate<V>()];
    const result = this.cache.getOrLoad(key, () => (begun.open(), ended.promise), options);
    // The test looks at its rejection later.
    await Promise.race([begun.promise, result.catch(() => undefined)]);
    return { result, succeed: ended.open };
  }

  /** Compares the counters, if the cache counts. */
  counts(expected: Partial<CacheStatistics>): void {
    if (!this.has('statistics')) return;
    const all = this.cache.statistics();
    const counted = Object.keys(expected).map((counter) => [counter, all[counter as keyof CacheStatistics]]);
    deepEqual(Object.fromEntries(counted), expected);
  }

  /** Until so many callers have joined a load. If the cache does not count, they get some turns for it. */
  async joined(count: number): Promise<void> {
    if (this.has('statistics')) await until(() => this.cache.statistics().joined >= count, `${count} callers who join a load`);
    else await turns(TURNS_TO_JOIN);
  }

  /**
   * Watches `hearer`. The promise of the returned function resolves once it has heard of everything that
   * `teller` has evicted before that call.
   */
  async hearing(hearer: Cache, teller: Cache): Promise<() => Promise<void>> {
    await hearer.getOrLoad('marker', () => 'marker');
    return async () => {
      await teller.evict('marker');
      await until(async () => (await hearer.get('marker')) === undefined, 'another instance to hear of an eviction');
    };
  }
}

/** A wrapper without what a cache has added to it. */
function plain<V>(wrapper: ValueWrapper<V> | undefined): ValueWrapper<V> | undefined {
  return wrapper === undefined ? undefined : { value: wrapper.value };
}
