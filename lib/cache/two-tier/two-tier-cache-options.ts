import type { CacheCounters, CacheEvents } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import type { CallsUnderWay } from '../calls-under-way.js';
import type { LocalCache } from '../local/local-cache.js';
import type { ReadTickets } from '../local/read-tickets.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { EntryLifeSettings } from './entry-life.js';
import type { Loads } from './loads.js';
import type { OwnWrites } from './own-writes.js';
import type { PendingEvictions } from './pending-evictions.js';
import type { RemoteReads } from './remote-reads.js';
import type { SharedLoad } from './shared-load.js';

/** A cache's options, resolved: nothing is optional and every duration is in milliseconds. */
export interface TwoTierCacheSettings extends EntryLifeSettings {
  /** The most an entry may live in the local tier; `0` = as long as in the remote one. */
  readonly localTtlMs: Milliseconds;
  readonly whenDisconnected: 'bypass' | 'serve';
  /** Deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /** The most one call waits for the remote tier in all its steps, waiting for another instance's load included. */
  readonly deadlineMs: Milliseconds;
  /** How long a fill lease holds, and the longest that others wait for a load they joined. Default: `30_000`. */
  readonly fillLeaseMs?: Milliseconds;
}

/** The collaborators that a spec may replace, to see which promise breaks without a rule of theirs. */
export interface TwoTierCacheCollaborators {
  readonly ReadTickets: new () => ReadTickets<SharedLoad>;
  readonly PendingEvictions: typeof PendingEvictions;
  readonly OwnWrites: typeof OwnWrites;
  readonly RemoteReads: typeof RemoteReads;
  readonly Loads: typeof Loads;
}

/** What a `TwoTierCache` is made of. */
export interface TwoTierCacheOptions {
  readonly name: string;
  readonly settings: TwoTierCacheSettings;
  readonly local: LocalCache;
  readonly remote: RemoteTier;
  readonly clock: Clock;
  readonly events: CacheEvents;
  readonly counters: CacheCounters;
  /** Counts the writes, for a shutdown to wait for. Default: the cache's own, which nobody closes. */
  readonly calls?: CallsUnderWay;
  /** Default: the library's own. */
  readonly collaborators?: Partial<TwoTierCacheCollaborators>;
}
