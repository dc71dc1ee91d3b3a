/** Redis as a broker: `RedisTransport`, which carries topics over a connection of `redis/` of its own. */
export { RedisTransport } from './redis-transport.js';
export { shortRetryDelay, type RedisTransportOptions } from './redis-transport-options.js';
