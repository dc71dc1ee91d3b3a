import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { Credentials } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import { ClusterTopology } from './cluster-topology.js';
import { loadIoredis } from './ioredis.js';
import { connectionOptions, redisLabel, severalServers } from './redis-endpoint.js';
import { checkConnection, isClient, isCluster, type RedisConnection } from './redis-option.js';
import type { RedisSource } from './redis-source.js';

/**
 * Makes clients for `redis`: for a single server, or for any primary of a cluster.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is no {@link RedisConnection}, and for
 * Sentinel options: see {@link SentinelGroup#source}.
 */
export function redisSource(redis: RedisConnection): RedisSource {
  checkConnection(redis);
  const label = redisLabel(redis);
  if (isCluster(redis)) {
    const credentials = new Credentials(redis.options.redisOptions ?? {});
    return { label, credentials, create: (overrides, timeoutMs) => fromCluster(redis, overrides, timeoutMs) };
  }
  const options = connectionOptions(redis);
  if (options.sentinels) throw severalServers('Sentinel options');
  return {
    label,
    credentials: new Credentials(options),
    create: async (overrides) => {
      if (isClient(redis)) return redis.duplicate(overrides);
      const { Redis } = await loadIoredis();
      return new Redis({ ...options, ...overrides });
    },
  };
}

/**
 * A client of one primary of the cluster. Any primary will do: classic Pub/Sub reaches every node,
 * whichever a message was published on. ioredis' own cluster subscriber is not used: it changes nodes without
 * an event, which hides the loss. The topology is read anew each time: a failover changes it.
 */
async function fromCluster(cluster: Cluster, overrides: RedisOptions, timeoutMs: Milliseconds): Promise<Redis> {
  const { Redis } = await loadIoredis();
  const topology = ClusterTopology.of(cluster, timeoutMs) as ClusterTopology;
  try {
    return new Redis({ ...cluster.options.redisOptions, ...(await topology.anyPrimary()), ...overrides });
  } finally {
    topology.close();
  }
}
