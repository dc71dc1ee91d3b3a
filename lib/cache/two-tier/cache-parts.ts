import type { CacheCounters, CacheEvents } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import type { LocalTier } from '../local/local-tier.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { ValueSharing } from '../value/value-sharing.js';
import type { FreshnessPolicy } from './freshness.js';
import type { PendingEvictions } from './pending-evictions.js';
import type { SharedLoad } from './shared-load.js';
import type { Tagging } from './tagging.js';

/** What the parts of one `TwoTierCache` share. */
export interface CacheParts {
  /** The name of the cache. */
  readonly cache: string;
  readonly local: LocalTier<SharedLoad>;
  readonly remote: RemoteTier;
  readonly sharing: ValueSharing;
  readonly pending: PendingEvictions;
  readonly tagging: Tagging;
  readonly freshness: FreshnessPolicy;
  readonly clock: Clock;
  readonly events: CacheEvents;
  readonly counters: CacheCounters;
  /** Whether values are stored in the remote tier. */
  readonly hasRemote: boolean;
  /** The deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /** The longest time that one call waits for the remote tier. */
  readonly deadlineMs: Milliseconds;
  /** How long a fill lease holds, and the longest time that callers wait for a load they joined. */
  readonly fillLeaseMs: Milliseconds;
}
