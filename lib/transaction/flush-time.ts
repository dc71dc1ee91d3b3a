import { type Milliseconds, systemClock } from '../time/index.js';

const ofTransactions = new WeakMap<object, FlushTime>();

/**
 * How long a transaction has waited in vain for its caches, once it was committed. Each of its operations is told, and takes that off its own
 * deadline: one that Redis does not acknowledge must not cost all those behind it a deadline more. What was acknowledged does not count, so
 * that a long flush may take its time.
 */
export class FlushTime {
  #waitedMs: Milliseconds = 0;

  /** That of this transaction, whatever the cache. */
  static of(transaction: object): FlushTime {
    let time = ofTransactions.get(transaction);
    if (time === undefined) ofTransactions.set(transaction, (time = new FlushTime()));
    return time;
  }

  /** Does one operation, and hands on what it throws. */
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
