import {
  type AskedCredentials,
  CommandConnection,
  type RedisEndpoint,
  redisEndpoint,
  redisSource,
  SentinelGroup,
  ServerEntry,
} from '../redis/index.js';
import type { CacheEvents } from '../event/index.js';
import { BEATS_PER_BOUND, defaultTopic } from '../eviction/index.js';
import { fleetTopics } from '../fleet/index.js';
import { MessageListenerContainer } from '../topic/index.js';
import { RedisTransport } from '../topic/redis/index.js';
import { askEveryMs, type Backend } from './backend.js';
import type { CachingOptions, ResolvedCachingOptions } from './options.js';
import { RedisPrimary } from './redis-primary.js';

/** Where the Redis of an instance is, and how it is entered. */
interface RedisOfInstance {
  readonly redis: NonNullable<CachingOptions['redis']>;
  /** The option `credentials`. */
  readonly asked: AskedCredentials | undefined;
}

/** One Redis server, or a primary behind Sentinel. */
export function singleRedisBackend(options: ResolvedCachingOptions, { redis, asked }: RedisOfInstance, events: CacheEvents): Backend {
  const { namespace, boundMs, timeoutMs, deadlineMs, connectTimeoutMs } = options;
  const sentinels = SentinelGroup.of(redis, connectTimeoutMs, asked);
  const endpoint: RedisEndpoint = sentinels?.endpoint ?? redisEndpoint(redis);
  const entry = sentinels?.entry ?? new ServerEntry(endpoint, asked);
  const socketTimeoutMs = Math.max(boundMs, 2 * timeoutMs);
  const locate = sentinels && (() => sentinels.locate());
  const connection = new CommandConnection({
    endpoint,
    entry,
    events,
    timeoutMs,
    deadlineMs,
    connectTimeoutMs,
    socketTimeoutMs,
    locate,
  });
  const transport = new RedisTransport(sentinels?.source() ?? redisSource(redis, asked), {
    connectTimeoutMs,
    socketTimeoutMs,
    connectionName: `${namespace}-topic`,
    pingIntervalMs: Math.ceil(boundMs / BEATS_PER_BOUND),
    events,
  });
  const container = new MessageListenerContainer(transport, { events, subscribeTimeoutMs: connectTimeoutMs });
  const topicOf: Backend['topicOf'] = (cache, own) => own ?? defaultTopic(namespace, cache, endpoint.db);
  const primary = new RedisPrimary({ namespace, connection, container, channel: topicOf, options, events });
  const watchSentinels = (): void =>
    sentinels?.watch(
      askEveryMs(boundMs),
      (address) => {
        connection.primaryIs(address);
        transport.primaryIs(address);
      },
      (attempt, error) => events.emit('failed', { link: 'sentinel', endpoint: endpoint.label, attempt, error }),
    );
  return {
    transport,
    container,
    topics: fleetTopics(namespace, endpoint.db),
    primaries: [primary],
    send: (channel, message) => primary.send(channel, message),
    topicOf,
    connect: (firstBeats) => {
      watchSentinels();
      return firstBeats.map((firstBeat) => primary.connect(firstBeat));
    },
    close: async () => {
      sentinels?.close();
      asked?.close();
      await connection.stop();
      await transport.close();
    },
  };
}
