/**
 * The caches: the contracts in Spring's words (`Cache`, `CacheManager`, `ValueWrapper`), the local tier (a
 * bounded Map), the remote tier (Keyv on Redis), both tiers as one cache, and the stored form of keys and
 * values.
 *
 * The room declares two ports. `EvictionLog` is what it needs from the fleet; `eviction/` implements it.
 * `CoherentCache` is what the fleet may do to a cache. The room touches time, event, errors and Keyv.
 */
export { BucketedRemoteCache } from './remote/bucketed-remote-cache.js';
export { Cache, type LoadOptions, type PutOptions } from './cache.js';
export type { EvictOptions, Unacknowledged } from './evict-options.js';
export { type BucketState, bucketsOf } from './two-tier/cache-bucket.js';
export { CallsUnderWay, stopped } from './calls-under-way.js';
export type { CacheKey } from './key/cache-key.js';
export { partsOf } from './chunks.js';
export { type CacheCondition, type CacheHealth, CacheManager, type HealthStatus } from './cache-manager.js';
export { type CacheCodec, cacheCodec, createCacheCodec } from './value/cache-codec.js';
export { UNREADABLE, ValueCodec } from './value/codec.js';
export { ended, livesIn, stamped, type StoredTags } from './value/envelope.js';
export { CompositeCacheManager, type CompositeCacheManagerOptions } from './composite-cache-manager.js';
export { decodeKey } from './key/decode-key.js';
export { encodeKey } from './key/encode-key.js';
export { EntryCodec, type Reading, type RemoteTime } from './remote/entry-codec.js';
export { encodeTags } from './tag/encode-tags.js';
export { ALL_KEYS, type Eviction, hasTags, placeOf, placesOf, type Withheld } from './eviction.js';
export type {
  EvictionLog,
  EvictionReceipt,
  FillEntry,
  FillLease,
  HeldLease,
  IntentChange,
  LeaseRequest,
  PutEntry,
  PutReceipt,
} from './remote/eviction-log.js';
export type { AppliedMessage, CoherentCache } from './two-tier/coherent-cache.js';
export { Generation, type GenerationCause } from './remote/generation.js';
export { allNow, hitNow } from './hit-now.js';
export type { KeyInspection, TierInspection } from './key-inspection.js';
export { Load } from './load.js';
export { type Absent, type LoadAllOptions, type LoadedAll, type LoadedMap, type LoaderOfAll, valuesOf } from './load-all.js';
export { type LoadContext, type Loader, UNLIMITED } from './load-context.js';
export { type BatchRead, loadOneByOne } from './load-one-by-one.js';
export { LocalCache } from './local/local-cache.js';
export { LARGEST_MAXIMUM_SIZE } from './local/local-cache-options.js';
export { nameUnknown } from './name-unknown.js';
export { noIntents } from './no-intents.js';
export { noTags } from './no-tags.js';
export { NoOpCache } from './no-op-cache.js';
export { NoOpCacheManager } from './no-op-cache-manager.js';
export { PassThroughCache, type PassThroughCacheOptions } from './two-tier/pass-through-cache.js';
export { LEFT_PENDING, MAXIMUM_PENDING_KEYS } from './two-tier/pending-evictions.js';
export { type Class, StoredTypes, type ValueTypes } from './value/stored-types.js';
export { type CopyMode, ValueSharing } from './value/value-sharing.js';
export { RemoteCache, type RemoteTier } from './remote/remote-cache.js';
export { alwaysOpen, type RemoteGuard } from './remote/remote-guard.js';
export { MAXIMUM_TAGS_NOTED, TagClock, type TagNumbers } from './tag/tag-clock.js';
export { TagIndex } from './local/tag-index.js';
export { ENDLESS_MS } from './two-tier/entry-life.js';
export { TwoTierCache } from './two-tier/two-tier-cache.js';
export type { TwoTierCacheCollaborators } from './two-tier/collaborators.js';
export type { TwoTierCacheOptions, TwoTierCacheSettings } from './two-tier/two-tier-cache-options.js';
export { type InstanceLinks, TwoTierCacheManager } from './two-tier/two-tier-cache-manager.js';
export { withoutCache, type WithoutCacheOptions } from './without-cache.js';
export type { ValueWrapper } from './value-wrapper.js';
export { endQuietly, type WriteIntent } from './write-intent.js';
