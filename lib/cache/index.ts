/**
 * The caches. Contracts in Spring's words (`Cache`, `CacheManager`, `ValueWrapper`), the local tier (a bounded Map), the remote tier (Keyv
 * on Redis) and the two as one; keys and values in their stored form. What it needs of the fleet it declares as a port (`EvictionLog`,
 * implemented by `eviction/`), and what the fleet may do to it as another (`CoherentCache`). Touches time, event, errors and Keyv.
 */
export { BucketedRemoteCache } from './bucketed-remote-cache.js';
export { Cache, type EvictOptions, type LoadOptions, type PutOptions } from './cache.js';
export { bucketsOf } from './cache-bucket.js';
export { CallsUnderWay, stopped } from './calls-under-way.js';
export type { CacheKey } from './cache-key.js';
export { type CacheCondition, type CacheHealth, CacheManager, type HealthStatus } from './cache-manager.js';
export {
  type CacheCodec,
  cacheCodec,
  createCacheCodec,
  ended,
  type StoredEntry,
  UNREADABLE,
  ValueCodec,
  type ValueCodecOptions,
} from './codec.js';
export { CompositeCacheManager, type CompositeCacheManagerOptions } from './composite-cache-manager.js';
export { decodeKey } from './decode-key.js';
export { encodeKey } from './encode-key.js';
export { EntryCodec, type EntryCodecParts, type Reading, type RemoteEntry, type RemoteTime } from './entry-codec.js';
export type { CoherentCache, EvictionLog, EvictionReceipt, FillEntry, LeaseReply, PutEntry } from './eviction-log.js';
export type { KeyInspection, TierInspection } from './key-inspection.js';
export { Load } from './load.js';
export { type CopyMode, LARGEST_MAXIMUM_SIZE, LocalCache, type LocalCacheOptions } from './local-cache.js';
export { BYTES_PER_UNIT } from './step-turns.js';
export { NoOpCache } from './no-op-cache.js';
export { NoOpCacheManager } from './no-op-cache-manager.js';
export { PassThroughCache, type PassThroughCacheParts } from './pass-through-cache.js';
export { MAXIMUM_PENDING_KEYS } from './pending-evictions.js';
export type { Class } from './rich-value.js';
export { RemoteCache, type RemoteCacheParts, type RemoteTier } from './remote-cache.js';
export { RemoteConnection, type RemoteConnectionOptions, type RemoteEndpoint, Script } from './remote-connection.js';
export { alwaysOpen, BREAKER_THRESHOLD, CircuitBreaker, type RemoteGuard } from './remote-guard.js';
export { ENDLESS_MS, TwoTierCache, type TwoTierCacheParts, type TwoTierCacheSettings } from './two-tier-cache.js';
export { type InstanceLinks, TwoTierCacheManager } from './two-tier-cache-manager.js';
export type { ValueWrapper } from './value-wrapper.js';
