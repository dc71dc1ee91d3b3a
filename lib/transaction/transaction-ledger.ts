import { type CacheKey, encodeKey, type EvictOptions } from '../cache/index.js';

/** Evictions that are done together, in one round trip. */
export interface DueEviction {
  readonly keys: CacheKey[];
  readonly acks: 'none' | 'all';
  readonly unacknowledged: EvictOptions['unacknowledged'];
}

/** What one transaction has done to one cache so far. */
export class TransactionLedger {
  readonly #touched = new Set<string>();
  #isCleared = false;
  #eviction: DueEviction | undefined;

  /** Whether the transaction has put, evicted or cleared this key. */
  hasTouched(encodedKey: string): boolean {
    return this.#isCleared || this.#touched.has(encodedKey);
  }

  /** @throws {CacheKeyError} for what cannot be a key: now, and not after the commit. */
  put(key: CacheKey): void {
    this.#touched.add(encodeKey(key));
    this.#eviction = undefined;
  }

  clear(): void {
    this.#isCleared = true;
    this.#eviction = undefined;
  }

  /**
   * Adds an eviction. It is done together with the one before, unless a put or a clear came between the two:
   * those keep their place.
   *
   * @returns the eviction if it is a new one, which the caller has to schedule.
   * @throws {CacheKeyError} as {@link put} does; nothing is added then.
   */
  evict(keys: readonly CacheKey[], { acks = 'none', unacknowledged }: EvictOptions): DueEviction | undefined {
    for (const encoded of keys.map(encodeKey)) this.#touched.add(encoded);
    if (this.#eviction?.acks === acks && this.#eviction.unacknowledged === unacknowledged) {
      this.#eviction.keys.push(...keys);
      return undefined;
    }
    return (this.#eviction = { keys: [...keys], acks, unacknowledged });
  }
}
