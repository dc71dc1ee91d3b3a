/**
 * Caches inside transactions: what a transaction writes to a cache waits for its commit, and what it reads is
 * neither stale nor leaked. `runInTransaction` marks where a transaction begins and ends.
 * `TransactionSynchronization` is the port through which caches see it: bind another one to follow a
 * transaction manager of your own. `TransactionAwareCache` goes around any cache. Hooks into: `call`, whose
 * context follows a transaction along its `await`s.
 */
export { runInTransaction, type TransactionOptions } from './run-in-transaction.js';
export { type AfterCommit, type AfterCompletion, type BeforeCommit, TransactionSynchronization } from './transaction-synchronization.js';
export { AsyncLocalTransactionSynchronization } from './async-local-transaction-synchronization.js';
export { type DeferredFailures, TransactionAwareCache } from './transaction-aware-cache.js';
export { TransactionAwareCacheManager, type TransactionAwareCacheManagerParts } from './transaction-aware-cache-manager.js';
