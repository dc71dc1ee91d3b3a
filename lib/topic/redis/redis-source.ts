import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Milliseconds } from '../../time/index.js';
import { withDeadline } from '../index.js';
import { loadIoredis } from './ioredis.js';
import { checkConnection, isClient, isCluster, type RedisConnection } from './redis-connection.js';
import { connectionOptions, redisLabel, severalServers } from './redis-endpoint.js';

/** Makes a fresh client, not yet connected, for every connection: nothing of a lost connection can leak into the next. */
export interface RedisSource {
  /** Names the server in messages. */
  readonly label: string;
  /** The password in use, to be kept out of messages; `undefined` for none. */
  readonly password: string | undefined;
  /** Channels lie in a slot of a Redis Cluster, and messages stay within it. Default: `false`. */
  readonly isSharded?: boolean;
  /** @param overrides - take precedence over what the user configured. */
  create(overrides: RedisOptions, timeoutMs: Milliseconds): Promise<Redis>;
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for what is no {@link RedisConnection}, and for Sentinel: see {@link SentinelGroup#source}. */
export function redisSource(redis: RedisConnection): RedisSource {
  checkConnection(redis);
  const label = redisLabel(redis);
  if (isCluster(redis)) {
    const password = redis.options.redisOptions?.password;
    return { label, password, create: (overrides, timeoutMs) => fromCluster(redis, overrides, timeoutMs) };
  }
  const options = connectionOptions(redis);
  if (options.sentinels) throw severalServers('Sentinel options');
  return {
    label,
    password: options.password ?? undefined,
    create: async (overrides) => {
      if (isClient(redis)) return redis.duplicate(overrides);
      const { Redis } = await loadIoredis();
      return new Redis({ ...options, ...overrides });
    },
  };
}

/**
 * A client of one master of the cluster. Classic pub/sub reaches every node whichever it was published on, and ioredis' own cluster
 * subscriber changes nodes without a word, which hides the loss. The topology is read anew each time: after a failover it is another.
 */
async function fromCluster(cluster: Cluster, overrides: RedisOptions, timeoutMs: Milliseconds): Promise<Redis> {
  const topology = cluster.duplicate([], {
    lazyConnect: true,
    enableReadyCheck: false, // Knowing the nodes is enough; and when the check fails, `connect()` never settles (ioredis 6.0).
    clusterRetryStrategy: null,
    slotsRefreshTimeout: timeoutMs,
    redisOptions: { ...cluster.options.redisOptions, connectTimeout: timeoutMs },
  });
  let lastError: unknown;
  topology.on('error', (error: unknown) => (lastError = error));
  try {
    await withDeadline(topology.connect(), timeoutMs, () => new Error(`no answer within ${timeoutMs} ms`));
    const masters = topology.nodes('master');
    const master = masters[Math.floor(Math.random() * masters.length)];
    if (master === undefined) throw new Error('The cluster has no master.');
    return master.duplicate(overrides);
  } catch (error) {
    throw reasonOf(lastError ?? error);
  } finally {
    topology.disconnect();
  }
}

/** What ioredis says of a cluster tells little; what it notes with it, of a node, tells more, and is looked through for the password. */
const reasonOf = (error: unknown): unknown => (error as { readonly lastNodeError?: unknown }).lastNodeError ?? error;
