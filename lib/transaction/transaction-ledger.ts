import { type CacheKey, encodeKey, type EvictOptions, type PutOptions, type Unacknowledged } from '../cache/index.js';

/** What an operation that waits for the commit will remove or replace: these keys, or everything. */
export type DueWrites = readonly CacheKey[] | 'all';

/** A removal that waits for the commit. */
export interface DueRemoval {
  readonly acks: 'none' | 'all';
  readonly unacknowledged: EvictOptions['unacknowledged'];
  /**
   * Whether the end of the write intents does all of it. Not if a put came before: then the order counts.
   */
  isPrepared: boolean;
}

/** What one `prepare()` covers. */
export interface PreparedRemoval {
  readonly writes: DueWrites;
  /** How they are removed together after the commit. */
  readonly how: EvictOptions;
}

/** Evictions that are done together, in one round trip. */
export interface DueEviction extends DueRemoval {
  readonly keys: CacheKey[];
}

/** What one transaction has done to one cache so far. */
export class TransactionLedger {
  readonly #touched = new Set<string>();
  readonly #removals: DueRemoval[] = [];
  /** What {@link prepare} has not handed out yet: by encoded key. */
  #unprepared = new Map<string, CacheKey>();
  #isClearUnprepared = false;
  /** What those who wait in {@link #unprepared} want to hear. */
  #wishes = new Set<Unacknowledged | undefined>();
  #isCleared = false;
  #hasPut = false;
  #eviction: DueEviction | undefined;

  /** Whether the transaction has put, evicted or cleared this key. */
  hasTouched(encodedKey: string): boolean {
    return this.#isCleared || this.#touched.has(encodedKey);
  }

  /** The transaction is writing these keys, under an intent that it holds already. */
  touch(keys: DueWrites): void {
    if (keys === 'all') this.#isCleared = true;
    else for (const key of keys) this.#touched.add(encodeKey(key));
  }

  /** @throws {CacheKeyError} for what cannot be a key: now, and not after the commit. */
  put(key: CacheKey, { unacknowledged }: PutOptions = {}): void {
    this.#wait(key, unacknowledged);
    this.#hasPut = true;
    this.#eviction = undefined;
  }

  /**
   * Adds a clear, or an eviction of tags: which keys that touches is not known, so it may be any, and
   * `prepare` withholds everything.
   *
   * @returns it, which the caller has to schedule.
   */
  clear({ acks = 'none', unacknowledged }: EvictOptions): DueRemoval {
    this.#isCleared = this.#isClearUnprepared = true;
    this.#wishes.add(unacknowledged);
    this.#eviction = undefined;
    return this.#remember({ acks, unacknowledged, isPrepared: false });
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
    for (const key of keys) this.#wait(key, unacknowledged);
    if (this.#eviction?.acks === acks && this.#eviction.unacknowledged === unacknowledged) {
      this.#eviction.keys.push(...keys);
      this.#eviction.isPrepared = false;
      return undefined;
    }
    return (this.#eviction = this.#remember({ keys: [...keys], acks, unacknowledged, isPrepared: false }));
  }

  /**
   * What waits for the commit and was not handed out before; `undefined`: nothing. From now on its removals
   * count as prepared.
   */
  prepare(): PreparedRemoval | undefined {
    const writes = this.#isClearUnprepared ? 'all' : [...this.#unprepared.values()];
    if (writes.length === 0) return undefined;
    const due = this.#removals.filter(({ isPrepared }) => !isPrepared);
    const how = due.some(({ acks }) => acks === 'all') ? ({ acks: 'all' } as const) : { unacknowledged: this.#strictestWish() };
    for (const removal of due) removal.isPrepared = true;
    this.#isClearUnprepared = false;
    this.#unprepared = new Map();
    this.#wishes = new Set();
    return { writes, how };
  }

  /** `undefined`: what the cache does. */
  #strictestWish(): Unacknowledged | undefined {
    if (this.#wishes.has('throw')) return 'throw';
    return this.#wishes.has(undefined) ? undefined : 'report';
  }

  #wait(key: CacheKey, unacknowledged: Unacknowledged | undefined): void {
    const encoded = encodeKey(key);
    this.#touched.add(encoded);
    this.#unprepared.set(encoded, key);
    this.#wishes.add(unacknowledged);
  }

  #remember<R extends DueRemoval>(removal: R): R {
    if (!this.#hasPut) this.#removals.push(removal);
    return removal;
  }
}
