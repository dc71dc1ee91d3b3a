import {
  allNow,
  Cache,
  type CacheKey,
  type CallsUnderWay,
  encodeKey,
  encodeTags,
  endQuietly,
  type EvictOptions,
  hitNow,
  type KeyInspection,
  type LoadAllOptions,
  type Loader,
  type LoaderOfAll,
  type LoadOptions,
  type PutOptions,
  stopped,
  type ValueWrapper,
  type WriteIntent,
} from '../cache/index.js';
import { throwFirst } from '../errors/index.js';
import type { CacheStatistics } from '../event/index.js';
import { FlushTime } from './flush-time.js';
import { loadAllInside, loadInside } from './load-inside.js';
import { PreparedWrites } from './prepared-writes.js';
import { type DueWrites, TransactionLedger } from './transaction-ledger.js';
import type { TransactionSynchronization } from './transaction-synchronization.js';

/**
 * Decides about operations that fail after the commit, when no caller waits for each of them any more. If a
 * verb returns, the failure is survived; if it throws, that reaches the caller of the transaction. A
 * `CacheErrorHandler` fits.
 */
export interface DeferredFailures {
  /** A put failed. */
  handleCachePutError(error: unknown, cache: Cache, key: CacheKey, value: unknown): void;
  /** An eviction was not acknowledged. */
  handleCacheEvictError(error: unknown, cache: Cache, key: CacheKey): void;
  /** A clear was not acknowledged. */
  handleCacheClearError(error: unknown, cache: Cache): void;
}

/**
 * A cache that takes part in transactions (Spring's `TransactionAwareCacheDecorator`, and stricter). Outside
 * of one it adds nothing. Inside:
 *
 * - `put`, `evict`, `evictTagged` and `clear` wait for the commit, in their order; a rollback drops them.
 *   Together, those that fail then take one `deadline`.
 * - `evictIfPresent`, `invalidate`, `invalidateTagged` and `putIfAbsent` act at once. All but the last are
 *   done once more after the commit, because others may have read the old row back in between.
 * - A write intent (`intend`, `evictAround`) is set at once too. It ends after the commit, or the rollback.
 *   `TransactionSynchronization.prepare` sets intents for everything that waits.
 * - What the transaction has put, evicted or cleared is read from neither tier: the loader runs, and sees
 *   what the transaction wrote. After an eviction of tags that is everything: which keys it touches is not
 *   known.
 * - What is loaded is neither stored nor shared. Under any key, the loader may have read rows that only this
 *   transaction sees, and a rollback would leave them in the cache. (Spring's decorator stores them at the
 *   commit.)
 */
export class TransactionAwareCache extends Cache {
  override readonly name: string;
  /** The cache that this one goes around. */
  readonly target: Cache;
  readonly #transactions: TransactionSynchronization;
  readonly #failures: () => DeferredFailures;
  readonly #calls: CallsUnderWay | undefined;
  readonly #ledgers = new WeakMap<object, TransactionLedger>();

  /**
   * @param failures - asked when an operation has failed after a commit, and not before.
   * @param calls - counts transactions that have written to the cache, until they end, so that a shutdown can
   *   wait for them. Default: a shutdown waits for none.
   */
  constructor(target: Cache, transactions: TransactionSynchronization, failures: () => DeferredFailures, calls?: CallsUnderWay) {
    super();
    this.name = target.name;
    this.target = target;
    this.#transactions = transactions;
    this.#failures = failures;
    this.#calls = calls;
  }

  /** What the target has: what a transaction has put or evicted is not there yet. */
  override inspect(key: CacheKey): Promise<KeyInspection | undefined> {
    return this.target.inspect(key);
  }

