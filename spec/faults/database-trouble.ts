import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';
import { gate } from '../support/promises.js';
import type { Random } from '../support/random.js';

/** What is wrong with the database that a cached method asks. */
export interface DatabaseTrouble {
  /** Of so many calls one fails: 0 … 1. */
  readonly failingShare: number;
  /** How long a call takes that fails: at the least, at the most. */
  readonly failsAfterMs: readonly [Milliseconds, Milliseconds];
  /** How long a call takes that does not fail, besides its usual time. */
  readonly takesMs: Milliseconds;
}

/** The longest time that a call of a method takes because of it. */
export const longestTroubleMs = ({ failingShare, failsAfterMs, takesMs }: DatabaseTrouble): Milliseconds =>
  failingShare === 0 ? takesMs : Math.max(takesMs, failsAfterMs[1]);

/** The database has failed, as it was told to. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** A database that is well until somebody says how it is not. */
export class TroubledDatabase {
  readonly #random: Random;
  #trouble: DatabaseTrouble | undefined;
  #healed = gate();

  constructor(random: Random) {
    this.#random = random;
  }

  /** `undefined`: it is well again, and whoever waits for it waits no longer. */
  set trouble(trouble: DatabaseTrouble | undefined) {
    this.#trouble = trouble;
    this.#healed.open();
    this.#healed = gate();
  }

  /**
   * A call of the database, as long as it takes because of the trouble.
   *
   * @throws {DatabaseError}
   */
  async call(): Promise<void> {
    if (this.#trouble === undefined) return;
    const { failingShare, failsAfterMs, takesMs } = this.#trouble;
    const fails = this.#random.next() < failingShare;
    const ms = fails ? this.#random.between(...failsAfterMs) : takesMs;
    if (ms > 0) await Promise.race([pause(ms, undefined, { ref: false }), this.#healed.promise]);
    if (fails) throw new DatabaseError('The database has failed.');
  }
}
