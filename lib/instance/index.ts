/**
 * One instance, without a container. An instance is built from the bottom up: its options, its backend (one
 * Redis, a Redis Cluster, or memory that the instances of a process share), a coherence for each primary, its
 * caches, their manager, and what tells the fleet of it. The command line and `inversify/` build on it.
 */
export type { Backend } from './backend.js';
export { createInstance, type InstanceOptions } from './cache-instance.js';
export { type Instance, instanceOf } from './disabled-instance.js';
export {
  checkCacheName,
  checkNamespace,
  DEFAULT_CACHE_OPTIONS,
  DEFAULT_CACHING_OPTIONS,
  type CacheOptions,
  type CachingOptions,
  type ResolvedCachingOptions,
} from './options.js';
export { RedisPrimary } from './redis-primary.js';
