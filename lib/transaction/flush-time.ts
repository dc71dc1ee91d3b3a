import { type Milliseconds, systemClock } from '../time/index.js';

const ofTransactions = new WeakMap<object, FlushTime>();

/**
 * How long a transaction, after its commit, has waited for its caches in vain. Each of its operations gets
 * this time, and takes it off its own deadline: if Redis does not acknowledge one operation, those behind it
 * must not wait one deadline more each. Operations that were acknowledged do not count, so that a long flush
 * may take its time.
 */
export class FlushTime {
  #waitedMs: Milliseconds = 0;

  /** The time of this transaction, over all caches. */
  static of(transaction: object): FlushTime {
    let time = ofTransactions.get(transaction);
    if (time === undefined) ofTransactions.set(transaction, (time = new FlushTime()));
    return time;
  }

  /** Runs one operation, and counts its time if it fails. Throws what the operation throws. */
  async spend(operation: (waitedMs: Milliseconds) => Promise<void>): Promise<void> {
    const [before, begun] = [this.#waitedMs, systemClock.now()];
    try {
      await operation(before);
    } catch (error) {
      // Operations on other caches may have waited at the same time.
      this.#waitedMs = Math.max(this.#waitedMs, before + systemClock.now() - begun);
      throw error;
    }
  }
}
