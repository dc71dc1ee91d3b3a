/**
 * Redis as a broker: `RedisTransport` carries topics over connections of its own, made
 * with the means of `redis/`.
 */
export { RedisTransport } from './redis-transport.js';
export { shortRetryDelay, type RedisTransportOptions } from './redis-transport-options.js';
