import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { CacheConfigurationError } from '../errors/index.js';

/**
 * How Redis is reached: a URL (`redis://`, `rediss://`), a Unix socket's path, ioredis' options (Sentinel's included), or a client of
 * yours, which is duplicated and neither used nor closed.
 */
export type RedisConnection = string | RedisOptions | Redis | Cluster;

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is none of the forms of a {@link RedisConnection}. Never repeats what it was given: it may hold a password. */
export function checkConnection(redis: unknown): asserts redis is RedisConnection {
  if (typeof redis === 'string' ? redis !== '' : typeof redis === 'object' && redis !== null && !Array.isArray(redis)) return;
  throw new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected \`redis\` to be a URL, the options of ioredis, or a Redis or Cluster client, got ${redis === '' ? 'an empty string' : redis === null ? 'null' : typeof redis}.`,
  );
}

/** By shape: the client may come from another copy, or another major version, of ioredis. */
export function isCluster(redis: RedisConnection): redis is Cluster {
  return typeof redis === 'object' && 'isCluster' in redis && redis.isCluster;
}

/** By shape, as above. */
export function isClient(redis: RedisConnection): redis is Redis {
  return typeof redis === 'object' && 'duplicate' in redis && typeof redis.duplicate === 'function' && !isCluster(redis);
}
