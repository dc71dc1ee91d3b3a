import { CommandConnection, type ClusterTopology } from '../redis/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import { BEATS_PER_BOUND, BucketAgreement, bucketTags, slotOf } from '../eviction/index.js';
import { fleetTopics } from '../fleet/index.js';
import { MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { RedisTransport } from '../topic/redis/index.js';
import { askEveryMs, type Backend, type Primary } from './backend.js';
import type { CachingOptions, ResolvedCachingOptions } from './options.js';
import { redisPrimary } from './redis-primary.js';

/** A bucket with the connections to whichever primary has it. */
interface Bucket {
  readonly slot: number;
  readonly connection: CommandConnection;
  readonly transport: RedisTransport;
  readonly primary: Primary;
}

/**
 * Instances around a Redis Cluster. Their keys are spread over buckets; all keys and channels of a bucket lie in one slot, hence on one
 * primary at a time, and with that primary coherence is kept as with a single server.
 */
export function clusterBackend(
  options: ResolvedCachingOptions,
  redis: NonNullable<CachingOptions['redis']>,
  topology: ClusterTopology,
  events: CacheEvents,
): Backend {
  const { namespace, boundMs, timeoutMs, deadlineMs, connectTimeoutMs } = options;
  const socketTimeoutMs = Math.max(boundMs, 2 * timeoutMs);
  const transportOptions = { connectTimeoutMs, socketTimeoutMs, pingIntervalMs: Math.ceil(boundMs / BEATS_PER_BOUND), events };
  const transport = new RedisTransport(redis, { ...transportOptions, connectionName: `${namespace}-topic` });
  const publisher = new MessagePublisher(transport);
  const tags = bucketTags(namespace, options.buckets);

  const bucketAt = (tag: string, number: number): Bucket => {
    const slot = slotOf(tag);
    const label = `bucket ${number} of ${topology.label}`;
    const connection = new CommandConnection({
      endpoint: topology.endpoint(label),
      events,
      timeoutMs,
      deadlineMs,
      connectTimeoutMs,
      socketTimeoutMs,
      locate: () => topology.locate(slot),
      isSharded: true,
    });
    const transport = new RedisTransport(topology.source(slot, label), {
      ...transportOptions,
      connectionName: `${namespace}-bucket-${number}`,
    });
    const primary = redisPrimary({
      namespace: `{${tag}}`,
      connection,
      container: new MessageListenerContainer(transport, { events, subscribeTimeoutMs: connectTimeoutMs }),
      channel: (cache, own) => `{${tag}}:${own ?? channelOf(cache)}`,
      options,
      events,
      beforeHeartbeat: async () => {
        try {
          if (number === 0) await agreement.confirm();
          else agreement.check();
        } catch (error) {
          if (error instanceof CacheConfigurationError) connection.guard.disconnected(); // Nothing is sent among those who disagree.
          throw error;
        }
      },
    });
    return { slot, connection, transport, primary };
  };
  const buckets = tags.map(bucketAt);
  const [first] = buckets as [Bucket, ...Bucket[]];
  const agreement = new BucketAgreement(namespace, first.connection, tags[0] as string, buckets.length);

  /** Connections that lead elsewhere than to the present primary are given up for others. */
  const follow = async ({ slot, connection, transport }: Bucket): Promise<void> => {
    const owner = await topology.locate(slot);
    connection.primaryIs(owner);
    transport.primaryIs(owner);
  };

  let agreed: Promise<void> = Promise.resolve();
  const connect = (bucket: Bucket, firstBeat: () => Promise<void>): Promise<void> => {
    const start = (): Promise<void> => bucket.primary.connect(firstBeat);
    if (bucket !== first) {
      return agreed.then(start, (error: unknown) => {
        start().catch(() => undefined); // It goes on trying all the same, as the first one does.
        throw error;
      });
    }
    topology.watch(
      askEveryMs(boundMs),
      () => Promise.all(buckets.map(follow)).then(() => undefined),
      (attempt, error) => events.emit('failed', { link: 'cluster', endpoint: topology.label, attempt, error }),
    );
    return (agreed = Promise.race([start(), agreement.refused()]));
  };

  return {
    transport,
    container: new MessageListenerContainer(transport, { events, subscribeTimeoutMs: connectTimeoutMs }),
    topics: fleetTopics(namespace),
    send: (channel, message) => publisher.publish(channel, message),
    topicOf: (cache, own) => `{${namespace}:*}:${own ?? channelOf(cache)}`,
    primaries: buckets.map((bucket) => ({ ...bucket.primary, connect: (firstBeat) => connect(bucket, firstBeat) })),
    close: async () => {
      topology.close();
      await Promise.all(buckets.map(({ connection }) => connection.stop()));
      await Promise.all([transport, ...buckets.map((bucket) => bucket.transport)].map((each) => each.close()));
    },
  };
}

const channelOf = (cache: string): string => `${cache}-channel`;
