import { type Cache, type CacheHealth, CacheManager, type CallsUnderWay } from '../cache/index.js';
import type { CacheStatistics, TimingObserver } from '../event/index.js';
import { type DeferredFailures, TransactionAwareCache } from './transaction-aware-cache.js';
import type { TransactionSynchronization } from './transaction-synchronization.js';

/** What a {@link TransactionAwareCacheManager} needs beside its target. */
export interface TransactionAwareCacheManagerParts {
  /** Asked once, for the first cache. */
  readonly transactions: () => TransactionSynchronization;
  /** Asked when an operation has failed after a commit. */
  readonly failures: () => DeferredFailures;
  /**
   * Counts transactions whose writes are due at their end, so that a shutdown can wait for them. Default: a
   * shutdown waits for none.
   */
  readonly calls?: CallsUnderWay | undefined;
}

/**
 * Puts a {@link TransactionAwareCache} around every cache of another manager (Spring's
 * `TransactionAwareCacheManagerProxy`).
 */
export class TransactionAwareCacheManager extends CacheManager {
  /** The manager that this one goes around. */
  readonly target: CacheManager;
  readonly #options: TransactionAwareCacheManagerParts;
  /** By the cache that they go around. Not every cache is kept, and what goes around it must go with it. */
  readonly #caches = new WeakMap<Cache, TransactionAwareCache>();
  #transactions: TransactionSynchronization | undefined;

  constructor(target: CacheManager, options: TransactionAwareCacheManagerParts) {
    super();
    this.target = target;
    this.#options = options;
  }

  override getCache(name: string): Cache | undefined {
    const cache = this.target.getCache(name);
    if (cache === undefined || cache instanceof TransactionAwareCache) return cache;
    const known = this.#caches.get(cache);
    if (known !== undefined) return known;
    this.#transactions ??= this.#options.transactions();
    const aware = new TransactionAwareCache(cache, this.#transactions, this.#options.failures, this.#options.calls);
    this.#caches.set(cache, aware);
    return aware;
  }

  override get cacheNames(): readonly string[] {
    return this.target.cacheNames;
  }

  override start(): Promise<void> {
    return this.target.start();
  }

  override stop(): Promise<void> {
    return this.target.stop();
  }

  override health(): CacheHealth {
    return this.target.health();
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return this.target.statistics();
  }

  override observe(observer: TimingObserver): () => void {
    return this.target.observe(observer);
  }

  override resetStatistics(): void {
    this.target.resetStatistics();
  }
}