  /** The settled promise of a value that can be served at once. What the transaction has changed is not. */
  hitNow(key: CacheKey): Promise<unknown> | undefined {
    const transaction = this.#transactions.current;
    if (transaction !== undefined && this.#hasTouched(transaction, encodeKey(key))) return undefined;
    return hitNow(this.target, key);
  }

  /** The values of several keys, if all of them can be served at once. Inside a transaction they cannot. */
  allNow(keys: readonly CacheKey[]): unknown[] | undefined {
    return this.#transactions.current === undefined ? allNow(this.target, keys) : undefined;
  }

  override async get<V = unknown>(key: CacheKey): Promise<ValueWrapper<V> | undefined> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.get<V>(key);
    const encoded = encodeKey(key);
    if (this.#hasTouched(transaction, encoded)) return undefined;
    const found = await this.target.get<V>(key);
    return this.#hasTouched(transaction, encoded) ? undefined : found; // The transaction may do several things at a time.
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.getAll<V>(keys);
    const encoded = keys.map(encodeKey);
    const asked = keys.filter((_key, i) => !this.#hasTouched(transaction, encoded[i]!));
    const found = asked.length === 0 ? [] : await this.target.getAll<V>(asked);
    const byKey = new Map(asked.map((key, i) => [encodeKey(key), found[i]]));
    return encoded.map((key) => (this.#hasTouched(transaction, key) ? undefined : byKey.get(key)));
  }

  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options: LoadOptions<V> = {}): Promise<V> {
    return this.#transactions.isActive ? loadInside(this, key, loader, options) : this.target.getOrLoad(key, loader, options);
  }

  override getAllOrLoad<K extends CacheKey, V>(
    keys: readonly K[],
    loader: LoaderOfAll<K, V>,
    options: LoadAllOptions<K, V> = {},
  ): Promise<Map<K, V>> {
    if (!this.#transactions.isActive) return this.target.getAllOrLoad(keys, loader, options);
    return loadAllInside(this, { keys, loader, options });
  }

  override statistics(): CacheStatistics {
    return this.target.statistics();
  }

  override resetStatistics(): void {
    this.target.resetStatistics();
  }

  override async put(key: CacheKey, value: unknown, options?: PutOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.put(key, value, options);
    this.#putLater(transaction, [[key, value]], options);
  }

  override async putAll(entries: Iterable<readonly [CacheKey, unknown]>, options?: PutOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.putAll(entries, options);
    this.#putLater(transaction, [...entries], options); // An iterator can be read only once, and a Map can change until the commit.
  }

  override putIfAbsent<V = unknown>(key: CacheKey, value: V, options?: PutOptions): Promise<ValueWrapper<V> | undefined> {
    return this.target.putIfAbsent(key, value, options);
  }

  override async evict(key: CacheKey, options?: EvictOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.evict(key, options);
    this.#evictLater(transaction, [key], options);
  }

  override async evictAll(keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.evictAll(keys, options);
    this.#evictLater(transaction, keys, options);
  }

  override async evictIfPresent(key: CacheKey, options?: EvictOptions): Promise<boolean> {
    const transaction = this.#transactions.current;
    if (transaction !== undefined) this.#evictLater(transaction, [key], options);
    return this.target.evictIfPresent(key, options);
  }

  override async intend(keys: readonly CacheKey[] | 'all'): Promise<WriteIntent> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.intend(keys);
    this.#ledger(transaction).touch(keys);
    const intent = await this.target.intend(keys);
    return this.#heldIn(transaction, keys, intent);
  }

  override async evictTagged(tags: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.evictTagged(tags, options);
    await this.#evictTaggedLater(transaction, tags, options);
  }

  override async invalidateTagged(tags: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction !== undefined) await this.#evictTaggedLater(transaction, tags, options);
    return this.target.invalidateTagged(tags, options);
  }

  override async clear(options?: EvictOptions): Promise<void> {
    const transaction = this.#transactions.current;
    if (transaction === undefined) return this.target.clear(options);
    this.#clearLater(transaction, options);
  }

  override async invalidate(options?: EvictOptions): Promise<boolean> {
    const transaction = this.#transactions.current;
    if (transaction !== undefined) this.#clearLater(transaction, options);
    return this.target.invalidate(options);
  }

  #putLater(transaction: object, entries: readonly (readonly [CacheKey, unknown])[], options?: PutOptions): void {
    const ledger = this.#ledger(transaction);
    for (const [key] of entries) ledger.put(key, options);
    this.#afterCommit(transaction, async (time, part) => {
      const unacknowledged = options?.unacknowledged;
      if (part === 'failed') {
        const keys = entries.map(([key]) => key);
        return this.#evictNow(time, keys, { unacknowledged });
      }
      try {
        await time.spend((waitedMs) => this.#putTogether(entries, { ...options, waitedMs }));
      } catch (error) {
        const told = entries.map(async ([key, value]) => this.#failures().handleCachePutError(error, this, key, value));
        throwFirst(await Promise.allSettled(told));
      }
    });
  }

  #putTogether(entries: readonly (readonly [CacheKey, unknown])[], options: PutOptions): Promise<void> {
    const [first, ...others] = entries;
    return first !== undefined && others.length === 0 ? this.target.put(first[0], first[1], options) : this.target.putAll(entries, options);
  }

