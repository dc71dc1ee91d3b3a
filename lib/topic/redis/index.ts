/**
 * Redis as a broker: `RedisTransport`, and how a user says where Redis is. The one room that imports ioredis; other rooms that need a
 * client of their own take plain values from {@link redisEndpoint}.
 */
export { ClusterTopology } from './cluster-topology.js';
export type { RedisConnection } from './redis-connection.js';
export { redisEndpoint, redisLabel, type RedisEndpoint } from './redis-endpoint.js';
export { redisOptionsFromEnv } from './redis-options-from-env.js';
export { RedisTransport } from './redis-transport.js';
export { type RedisAddress, SentinelGroup } from './sentinel-group.js';
export { shortRetryDelay, type RedisTransportOptions } from './redis-transport-options.js';
