import { LocalCache, type RemoteTier, TwoTierCache, type TwoTierCacheOptions, type TwoTierCacheSettings } from '../../lib/cache/index.js';
import { CacheCounters, CacheEvents } from '../../lib/event/index.js';
import { systemClock } from '../../lib/time/index.js';

/** What of a {@link TwoTierCache} a spec cares about. Everything but the remote tier has a default. */
export interface TwoTierCacheParts extends Partial<Omit<TwoTierCacheOptions, 'settings'>> {
  readonly remote: RemoteTier;
  /** Over {@link DEFAULTS}. */
  readonly settings?: Partial<TwoTierCacheSettings>;
}

/** Both tiers; entries live for ever; one step may take 250 ms and a call a second, as in an instance that is told nothing else. */
const DEFAULTS: TwoTierCacheSettings = {
  tiers: 'both',
  ttlMs: 0,
  localTtlMs: 0,
  nullTtlMs: 0,
  allowNullValues: true,
  whenDisconnected: 'bypass',
  timeoutMs: 250,
  deadlineMs: 1_000,
};

/**
 * The cache `book` with an empty local tier for 100 entries, without an instance around it. It has no read lease: the local tier
 * is served once `holdLeaseUntil` was called.
 */
export function makeTwoTierCache({ settings, ...parts }: TwoTierCacheParts): TwoTierCache {
  const { clock = systemClock, counters = new CacheCounters(), events = new CacheEvents() } = parts;
  return new TwoTierCache({
    name: 'book',
    local: new LocalCache({ maximumSize: 100, clock, counters }),
    ...parts,
    settings: { ...DEFAULTS, ...settings },
    clock,
    counters,
    events,
  });
}
