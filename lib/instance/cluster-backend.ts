import { type AskedCredentials, CommandConnection, type ClusterTopology, redisSource } from '../redis/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import { BEATS_PER_BOUND, BucketAgreement, clusterBuckets, defaultTopic } from '../eviction/index.js';
import { type FleetTopics, fleetTopics } from '../fleet/index.js';
import { MessageListenerContainer, MessagePublisher } from '../topic/index.js';
import { RedisTransport } from '../topic/redis/index.js';
import type { Milliseconds } from '../time/index.js';
import { askEveryMs, type Backend } from './backend.js';
import type { CachingOptions, ResolvedCachingOptions } from './options.js';
import { RedisPrimary } from './redis-primary.js';

/** What a {@link ClusterBackend} is made of. */
export interface ClusterBackendOptions {
  readonly options: ResolvedCachingOptions;
  readonly redis: NonNullable<CachingOptions['redis']>;
  /** The option `credentials`. */
  readonly asked: AskedCredentials | undefined;
  readonly topology: ClusterTopology;
  readonly events: CacheEvents;
}

/** The connections to the present primary of one bucket. */
interface BucketLink {
  readonly namespace: string;
  readonly slot: number;
  readonly connection: CommandConnection;
  readonly transport: RedisTransport;
}

/**
 * A Redis Cluster. The keys are spread over buckets. All keys and channels of a bucket are in one slot, so
 * they are on one primary at a time, and coherence is kept with that primary as with a single server.
 */
export class ClusterBackend implements Backend {
  readonly transport: RedisTransport;
  readonly container: MessageListenerContainer;
  readonly topics: FleetTopics;
  readonly primaries: readonly RedisPrimary[];
  readonly #options: ClusterBackendOptions;
  readonly #publisher: MessagePublisher;
  readonly #links: readonly BucketLink[];
  readonly #agreement: BucketAgreement;

  constructor(options: ClusterBackendOptions) {
    const { namespace, buckets } = options.options;
    this.#options = options;
    const source = redisSource(options.redis, options.asked);
    this.transport = new RedisTransport(source, { ...this.#transportOptions(), connectionName: `${namespace}-topic` });
    this.container = this.#containerOver(this.transport);
    this.topics = fleetTopics(namespace);
    this.#publisher = new MessagePublisher(this.transport);
    this.#links = clusterBuckets(namespace, buckets).map((bucket, number) => this.#link(bucket.namespace, bucket.slot, number));
    const [first] = this.#links as [BucketLink];
    this.#agreement = new BucketAgreement(namespace, first.connection, first.namespace, buckets);
    this.primaries = this.#links.map((link, number) => this.#primary(link, number));
  }

  send(channel: string, message: string): Promise<number> {
    return this.#publisher.publish(channel, message);
  }

  topicOf(cache: string, own: string | undefined): string {
    return topicIn(`{${this.#options.options.namespace}:*}`, cache, own);
  }

  /** The first bucket is connected first: there the instances agree about the number of buckets. */
  connect(firstBeats: readonly (() => Promise<void>)[]): readonly Promise<void>[] {
    const { topology, events, options } = this.#options;
    topology.watch(
      askEveryMs(options.boundMs),
      () => Promise.all(this.#links.map((link) => this.#follow(link))).then(() => undefined),
      (attempt, error) => events.emit('failed', { link: 'cluster', endpoint: topology.label, attempt, error }),
    );
    const [startFirst, ...startOthers] = this.primaries.map((primary, i) => () => primary.connect(firstBeats[i] as () => Promise<void>));
    const agreed = Promise.race([(startFirst as () => Promise<void>)(), this.#agreement.refused()]);
    const others = startOthers.map((start) =>
      agreed.then(start, (error: unknown) => {
        start().catch(() => undefined); // It goes on trying all the same, as the first one does.
        throw error;
      }),
    );
    return [agreed, ...others];
  }

  async close(): Promise<void> {
    this.#options.topology.close();
    this.#options.asked?.close();
    await Promise.all(this.#links.map(({ connection }) => connection.stop()));
    await Promise.all([this.transport, ...this.#links.map(({ transport }) => transport)].map((each) => each.close()));
  }

  #link(namespace: string, slot: number, number: number): BucketLink {
    const { options, topology, events } = this.#options;
    const { timeoutMs, deadlineMs, connectTimeoutMs } = options;
    const label = `bucket ${number} of ${topology.label}`;
    const connection = new CommandConnection({
      endpoint: topology.endpoint(label),
      entry: topology.entry(),
      events,
      timeoutMs,
      deadlineMs,
      connectTimeoutMs,
      socketTimeoutMs: this.#socketTimeoutMs,
      locate: () => topology.locate(slot),
      isSharded: true,
    });
    const connectionName = `${options.namespace}-bucket-${number}`;
    const transport = new RedisTransport(topology.source(slot, label), { ...this.#transportOptions(), connectionName });
    return { namespace, slot, connection, transport };
  }

  #primary({ namespace, connection, transport }: BucketLink, number: number): RedisPrimary {
    const { options, events } = this.#options;
    return new RedisPrimary({
      namespace,
      connection,
      container: this.#containerOver(transport),
      channel: (cache, own) => topicIn(namespace, cache, own),
      options,
      events,
      beforeHeartbeat: () => this.#agree(connection, number),
    });
  }

  /** Nothing is sent to a bucket unless all instances have the same number of buckets. */
  async #agree(connection: CommandConnection, number: number): Promise<void> {
    try {
      if (number === 0) await this.#agreement.confirm();
      else this.#agreement.check();
    } catch (error) {
      if (error instanceof CacheConfigurationError) connection.guard.disconnected();
      throw error;
    }
  }

  /** Replaces connections that lead elsewhere than to the present primary. */
  async #follow({ slot, connection, transport }: BucketLink): Promise<void> {
    const owner = await this.#options.topology.locate(slot);
    connection.primaryIs(owner);
    transport.primaryIs(owner);
  }

  get #socketTimeoutMs(): Milliseconds {
    const { boundMs, timeoutMs } = this.#options.options;
    return Math.max(boundMs, 2 * timeoutMs);
  }

  #transportOptions() {
    const { options, events } = this.#options;
    const { boundMs, connectTimeoutMs } = options;
    return { connectTimeoutMs, socketTimeoutMs: this.#socketTimeoutMs, pingIntervalMs: Math.ceil(boundMs / BEATS_PER_BOUND), events };
  }

  #containerOver(transport: RedisTransport): MessageListenerContainer {
    const { options, events } = this.#options;
    return new MessageListenerContainer(transport, { events, subscribeTimeoutMs: options.connectTimeoutMs });
  }
}

/** Where the evictions of a cache are announced in a bucket. @param own - the cache's `topic`. */
const topicIn = (bucket: string, cache: string, own: string | undefined): string =>
  own === undefined ? defaultTopic(bucket, cache, 0) : `${bucket}:${own}`;
