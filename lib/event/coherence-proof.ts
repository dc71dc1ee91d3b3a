import type { Milliseconds } from '../time/index.js';

/** How far the reads of one cache in one instance can lag behind evictions at this moment. */
export interface CoherenceProof {
  /**
   * No read of this cache is staler than this: the time since the newest heartbeat was sent whose echo has
   * come back in order. Every eviction that was executed before that has been applied here. There are four
   * heartbeats within a bound, so while all is well it is little more than a quarter of the bound. When it
   * exceeds the bound, the local tier is bypassed; the figure grows on from the last proof, until the next.
   *
   * With several primaries (Redis Cluster) it is the oldest proof. Without Redis it is `0`: each eviction is
   * applied before it returns. A cache without a local tier (`tiers: 'remote'`) has it as well: it trusts the
   * generation that it knows for as long. With `whenDisconnected: 'serve'` the local tier is served even
   * beyond the bound, and this figure alone says how stale. Absent before the first proof, in a stopped
   * instance, and where nobody proves anything (`NoOpCacheManager`).
   */
  readonly provenMs?: Milliseconds | undefined;
  /** The option `bound`: `provenMs` exceeds it only in bypass. Absent where nobody proves anything. */
  readonly boundMs?: Milliseconds | undefined;
  /** Redis answers heartbeats with an error now, so nothing new is proven. Absent while it does not. */
  readonly isHeartbeatRefused?: true | undefined;
}
