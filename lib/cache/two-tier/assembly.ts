import { CallsUnderWay } from '../calls-under-way.js';
import type { LocalTier } from '../local/local-tier.js';
import { ValueSharing } from '../value/value-sharing.js';
import { BatchReads } from './batch-reads.js';
import { COLLABORATORS } from './collaborators.js';
import { EntryLife } from './entry-life.js';
import { FillLeases } from './fill-leases.js';
import { FreshnessPolicy } from './freshness.js';
import { MissForecast } from './miss-forecast.js';
import { MissedReads } from './missed-reads.js';
import type { OwnWrites } from './own-writes.js';
import type { PendingEvictions } from './pending-evictions.js';
import type { Refreshes } from './refreshes.js';
import type { RemoteReads } from './remote-reads.js';
import type { SharedLoad } from './shared-load.js';
import { Tagging } from './tagging.js';
import type { TwoTierCacheOptions } from './two-tier-cache-options.js';
import { Writes } from './writes.js';

/** The parts of one `TwoTierCache`. */
export interface Assembly {
  readonly local: LocalTier<SharedLoad>;
  readonly pending: PendingEvictions;
  readonly ownWrites: OwnWrites;
  readonly reads: RemoteReads;
  readonly leases: FillLeases;
  readonly missed: MissedReads;
  readonly batches: BatchReads;
  readonly refreshes: Refreshes;
  readonly freshness: FreshnessPolicy;
  readonly writes: Writes;
  readonly tagging: Tagging;
  readonly forecast: MissForecast;
}

/** Makes the parts of a cache, each with those that it needs. */
export function assemble(options: TwoTierCacheOptions): Assembly {
  const { name, settings, remote, clock, events, counters, sharing = ValueSharing.PLAIN } = options;
  const { tiers, localTtlMs, timeoutMs, deadlineMs, fillLeaseMs = 30_000 } = settings;
  const { unacknowledged = 'throw', intentLeaseMs = fillLeaseMs } = settings;
  const of = { ...COLLABORATORS, ...options.collaborators };
  const calls = options.calls ?? new CallsUnderWay(deadlineMs);
  const local = new of.LocalTier<SharedLoad>({
    entries: options.local,
    tickets: new of.ReadTickets(),
    clock,
    counters,
    localTtlMs,
    isUsed: tiers !== 'remote',
    isAlwaysServed: settings.whenDisconnected === 'serve',
  });
  const pending = new of.PendingEvictions({
    cache: name,
    clock,
    events,
    deadlineMs,
    execute: (eviction, acks, intent) => remote.evict(eviction, acks, intent),
    fence: (eviction) => local.fenceOf(eviction),
    calls,
  });
  const hasRemote = tiers !== 'local';
  const tagging = new Tagging(name, settings.tags === true, events);
  const freshness = new FreshnessPolicy(settings, !hasRemote || settings.whenDisconnected === 'serve');
  const shared = { cache: name, local, remote, sharing, pending, tagging, freshness, clock, events, counters, hasRemote };
  const parts = { ...shared, timeoutMs, deadlineMs, fillLeaseMs };
  const ownWrites = new of.OwnWrites();
  const life = new EntryLife(name, settings, events);
  const forecast = new MissForecast();
  const reads = new of.RemoteReads(parts);
  const leases = new FillLeases(parts);
  const loads = new of.Loads({ ...parts, reads, leases, life, forecast });
  const refreshes = new of.Refreshes({ ...parts, reads, loads });
  const staleReads = new of.StaleReads({ ...parts, reads, loads, refreshes });
  const missed = new MissedReads({ ...parts, loads, staleReads });
  const batches = new BatchReads({ ...parts, reads, missed, refreshes });
  const writes = new Writes({ ...parts, reads, life, forecast, ownWrites, calls, unacknowledged, intentLeaseMs });
  // Without a time to live of its own, an entry in L1 ends when it ends in L2.
  if (localTtlMs === 0) options.local.expired = (key) => forecast.gone([key]);
  return { local, pending, ownWrites, reads, leases, missed, batches, refreshes, freshness, writes, tagging, forecast };
}
