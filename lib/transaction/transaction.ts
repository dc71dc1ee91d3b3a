import { CallContext } from '../call/index.js';
import type { AfterCommit, AfterCompletion } from './transaction-synchronization.js';

/** One transaction as caches see it, from its first statement to its last after-commit action. */
export class Transaction {
  /** Whether work may still be added: `false` from the moment its outcome is known. */
  isOpen = true;
  readonly #afterCommit: DueAction[] = [];
  readonly #afterCompletion: AfterCompletion[] = [];

  afterCommit(due: DueAction): void {
    this.#afterCommit.push(due);
  }

  afterCompletion(action: AfterCompletion): void {
    this.#afterCompletion.push(action);
  }

  /**
   * Ends the transaction and runs the actions that are due: one after the other, but lanes side by side. An
   * action runs even if one before it has failed. Resolves to what failed, in the order of registration.
   */
  async complete(outcome: 'committed' | 'rolledBack'): Promise<unknown[]> {
    this.isOpen = false;
    const failures: { readonly error: unknown }[] = [];
    const attempt = async (place: number, action: () => unknown): Promise<void> => {
      try {
        await action();
      } catch (error) {
        failures[place] = { error };
      }
    };
    const due = outcome === 'committed' ? this.#afterCommit : [];
    const lanes = new Map<object, Promise<void>>();
    for (const [place, { action, part, lane }] of due.entries()) {
      const run = (): Promise<void> => attempt(place, () => action(part.hasFailed ? 'failed' : 'completed'));
      if (lane !== undefined) {
        lanes.set(lane, lanes.get(lane)?.then(run) ?? run());
      } else {
        await Promise.all(lanes.values());
        lanes.clear();
        await run();
      }
    }
    await Promise.all(lanes.values());
    for (const [i, action] of this.#afterCompletion.entries()) await attempt(due.length + i, () => action(outcome));
    return failures.flat().map(({ error }) => error); // `flat` leaves out the places where nothing failed.
  }
}

/**
 * An action, with the part of the transaction that registered it and the lane in which it keeps its order.
 */
export interface DueAction {
  readonly action: AfterCommit;
  readonly part: TransactionPart;
  readonly lane: object | undefined;
}

/** A part of a transaction: the `runInTransaction` that began it, or one that joined it. */
export class TransactionPart {
  readonly transaction: Transaction;
  readonly #outer: TransactionPart | undefined;
  #hasFailed = false;

  constructor(transaction: Transaction, outer?: TransactionPart) {
    this.transaction = transaction;
    this.#outer = outer;
  }

  /** Whether the work of this part failed, or that of a part around it. */
  get hasFailed(): boolean {
    return this.#hasFailed || this.#outer?.hasFailed === true;
  }

  fail(): void {
    this.#hasFailed = true;
  }
}

const parts = new CallContext<TransactionPart>();

/**
 * The part of an open transaction that the caller is in. Reads from caches ask at every hit. While no
 * transaction runs anywhere in the process, this costs one comparison.
 */
export function currentPart(): TransactionPart | undefined {
  const part = parts.current;
  // Work that a transaction started and did not wait for still finds it here when it is over.
  return part?.transaction.isOpen === true ? part : undefined;
}

/** Runs `work`, and all it calls, inside `part`. */
export function within<T>(part: TransactionPart, work: () => T | Promise<T>): Promise<T> {
  return parts.run(part, work);
}
