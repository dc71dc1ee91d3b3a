/**
 * What users test their caching with: the entry `inversify-cache/testing`. It works under any test runner,
 * and imports none. Nothing else in the library imports this room.
 *
 * @module inversify-cache/testing
 */
export { exploreFleet, type ExploreFleetOptions } from './simulation/explore-fleet.js';
export {
  simulateFleet,
  type SimulatedCachingOptions,
  type SimulatedPlace,
  type SimulateFleetOptions,
} from './simulation/simulate-fleet.js';
export type { SimulatedFleet } from './simulation/simulated-fleet.js';
export type { ServiceClass, SimulatedInstance } from './simulation/simulated-instance.js';
export type { SimulatedCommandLink, SimulatedLink, SimulatedSubscriberLink } from './simulation/simulated-link.js';
export type { RedisSnapshot, SimulatedRedis } from './simulation/simulated-redis.js';
export { VirtualClock } from './simulation/virtual-clock.js';
export { describeCacheContract } from './contract/cache-contract.js';
export type { CacheContractOptions, CacheSettings, MakeCache } from './contract/cache-contract-options.js';
export type { CacheFeature, CacheFeatures } from './contract/cache-features.js';
export {
  type CacheManagerContractOptions,
  type CacheManagerFeature,
  describeCacheManagerContract,
  type MakeCacheManager,
} from './contract/cache-manager-contract.js';
export type { DeclareTest, TestRunner } from './contract/test-runner.js';
export { FaultyRedis, faultyRedis, type FaultyRedisOptions, type LinkFault, type WayFault } from './faults/faulty-redis.js';
export type { RedisLink } from './faults/command-reader.js';
export type { ProxyDirection } from './faults/proxied-connection.js';
