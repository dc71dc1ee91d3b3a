import { CacheLoadTimeoutError } from '../../lib/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import type { Random } from '../support/random.js';
import type { Book, BookRepository } from './book-repository.js';
import { DatabaseError } from './database-trouble.js';
import { monotonicNow } from './monotonic.js';
import type { FailedRead, ReadRecord } from './oracle.js';
import type { WorkerSettings } from './worker-protocol.js';

/** More calls than this at once would measure the machine and not the cache. */
const MAXIMUM_UNDER_WAY = 500;
/** So many keys are drawn for a call that reads several, at the most. Some are drawn twice. */
const MOST_DRAWN = 10;

/** A call that ended; judged a little later, when it is known whether the process stood still meanwhile. */
export interface Ended {
  readonly begunAt: Milliseconds;
  readonly endedAt: Milliseconds;
  readonly judge: (waitedMs: Milliseconds) => void;
}

/** What {@link WorkerReads} need. */
export interface WorkerReadsOptions {
  readonly books: BookRepository;
  readonly settings: WorkerSettings;
  readonly random: Random;
  readonly onEnd: (ended: Ended) => void;
  readonly onFailure: (what: string) => void;
}

/** What a read is answered with when the database is in trouble. */
export const isTrouble = (error: unknown): boolean => error instanceof DatabaseError || error instanceof CacheLoadTimeoutError;

/** The reads of one worker: half of them of a key by itself, half of them of several keys in one call. */
export class WorkerReads {
  readonly #options: WorkerReadsOptions;
  readonly #records: ReadRecord[] = [];
  readonly #failed: FailedRead[] = [];
  #underWay = 0;
  /** How many keys were read by themselves, and how many with others. */
  #alone = 0;
  #together = 0;

  constructor(options: WorkerReadsOptions) {
    this.#options = options;
  }

  /** Calls under way. */
  get underWay(): number {
    return this.#underWay;
  }

  /**
   * The next call, with keys from `draw`.
   *
   * @returns how many keys it reads, and how it ends. `undefined`: too many are under way.
   */
  next(draw: () => number): { readonly keys: number; readonly result: Promise<unknown> } | undefined {
    if (this.#underWay >= MAXIMUM_UNDER_WAY) return undefined;
    if (this.#alone < this.#together) {
      this.#alone += 1;
      return { keys: 1, result: this.one(draw()) };
    }
    const { random } = this.#options;
    const drawn = Array.from({ length: 2 + random.below(MOST_DRAWN - 1) }, draw);
    const keys = new Set(drawn).size;
    this.#together += keys;
    return { keys, result: this.several(drawn) };
  }

  /** The version of one key. */
  async one(key: number): Promise<number> {
    const [version] = await this.#recorded([key], async () => new Map([[key, await this.#options.books.find(key)]]));
    return version as number;
  }

  /** The versions of several keys, by one call. */
  several(keys: readonly number[]): Promise<readonly number[]> {
    return this.#recorded(keys, () => this.#options.books.findAll(keys));
  }

  /** Every key, by itself and then by one call, again if the database fails. Answers the older versions. */
  async all(): Promise<readonly number[]> {
    const keys = Array.from({ length: this.#options.settings.keys }, (_, key) => key);
    const each = await Promise.all(keys.map((key) => surely(() => this.one(key))));
    const together = await surely(() => this.several(keys));
    return each.map((version, i) => Math.min(version, together[i] as number));
  }

  /** What was judged since the last time. */
  take(): { readonly records: readonly ReadRecord[]; readonly failed: readonly FailedRead[] } {
    return { records: this.#records.splice(0), failed: this.#failed.splice(0) };
  }

  async #recorded(asked: readonly number[], read: () => Promise<ReadonlyMap<number, Book>>): Promise<readonly number[]> {
    const { onEnd } = this.#options;
    const keys = [...new Set(asked)];
    const ofSeveral = keys.length > 1;
    const begunAt = monotonicNow();
    this.#underWay += 1;
    try {
      const found = await read();
      const endedAt = monotonicNow();
      this.#check(keys, found);
      const judge = (waitedMs: Milliseconds): void => {
        for (const [key, { version, at }] of found) this.#records.push({ key, begunAt, endedAt, version, at, waitedMs, ofSeveral });
      };
      onEnd({ begunAt, endedAt, judge });
      return asked.map((key) => found.get(key)?.version ?? Number.NaN);
    } catch (error) {
      const endedAt = monotonicNow();
      const judge = (waitedMs: Milliseconds): void => void this.#failed.push({ keys, begunAt, endedAt, waitedMs });
      if (isTrouble(error)) onEnd({ begunAt, endedAt, judge });
      throw error;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Every book is answered, none in the place of another, in the order in which they were asked for. */
  #check(keys: readonly number[], found: ReadonlyMap<number, Book>): void {
    const titles = [...found].map(([key, { title }]) => `${key}: ${title}`).join();
    const expected = keys.map((key) => `${key}: Book ${key}`).join();
    if (titles !== expected) this.#options.onFailure(`a read of ${expected} was answered with ${titles}`);
  }
}

/** Tries until the database does not fail. */
async function surely<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!isTrouble(error)) throw error;
    }
  }
}
