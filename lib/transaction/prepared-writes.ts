import { type Cache, endQuietly, type EvictOptions, type WriteIntent } from '../cache/index.js';
import { CacheConfigurationError, throwFirst } from '../errors/index.js';
import type { DueWrites, PreparedRemoval, TransactionLedger } from './transaction-ledger.js';

/** What a transaction holds in one cache for one `prepare()`. */
interface Held extends PreparedRemoval {
  /** The transaction may end before it is set. `undefined`: it could not be set. Never rejects. */
  readonly intent: Promise<WriteIntent | undefined>;
}

/** The write intents that a transaction holds in one cache, from its `prepare()` to its end. */
export class PreparedWrites {
  readonly #target: Cache;
  readonly #ledger: TransactionLedger;
  #held: Held[] = [];

  constructor(target: Cache, ledger: TransactionLedger) {
    this.#target = target;
    this.#ledger = ledger;
  }

  /**
   * Sets intents for everything that waits for the commit and has none. Resolves once all of them are set,
   * those of earlier calls included.
   */
  async prepare(): Promise<void> {
    const earlier = this.#held.map(({ intent }) => intent);
    await Promise.all([this.#prepareRest(), ...earlier]);
  }

  async #prepareRest(): Promise<void> {
    const prepared = this.#ledger.prepare();
    if (prepared === undefined) return;
    const intent = this.#intend(prepared.writes);
    this.#held.push({ ...prepared, intent: intent.catch(() => undefined) });
    await intent;
  }

  /**
   * Ends the intents after the commit, which evicts everything they withheld. What has no intent, because it
   * could not be set, is evicted all the same: no other step does it. All are tried; the first failure is
   * thrown.
   *
   * @param end - ends one of them, and decides about its failure.
   */
  async end(end: (writes: DueWrites, step: (options: EvictOptions) => Promise<void>) => Promise<void>): Promise<void> {
    const ends = this.#take().map(async ({ writes, how, intent }) => {
      const set = await intent;
      await end(writes, (options) => (set === undefined ? this.#evict(writes, { ...how, ...options }) : set.end({ ...how, ...options })));
    });
    throwFirst(await Promise.allSettled(ends));
  }

  /** Ends the intents after a rollback. */
  async drop(): Promise<void> {
    const ends = this.#take().map(async ({ intent }) => {
      const set = await intent;
      if (set !== undefined) await endQuietly(set);
    });
    await Promise.all(ends);
  }

  #take(): readonly Held[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  async #intend(writes: DueWrites): Promise<WriteIntent | undefined> {
    try {
      return await this.#target.intend(writes);
    } catch (error) {
      // A cache with `tiers: 'local'` asks no server before it stores a value, so there is nothing to set.
      if (error instanceof CacheConfigurationError) return undefined;
      throw error;
    }
  }

  #evict(writes: DueWrites, options: EvictOptions): Promise<void> {
    return writes === 'all' ? this.#target.clear(options) : this.#target.evictAll(writes, options);
  }
}
