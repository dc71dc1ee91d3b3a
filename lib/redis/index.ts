/**
 * Redis: where it is (an endpoint, a Sentinel group, a cluster), how it is entered, and the connection for
 * commands, with its scripts, its circuit breaker and its limit of steps under way. The one room that loads
 * Redis clients. It does not know what is sent over them.
 */
export { BREAKER_THRESHOLD, CircuitBreaker } from './circuit-breaker.js';
export { ClusterTopology } from './cluster-topology.js';
export { CommandConnection } from './command-connection.js';
export type { StepTurn } from './command-connection-options.js';
export { AskedCredentials, type CredentialsProvider } from './asked-credentials.js';
export { hostAndPort, type RedisAddress } from './redis-address.js';
export { redisEndpoint, type RedisEndpoint, redisLabel } from './redis-endpoint.js';
export type { RedisConnection } from './redis-option.js';
export { booleanFromEnv, redisOptionsFromEnv } from './redis-options-from-env.js';
export { redisSource } from './redis-source-of.js';
export type { RedisSource } from './redis-source.js';
export { Script } from './script.js';
export { SentinelGroup } from './sentinel-group.js';
export { ServerEntry } from './server-entry.js';
export { checkServerSettings } from './server-settings.js';
export { hearSocketErrors } from './socket-errors.js';
export { BYTES_PER_UNIT } from './step-turns.js';
