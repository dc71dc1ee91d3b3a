/**
 * The caches. Contracts in Spring's words (`Cache`, `CacheManager`, `ValueWrapper`), the local tier (a bounded Map), the remote tier (Keyv
 * on Redis) and the two as one; keys and values in their stored form. What it needs of the fleet it declares as a port (`EvictionLog`,
 * implemented by `eviction/`), and what the fleet may do to it as another (`CoherentCache`). Touches time, event, errors and Keyv.
 */
export { BucketedRemoteCache } from './remote/bucketed-remote-cache.js';
export { Cache, type EvictOptions, type LoadOptions, type PutOptions } from './cache.js';
export { bucketsOf } from './two-tier/cache-bucket.js';
export { CallsUnderWay, stopped } from './calls-under-way.js';
export type { CacheKey } from './key/cache-key.js';
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
} from './value/codec.js';
export { CompositeCacheManager, type CompositeCacheManagerOptions } from './composite-cache-manager.js';
export { decodeKey } from './key/decode-key.js';
export { encodeKey } from './key/encode-key.js';
export { EntryCodec, type EntryCodecParts, type Reading, type RemoteEntry, type RemoteTime } from './remote/entry-codec.js';
export type { Eviction } from './eviction.js';
export type { EvictionLog, EvictionReceipt, FillEntry, FillLease, PutEntry } from './remote/eviction-log.js';
export type { CoherentCache } from './two-tier/coherent-cache.js';
export { Generation, type GenerationCause } from './remote/generation.js';
export { hitNow } from './hit-now.js';
export type { KeyInspection, TierInspection } from './key-inspection.js';
export { Load } from './load.js';
export { type CopyMode, LARGEST_MAXIMUM_SIZE, LocalCache, type LocalCacheOptions } from './local/local-cache.js';
export { NoOpCache } from './no-op-cache.js';
export { NoOpCacheManager } from './no-op-cache-manager.js';
export { PassThroughCache, type PassThroughCacheParts } from './two-tier/pass-through-cache.js';
export { MAXIMUM_PENDING_KEYS } from './two-tier/pending-evictions.js';
export type { Class } from './value/rich-value.js';
export { RemoteCache, type RemoteCacheParts, type RemoteTier } from './remote/remote-cache.js';
export { alwaysOpen, type RemoteGuard } from './remote/remote-guard.js';
export { ENDLESS_MS } from './two-tier/entry-life.js';
export { TwoTierCache } from './two-tier/two-tier-cache.js';
export type { TwoTierCacheCollaborators, TwoTierCacheOptions, TwoTierCacheSettings } from './two-tier/two-tier-cache-options.js';
export { type InstanceLinks, TwoTierCacheManager } from './two-tier/two-tier-cache-manager.js';
export type { ValueWrapper } from './value-wrapper.js';
