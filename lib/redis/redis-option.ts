import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { CacheConfigurationError, shown } from '../errors/index.js';
import { checkClusterOptions } from './redis-option-checks.js';
import { nameOfType } from './refusals.js';

/**
 * How Redis is reached: a URL (`redis://`, `rediss://`, `valkey://`, `valkeys://`, `unix://`), the path of a
 * Unix socket, ioredis' options (also those for Sentinel), or a client of yours. The client is duplicated: it
 * is neither used nor closed.
 */
export type RedisConnection = string | RedisOptions | Redis | Cluster;

/**
 * Checks that `redis` is a {@link RedisConnection}.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is not. The message does not repeat it: it
 * may hold a password.
 */
export function checkConnection(redis: unknown): asserts redis is RedisConnection {
  if (typeof redis === 'string' && redis !== '') return;
  if (typeof redis !== 'object' || redis === null || Array.isArray(redis))
    throw noConnection(redis === '' ? 'an empty string' : nameOfType(redis));
  if (isCluster(redis)) return checkClusterOptions(redis.options ?? {});
  if (isClient(redis)) {
    // Another library's client, such as node-redis, has other options: they would lead to localhost.
    if (typeof redis.status === 'string' && typeof redis.options === 'object') return;
    throw noConnection('a client of another library', 'Give a URL, or a client of ioredis.');
  }
  const { constructor } = redis;
  const isPlain = constructor === undefined || constructor === Object || Object.keys(redis).length > 0;
  if (!isPlain)
    throw noConnection(
      `an object of the class ${shown(constructor.name)}`,
      constructor.name === 'URL' ? 'Write `redis: url.href`.' : undefined,
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

function noConnection(got: string, hint?: string): CacheConfigurationError {
  return new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected \`redis\` to be a URL, the options of ioredis, or a Redis or Cluster client, got ${got}.`,
    hint === undefined ? {} : { hint },
  );
}
