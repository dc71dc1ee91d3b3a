import { CacheTransactionError, throwFirst } from '../errors/index.js';

/**
 * Something to do once a transaction is committed. It may be asynchronous: the next action waits for it,
 * unless that is in another lane.
 *
 * @param part - `'failed'` if the action was registered in a nested part of the transaction (see
 *   `runInTransaction`) that failed, although the whole was committed. Only the data layer knows then whether
 *   the rows of that part were committed too: it may have used a savepoint. Default: `'completed'`.
 */
export type AfterCommit = (part?: 'completed' | 'failed') => unknown;

/**
 * Something to do once a transaction has ended, after all {@link AfterCommit} actions. It may be
 * asynchronous.
 */
export type AfterCompletion = (outcome: 'committed' | 'rolledBack') => unknown;

/**
 * Something to do right before the commit. What it throws reaches the caller of
 * {@link TransactionSynchronization.prepare}.
 */
export type BeforeCommit = () => unknown;

/**
 * By transaction. Several objects may follow the same one, each for other caches, and the
 * {@link TransactionSynchronization.prepare} of any of them prepares them all.
 */
const beforeCommits = new WeakMap<object, BeforeCommit[]>();

/**
 * What caches know of transactions (Spring's `TransactionSynchronizationManager`). The abstract class is the
 * service identifier as well: the service that is bound follows `runInTransaction`; rebind it to follow the
 * transaction manager that an application already has.
 */
export abstract class TransactionSynchronization {
  /**
   * An object that stands for the transaction of the caller: the same object at every call within a
   * transaction, and a different one in each transaction; `undefined` outside. Every read of every cache asks
   * for it, hits included, so it should cost next to nothing.
   */
  abstract get current(): object | undefined;

  /** Whether the caller is inside a transaction. */
  get isActive(): boolean {
    return this.current !== undefined;
  }

  /**
   * To be awaited as the last statement before COMMIT, so that a process that dies between the commit and its
   * evictions leaves nothing stale: everything that waits for the commit is evicted now, and is not stored by
   * any instance until it is evicted once more, after the commit or the rollback, or until `intentLease` is
   * over. It takes one round trip, caches side by side.
   *
   * It resolves if Redis is away: the transaction then goes on without this protection. What the transaction
   * does to caches later is covered by calling it again. Caches with `tiers: 'local'` are left out: they ask
   * no server before they store a value. Outside of a transaction it does nothing.
   *
   * @see Spring `TransactionSynchronization#beforeCommit`, for the moment
   */
  async prepare(): Promise<void> {
    const { current } = this;
    const actions = current === undefined ? undefined : beforeCommits.get(current);
    if (actions !== undefined) throwFirst(await Promise.allSettled(actions.map(async (action) => action())));
  }

  /**
   * Runs `action` at each {@link prepare} of the transaction.
   *
   * @throws {CacheTransactionError} `CACHE_TRANSACTION_INACTIVE` outside of a transaction.
   */
  beforeCommit(action: BeforeCommit): void {
    const { current } = this;
    if (current === undefined) throw outsideOfTransaction('beforeCommit');
    const actions = beforeCommits.get(current);
    if (actions === undefined) beforeCommits.set(current, [action]);
    else actions.push(action);
  }

  /**
   * Runs `action` after the commit, in the order of registration. Only a rollback of all that {@link current}
   * stands for may drop it.
   *
   * @param lane - says which actions depend on each other: those of one lane keep their order, those of
   *   different lanes may run side by side. An action without a lane waits for all before it, and all after
   *   it wait for it. Each cache is a lane of its own. An implementation that ignores lanes, and runs one
   *   action after the other, is right as well, only slower. Default: none.
   * @throws {CacheTransactionError} `CACHE_TRANSACTION_INACTIVE` outside of a transaction.
   * @see Spring `TransactionSynchronization#afterCommit`
   */
  abstract afterCommit(action: AfterCommit, lane?: object): void;

  /**
   * Runs `action` once the transaction has ended, whatever its outcome.
   *
   * @throws {CacheTransactionError} `CACHE_TRANSACTION_INACTIVE` outside of a transaction.
   * @see Spring `TransactionSynchronization#afterCompletion`
   */
  abstract afterCompletion(action: AfterCompletion): void;
}

/** The error for `verb` where there is no transaction. */
export const outsideOfTransaction = (verb: string): CacheTransactionError =>
  new CacheTransactionError('CACHE_TRANSACTION_INACTIVE', `\`${verb}\` was called outside of a transaction.`, {
    hint: 'Call it inside `runInTransaction`, and ask `isActive` first where there may be none. A transaction that has ended is none.',
  });
