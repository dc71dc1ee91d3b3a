/**
 * Something to do once a transaction is committed. May be asynchronous: the next action waits for it, unless it is in another lane.
 *
 * @param part - `'failed'` when it was asked for in a nested part of the transaction (see `runInTransaction`) that failed while the whole was
 *   committed. Whether the rows of that part were committed with it is then known to the data layer only (it may have used a savepoint).
 *   Default: `'completed'`.
 */
export type AfterCommit = (part?: 'completed' | 'failed') => unknown;

/** Something to do once a transaction has ended, after all {@link AfterCommit} actions. May be asynchronous. */
export type AfterCompletion = (outcome: 'committed' | 'rolledBack') => unknown;

/**
 * What caches know of transactions (Spring's `TransactionSynchronizationManager`). Abstract class and service identifier in one: the one
 * that is bound follows `runInTransaction`; rebind it to follow the transaction manager that an application has already.
 */
export abstract class TransactionSynchronization {
  /**
   * An object that stands for the transaction of the caller: the same at every call within it, another one in another; `undefined` outside.
   * Asked at every read of every cache, hits included, so it should cost next to nothing.
   */
  abstract get current(): object | undefined;

  /** Whether the caller is inside a transaction. */
  get isActive(): boolean {
    return this.current !== undefined;
  }

  /**
   * Has `action` run after the commit, in the order of registration. Only a rollback of all that {@link current} stands for may drop it.
   *
   * @param lane - says which actions depend on each other: those of one lane keep their order, those of different lanes may run side by side.
   *   An action without a lane waits for all before it, and all after it wait for it. Caches give their operations a lane each; who has them
   *   wait for each other all the same is right as well, only slower. Default: none.
   * @throws {CacheTransactionError} `CACHE_TRANSACTION_INACTIVE` outside of a transaction.
   * @see Spring `TransactionSynchronization#afterCommit`
   */
  abstract afterCommit(action: AfterCommit, lane?: object): void;

  /**
   * Has `action` run once the transaction has ended, however it did.
   *
   * @throws {CacheTransactionError} `CACHE_TRANSACTION_INACTIVE` outside of a transaction.
   * @see Spring `TransactionSynchronization#afterCompletion`
   */
  abstract afterCompletion(action: AfterCompletion): void;
}
