import { type AfterCommit, type AfterCompletion, TransactionSynchronization } from '../../lib/index.js';

/**
 * A transaction manager that an application might have, which knows neither lanes nor `prepare`: one transaction at a time, ended by
 * hand.
 */
export class HandMadeTransactions extends TransactionSynchronization {
  #transaction: { readonly commits: AfterCommit[]; readonly completions: AfterCompletion[] } | undefined;

  override get current(): object | undefined {
    return this.#transaction;
  }

  override afterCommit(action: AfterCommit): void {
    this.#transaction!.commits.push(action);
  }

  override afterCompletion(action: AfterCompletion): void {
    this.#transaction!.completions.push(action);
  }

  begin(): void {
    this.#transaction = { commits: [], completions: [] };
  }

  async end(outcome: 'committed' | 'rolledBack'): Promise<void> {
    const { commits, completions } = this.#transaction!;
    this.#transaction = undefined;
    if (outcome === 'committed') for (const action of commits) await action();
    for (const action of completions) await action(outcome);
  }
}
