import type { Milliseconds } from '../time/index.js';

/** How long the caller of an eviction waits. */
export interface EvictOptions {
  /**
   * When the call resolves. Default: `'none'`.
   * - `'none'`: once Redis has executed the eviction. The other instances follow within the bound, normally
   *   within a millisecond.
   * - `'all'`: once no instance serves the old value any more. Each instance has then applied the eviction,
   *   or its read lease has ended.
   */
  readonly acks?: 'none' | 'all' | undefined;
  /**
   * How long the caller has already waited for caches, in milliseconds. It is subtracted from the cache's
   * `deadline`. Default: `0`.
   */
  readonly waitedMs?: Milliseconds | undefined;
  /** What the caller hears of an eviction that is not acknowledged. Default: the cache's `unacknowledged`. */
  readonly unacknowledged?: Unacknowledged | undefined;
}

/**
 * What a write does when Redis has not acknowledged its eviction within the cache's `deadline`. In either
 * case the eviction is repeated until it is acknowledged, and meanwhile this instance serves the key from
 * neither tier.
 * - `'throw'`: it rejects with a `CacheEvictError`.
 * - `'report'`: it resolves. The event `evictPending` and the log tell of it.
 */
export type Unacknowledged = 'throw' | 'report';