  #evictLater(transaction: object, keys: readonly CacheKey[], options: EvictOptions = {}): void {
    if (keys.length === 0) return;
    const due = this.#ledger(transaction).evict(keys, options);
    if (due === undefined) return;
    const { acks, unacknowledged } = due;
    this.#afterCommit(transaction, async (time) => {
      if (!due.isPrepared) await this.#evictNow(time, due.keys, { acks, unacknowledged });
    });
  }

  /** @throws {CacheError} for what cannot be tags: now, and not after the commit. */
  #evictTaggedLater(transaction: object, tags: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    const isEmpty = encodeTags(tags, Infinity).length === 0;
    // Evicts nothing, and refuses now what it would refuse after the commit.
    const checked = this.target.evictTagged([], options);
    checked.catch(() => undefined); // The call may be refused for another reason before this is looked at.
    if (isEmpty) return checked;
    const own = [...tags];
    // Noted in this turn, so that it keeps its place.
    const due = this.#ledger(transaction).clear(options);
    let isRefused = false;
    this.#afterCommit(transaction, async (time) => {
      if (due.isPrepared || isRefused) return;
      await this.#removeNow(time, 'all', (waitedMs) => this.target.evictTagged(own, { ...options, waitedMs }));
    });
    return checked.catch((error: unknown) => {
      isRefused = true;
      throw error;
    });
  }

  #clearLater(transaction: object, options: EvictOptions = {}): void {
    const due = this.#ledger(transaction).clear(options);
    this.#afterCommit(transaction, async (time) => {
      if (!due.isPrepared) await this.#removeNow(time, 'all', (waitedMs) => this.target.clear({ ...options, waitedMs }));
    });
  }

  /** A write intent that ends with the transaction, and not before, whoever ends it and from wherever. */
  #heldIn(transaction: object, keys: DueWrites, intent: WriteIntent): WriteIntent {
    let how: EvictOptions = {};
    let isOver = false;
    this.#afterCommit(transaction, (time) => {
      isOver = true;
      return this.#removeNow(time, keys, (waitedMs) => intent.end({ ...how, waitedMs }));
    });
    this.#transactions.afterCompletion((outcome) => {
      isOver = true;
      return outcome === 'rolledBack' ? endQuietly(intent) : undefined;
    });
    return {
      end: async (options = {}) => {
        how = options;
        // Its work has outlived the transaction.
        if (isOver) await (keys === 'all' ? this.target.clear(options) : this.target.evictAll(keys, options));
      },
    };
  }

  #evictNow(time: FlushTime, keys: readonly CacheKey[], options?: EvictOptions): Promise<void> {
    return this.#removeNow(time, keys, (waitedMs) => this.#evictTogether(keys, { ...options, waitedMs }));
  }

  /** Runs a removal after the commit, and asks what its failure means. */
  async #removeNow(time: FlushTime, writes: DueWrites, removal: (waitedMs: number) => Promise<void>): Promise<void> {
    try {
      await time.spend(removal);
    } catch (error) {
      const failures = this.#failures();
      if (writes === 'all') return failures.handleCacheClearError(error, this);
      throwFirst(await Promise.allSettled(writes.map(async (key) => failures.handleCacheEvictError(error, this, key))));
    }
  }

  #evictTogether(keys: readonly CacheKey[], options: EvictOptions): Promise<void> {
    return keys.length === 1 ? this.target.evict(keys[0], options) : this.target.evictAll(keys, options);
  }

  /** Operations on one cache keep their order. Operations on other caches need not wait for them. */
  #afterCommit(transaction: object, operation: (time: FlushTime, part?: 'completed' | 'failed') => Promise<void>): void {
    this.#transactions.afterCommit((part) => operation(FlushTime.of(transaction), part), this.target);
  }

  #hasTouched(transaction: object, encodedKey: string): boolean {
    return this.#ledgers.get(transaction)?.hasTouched(encodedKey) === true;
  }

  #ledger(transaction: object): TransactionLedger {
    let ledger = this.#ledgers.get(transaction);
    if (ledger === undefined) {
      this.#refuseIfStopped();
      this.#ledgers.set(transaction, (ledger = new TransactionLedger()));
      this.#preparable(transaction, ledger);
      this.#countIn();
    }
    return ledger;
  }

  /** Makes the cache take part in `prepare()`. Its intents end before what waits for the commit is done. */
  #preparable(transaction: object, ledger: TransactionLedger): void {
    const prepared = new PreparedWrites(this.target, ledger);
    this.#transactions.beforeCommit(() => prepared.prepare());
    this.#afterCommit(transaction, (time) => prepared.end((writes, end) => this.#removeNow(time, writes, (waitedMs) => end({ waitedMs }))));
    this.#transactions.afterCompletion(() => prepared.drop());
  }

  /**
   * @throws {CacheStoppedError} now, while the transaction can still be rolled back, and not after its
   *   commit.
   */
  #refuseIfStopped(): void {
    if (this.#calls?.isClosed === true) throw stopped(this.name, 'a write inside a transaction was refused');
  }

  #countIn(): void {
    const calls = this.#calls;
    if (calls === undefined) return;
    this.#transactions.afterCompletion(() => calls.end());
    calls.begin();
  }
}
