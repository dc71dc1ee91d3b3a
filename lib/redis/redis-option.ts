import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { CacheConfigurationError } from '../errors/index.js';

/**
 * How Redis is reached: a URL (`redis://`, `rediss://`), the path of a Unix socket, ioredis' options (also
 * those for Sentinel), or a client of yours. The client is duplicated: it is neither used nor closed.
 */
export type RedisConnection = string | RedisOptions | Redis | Cluster;

/**
 * Checks that `redis` is a {@link RedisConnection}.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is not. The message does not repeat it: it
 * may hold a password.
 */
export function checkConnection(redis: unknown): asserts redis is RedisConnection {
  if (typeof redis === 'string' ? redis !== '' : typeof redis === 'object' && redis !== null && !Array.isArray(redis)) return;
  throw new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected \`redis\` to be a URL, the options of ioredis, or a Redis or Cluster client, got ${redis === '' ? 'an empty string' : redis === null ? 'null' : typeof redis}.`,
  );
}

/**
 * Whether it is a Cluster client. Its shape decides: it may come from another copy, or another major version,
 * of ioredis.
 */
export function isCluster(redis: RedisConnection): redis is Cluster {
  return typeof redis === 'object' && 'isCluster' in redis && redis.isCluster;
}

/**
 * Whether it is a client of a single server, or of one behind Sentinels. Its shape decides, as with
 * {@link isCluster}.
 */
export function isClient(redis: RedisConnection): redis is Redis {
  return typeof redis === 'object' && 'duplicate' in redis && typeof redis.duplicate === 'function' && !isCluster(redis);
}
