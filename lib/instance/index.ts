/**
 * One instance, without a container: its options, its backend (one Redis, a Redis Cluster, or memory that the instances of a process share),
 * and everything that stands on it, put together, started and stopped in order. The command line and `inversify/` build on it.
 */
export { type CacheInstance, createInstance, type InstanceParts } from './cache-instance.js';
export { type Instance, instanceOf } from './disabled-instance.js';
export {
  checkCacheName,
  checkNamespace,
  DEFAULT_CACHE_OPTIONS,
  DEFAULT_CACHING_OPTIONS,
  type CacheOptions,
  type CachingOptions,
} from './options.js';
