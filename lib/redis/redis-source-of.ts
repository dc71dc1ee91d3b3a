import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Milliseconds } from '../time/index.js';
import type { AskedCredentials } from './asked-credentials.js';
import { ClusterTopology } from './cluster-topology.js';
import { loadIoredis, newClient } from './ioredis.js';
import { connectionOptions, redisLabel } from './redis-endpoint.js';
import { checkConnection, isClient, isCluster, type RedisConnection } from './redis-option.js';
import type { RedisSource } from './redis-source.js';
import { severalServers } from './refusals.js';
import { ServerEntry } from './server-entry.js';

/**
 * Makes clients for `redis`: for a single server, or for any primary of a cluster.
 *
 * @param asked - the option `credentials`. Default: the credentials are those of `redis`.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is no {@link RedisConnection}, and for
 * Sentinel options: see {@link SentinelGroup#source}.
 */
export function redisSource(redis: RedisConnection, asked?: AskedCredentials): RedisSource {
  checkConnection(redis);
  const label = redisLabel(redis);
  if (isCluster(redis)) return clusterSource(redis, label, asked);
  const options = connectionOptions(redis);
  if (options.sentinels) throw severalServers('Sentinel options');
  const entry = new ServerEntry(options, asked);
  return {
    label,
    credentials: entry.secrets,
    create: async (overrides) => {
      const library = await loadIoredis();
      const login = await entry.login();
      if (!isClient(redis)) return newClient(library, { ...options, ...overrides, ...login });
      const { host } = options; // It has no brackets.
      return redis.duplicate({ ...overrides, ...login, ...(host ? { host } : {}), replyMapping: 'legacy' });
    },
  };
}

/**
 * Clients of one primary of the cluster. Any primary will do: classic Pub/Sub reaches every node, whichever a
 * message was published on. ioredis' own cluster subscriber is not used: it changes nodes without an event,
 * which hides the loss. The topology is read anew each time: a failover changes it.
 */
function clusterSource(cluster: Cluster, label: string, asked?: AskedCredentials): RedisSource {
  const { redisOptions = {} } = cluster.options;
  const entry = new ServerEntry(redisOptions, asked);
  return {
    label,
    credentials: entry.secrets,
    create: async (overrides: RedisOptions, timeoutMs: Milliseconds): Promise<Redis> => {
      const library = await loadIoredis();
      const topology = ClusterTopology.of(cluster, timeoutMs, asked) as ClusterTopology;
      try {
        const address = await topology.anyPrimary();
        return newClient(library, { ...redisOptions, ...address, ...overrides, ...(await entry.login()) });
      } finally {
        topology.close();
      }
    },
  };
}
