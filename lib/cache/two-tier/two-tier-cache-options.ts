import type { CacheCounters, CacheEvents } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import type { Unacknowledged } from '../evict-options.js';
import type { CallsUnderWay } from '../calls-under-way.js';
import type { LocalCache } from '../local/local-cache.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { ValueSharing } from '../value/value-sharing.js';
import type { TwoTierCacheCollaborators } from './collaborators.js';
import type { EntryLifeSettings } from './entry-life.js';

/** The resolved options of a cache: nothing is optional, and every duration is in milliseconds. */
export interface TwoTierCacheSettings extends EntryLifeSettings {
  /** The longest time an entry lives in the local tier; `0` = as long as in the remote tier. */
  readonly localTtlMs: Milliseconds;
  readonly whenDisconnected: 'bypass' | 'serve';
  /** Whether entries carry tags. Default: `false`. */
  readonly tags?: boolean | undefined;
  /** What writes do when an eviction is not acknowledged. Default: `'throw'`. */
  readonly unacknowledged?: Unacknowledged | undefined;
  /** The deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /**
   * The longest time one call waits for the remote tier, in all its steps together. Waiting for the load of
   * another instance is included.
   */
  readonly deadlineMs: Milliseconds;
  /**
   * How long a fill lease holds. This is also the longest time that callers wait for a load they joined.
   * Default: `30_000`.
   */
  readonly fillLeaseMs?: Milliseconds | undefined;
  /** How long a write intent protects after its writer has died. Default: `fillLeaseMs`. */
  readonly intentLeaseMs?: Milliseconds | undefined;
}

/** What a `TwoTierCache` needs. */
export interface TwoTierCacheOptions {
  readonly name: string;
  readonly settings: TwoTierCacheSettings;
  readonly local: LocalCache;
  readonly remote: RemoteTier;
  /** What readers share of a value. Default: the value itself. */
  readonly sharing?: ValueSharing | undefined;
  readonly clock: Clock;
  readonly events: CacheEvents;
  readonly counters: CacheCounters;
  /**
   * Counts the writes that a shutdown waits for. Default: a counter of the cache's own, which is never
   * closed.
   */
  readonly calls?: CallsUnderWay | undefined;
  /** Default: the library's own. */
  readonly collaborators?: Partial<TwoTierCacheCollaborators> | undefined;
}
