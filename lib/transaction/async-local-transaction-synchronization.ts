import { currentPart, type TransactionPart } from './transaction.js';
import { type AfterCommit, type AfterCompletion, outsideOfTransaction, TransactionSynchronization } from './transaction-synchronization.js';

/**
 * The default: follows `runInTransaction` along `await`s and callbacks. All instances of this class see the
 * same transactions.
 */
export class AsyncLocalTransactionSynchronization extends TransactionSynchronization {
  override get current(): object | undefined {
    return currentPart()?.transaction;
  }

  override afterCommit(action: AfterCommit, lane?: object): void {
    const part = activePart('afterCommit');
    part.transaction.afterCommit({ action, part, lane });
  }

  override afterCompletion(action: AfterCompletion): void {
    activePart('afterCompletion').transaction.afterCompletion(action);
  }
}

function activePart(verb: string): TransactionPart {
  const part = currentPart();
  if (part !== undefined) return part;
  throw outsideOfTransaction(verb);
}
