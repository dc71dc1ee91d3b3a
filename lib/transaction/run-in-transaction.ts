import {
  type CacheError,
  CacheEvictError,
  CacheStoppedError,
  CacheTransactionError,
  MAXIMUM_LINE_LENGTH,
  printable,
  printableLines,
} from '../errors/index.js';
import { currentPart, Transaction, TransactionPart, within } from './transaction.js';

/** How {@link runInTransaction} behaves. */
export interface TransactionOptions {
  /**
   * What happens inside another transaction. `'required'`: the work joins it, and what waits for a commit
   * waits for that of the outer transaction. `'requiresNew'`: the outer one is suspended, and the work has a
   * transaction of its own. The work itself has to run it on a connection of its own. Default: `'required'`.
   */
  readonly propagation?: 'required' | 'requiresNew' | undefined;
}

/**
 * Tells caches that `work` is one transaction of the database. This function begins and commits nothing
 * itself: `work` does so, and has committed when its promise resolves.
 *
 * ```ts
 * await runInTransaction(() => db.transaction((tx) => transfer(tx, from, to)));
 * ```
 *
 * Inside, puts, evictions and clears wait. Reads are not served what the transaction has put, evicted or
 * cleared, and store nothing that they load. When `work` resolves, the waiting operations are done in their
 * order, and then the promise resolves. When `work` rejects, they are dropped. Work that was started inside,
 * but not waited for, counts as outside from then on.
 *
 * If `work` joined an outer transaction, and that one goes on although `work` rejected, the evictions and
 * clears of `work` stay, and its puts become evictions: only the data layer knows whether the commit holds
 * what `work` wrote.
 *
 * @throws what `work` threw: the same object.
 * @throws {CacheEvictError} the transaction **is committed**, and an eviction that was due then was not
 *   acknowledged. It is retried in the background. What `work` returned is on the error's `result`.
 * @throws {CacheStoppedError} the same, for a write that a shutdown refused. It is not retried.
 * @throws {CacheTransactionError} `CACHE_TRANSACTION_ACTION_FAILED`: the same, for any other action that
 *   failed.
 * @see Spring `@Transactional`, `TransactionSynchronizationUtils`
 */
export async function runInTransaction<T>(work: () => T | Promise<T>, { propagation = 'required' }: TransactionOptions = {}): Promise<T> {
  const outer = currentPart();
  return outer !== undefined && propagation === 'required' ? join(outer, work) : begin(work);
}

async function join<T>(outer: TransactionPart, work: () => T | Promise<T>): Promise<T> {
  const part = new TransactionPart(outer.transaction, outer);
  try {
    return await within(part, work);
  } catch (error) {
    part.fail();
    throw error;
  }
}

async function begin<T>(work: () => T | Promise<T>): Promise<T> {
  const transaction = new Transaction();
  const part = new TransactionPart(transaction);
  // Actions run in the context of the transaction that is over, so outside of any: they are no part of a
  // suspended outer transaction.
  const complete = (outcome: 'committed' | 'rolledBack'): Promise<unknown[]> => within(part, () => transaction.complete(outcome));
  let result: T;
  try {
    result = await within(part, work);
  } catch (error) {
    warnOf(await complete('rolledBack'));
    throw error;
  }
  const failures = await complete('committed');
  if (failures.length === 0) return result;
  warnOf(failures.slice(1));
  throw committedBut(failures[0], result);
}

/** The error for the caller of a transaction that is committed. */
function committedBut(failure: unknown, result: unknown): CacheError {
  if (failure instanceof CacheEvictError || failure instanceof CacheStoppedError) return failure.withResult(result);
  return new CacheTransactionError(
    'CACHE_TRANSACTION_ACTION_FAILED',
    'A transaction was committed, and an action due after the commit failed.',
    {
      hint: 'Do not repeat the transaction. What it returned is on `result` of this error, and what failed is its `cause`.',
      cause: failure,
      result,
    },
  );
}

/**
 * The caller gets one error; the other failures must not pass in silence. Failed evictions are reported by an
 * event of their cache.
 */
function warnOf(failures: readonly unknown[]): void {
  for (const failure of failures) {
    if (failure instanceof CacheEvictError) continue;
    process.emitWarning(`An action due after a transaction failed: ${printable(String(failure), MAXIMUM_LINE_LENGTH)}`, {
      type: 'CacheWarning',
      code: 'CACHE_TRANSACTION_ACTION_FAILED',
      detail: failure instanceof Error ? printableLines(failure.stack ?? '') : undefined,
    });
  }
}
