import { RemoteCache, RemoteConnection, ValueCodec } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import {
  Acknowledgements,
  BEATS_PER_BOUND,
  checkServerSettings,
  defaultTopic,
  RedisEvictionLog,
  RedisHeartbeat,
  RemoteKeys,
  ServerClock,
} from '../eviction/index.js';
import { fleetTopics } from '../fleet/index.js';
import { type RedisEndpoint, redisEndpoint, RedisTransport, SentinelGroup } from '../topic/redis/index.js';
import { type Fleet, keyvOver, traceOf } from './fleet.js';
import type { CachingOptions, ResolvedCachingOptions } from './options.js';

/** Instances around one Redis server, or around a primary behind Sentinel. */
export function redisFleet(options: ResolvedCachingOptions, redis: NonNullable<CachingOptions['redis']>, events: CacheEvents): Fleet {
  const { namespace, instanceId, boundMs, fillLeaseMs, timeoutMs, connectTimeoutMs } = options;
  const sentinels = SentinelGroup.of(redis, connectTimeoutMs);
  const endpoint: RedisEndpoint = sentinels?.endpoint ?? redisEndpoint(redis);
  const socketTimeoutMs = Math.max(boundMs, 2 * timeoutMs);
  const locate = sentinels && (() => sentinels.locate());
  const connection = new RemoteConnection({ endpoint, events, timeoutMs, connectTimeoutMs, socketTimeoutMs, locate });
  const transport = new RedisTransport(redis, {
    connectTimeoutMs,
    socketTimeoutMs,
    connectionName: `${namespace}-topic`,
    pingIntervalMs: Math.ceil(boundMs / BEATS_PER_BOUND),
    events,
  });
  const serverClock = new ServerClock(options.clock);
  const heartbeat = new RedisHeartbeat({ connection, namespace, instanceId, boundMs, serverClock, clock: options.clock });
  const acknowledgements = new Acknowledgements(instanceId, boundMs);
  return {
    transport,
    heartbeat,
    serverClock,
    acknowledgements,
    send: (channel, message) => connection.publish(channel, message),
    topics: fleetTopics(namespace, endpoint.db),
    channel: (name) => defaultTopic(namespace, name, endpoint.db),
    remote: (cache, settings, channel, moved) => {
      const codec = new ValueCodec(settings);
      const keys = new RemoteKeys(namespace, cache);
      const keyv = keyvOver(new Map(), codec, keys.keyvNamespace('0'));
      connection.readThrough(keyv);
      const log = new RedisEvictionLog({
        connection,
        namespace,
        cache,
        channel,
        instanceId,
        fillLeaseMs,
        acknowledgements,
        generationChanged: moved,
      });
      connection.onMoved(() => log.renew());
      return new RemoteCache({
        keyv,
        log,
        codec,
        guard: connection.guard,
        trace: traceOf(cache, events),
        useGeneration: (generation) => {
          log.useGeneration(generation);
          keyv.namespace = keys.keyvNamespace(generation);
        },
      });
    },
    connect: async (firstBeat) => {
      connection.verifyWith(firstBeat);
      sentinels?.watch(
        Math.ceil(boundMs / BEATS_PER_BOUND),
        (address) => connection.primaryIs(address),
        (attempt, error) => events.emit('failed', { link: 'sentinel', endpoint: endpoint.label, attempt, error }),
      );
      // Also when it is verified only after this start has failed.
      const checked = connection.verified
        .then(() => checkServerSettings(connection))
        .catch((error: unknown) => void events.emit('error', { where: 'server settings', error }));
      await connection.start();
      await checked;
    },
    answered: () => connection.confirm(),
    leave: (caches) => heartbeat.leave(caches).catch((error: unknown) => events.emit('error', { where: 'leaving', error })),
    close: async () => {
      sentinels?.close();
      await connection.stop();
      await transport.close();
    },
    health: () => ({ command: connection.isUsable ? 'up' : 'down' }),
  };
}
