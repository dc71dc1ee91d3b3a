import type { Keyv } from 'keyv';
import { type BucketState, EntryCodec, Generation, RemoteCache, TagClock, ValueCodec } from '../cache/index.js';
import { type CommandConnection, checkServerSettings } from '../redis/index.js';
import type { CacheCounters, CacheEvents } from '../event/index.js';
import { RedisEvictionLog } from '../eviction/index.js';
import type { MessageListenerContainer } from '../topic/index.js';
import { type CacheShare, keyvOver, type Primary } from './backend.js';
import type { ResolvedCacheOptions, ResolvedCachingOptions } from './options.js';

/** What a {@link RedisPrimary} is made of. */
export interface RedisPrimaryOptions {
  readonly namespace: string;
  readonly connection: CommandConnection;
  readonly container: MessageListenerContainer;
  readonly channel: Primary['channel'];
  readonly options: ResolvedCachingOptions;
  readonly events: CacheEvents;
  /** Must resolve before each heartbeat. Default: nothing has to. */
  readonly beforeHeartbeat?: (() => Promise<void>) | undefined;
}

/** What a cache reads and writes through. */
interface Remote {
  readonly keyv: Keyv;
  readonly log: RedisEvictionLog;
  readonly remote: RemoteCache;
}

/** The most caches that are not kept whose evictions are remembered. */
const MAXIMUM_PASSING = 1_000;

/** A primary on Redis, with a command connection and a listener container of its own. */
export class RedisPrimary implements Primary {
  readonly namespace: string;
  readonly connection: CommandConnection;
  readonly container: MessageListenerContainer;
  readonly channel: Primary['channel'];
  readonly beforeHeartbeat: Primary['beforeHeartbeat'];
  readonly #options: ResolvedCachingOptions;
  readonly #events: CacheEvents;
  /**
   * The caches that are not kept and were evicted from last. After a failover they begin a new generation as
   * well.
   */
  readonly #passing = new Map<string, RedisEvictionLog>();

  constructor({ namespace, connection, container, channel, options, events, beforeHeartbeat }: RedisPrimaryOptions) {
    this.namespace = namespace;
    this.connection = connection;
    this.container = container;
    this.channel = channel;
    this.beforeHeartbeat = beforeHeartbeat;
    this.#options = options;
    this.#events = events;
    connection.onOtherServer(() => this.#renewPassing());
  }

  send(channel: string, message: string): Promise<number> {
    return this.connection.publish(channel, message);
  }

  bucket(_cache: string, { tags }: ResolvedCacheOptions): BucketState {
    return { generation: new Generation(), tags: tags ? new TagClock(this.#options.clock) : undefined };
  }

  remote(share: CacheShare & { readonly bucket: BucketState; readonly counters: CacheCounters }): RemoteCache {
    const { keyv, log, remote } = this.#remoteOf(share, share.bucket, () => !share.coherence.hasLeft, share.counters);
    this.connection.readThrough(keyv);
    this.connection.onOtherServer(() => log.renew());
    return remote;
  }

  evictions(share: CacheShare): RemoteCache {
    const { log, remote } = this.#remoteOf(share, this.bucket(share.cache, share.options), () => false);
    this.#passing.delete(share.cache);
    this.#passing.set(share.cache, log);
    if (this.#passing.size > MAXIMUM_PASSING) this.#passing.delete(this.#passing.keys().next().value as string);
    return remote;
  }

  /**
   * Connects, and checks the settings of the server.
   *
   * @param firstBeat - runs on each new connection before others use it.
   */
  async connect(firstBeat: () => Promise<void>): Promise<void> {
    const { connection } = this;
    connection.verifyWith(firstBeat);
    // The check also runs when the connection is verified only after this start has failed.
    const checked = connection.verified
      .then(() => checkServerSettings(connection))
      .catch((error: unknown) => void this.#events.emit('error', { where: 'server settings', error }));
    await connection.start();
    await checked;
  }

  #remoteOf(
    { cache, options, channel, coherence }: CacheShare,
    { generation, tags }: BucketState,
    isKept: () => boolean,
    counters?: CacheCounters,
  ): Remote {
    const { connection, namespace } = this;
    const { origin, boundMs, fillLeaseMs, clock } = this.#options;
    const { acknowledgements, serverClock } = coherence;
    const codec = new EntryCodec({ codec: new ValueCodec(options), clock, time: serverClock, tags, version: options.version });
    const log = new RedisEvictionLog({
      connection,
      namespace,
      cache,
      channel,
      origin,
      boundMs,
      fillLeaseMs,
      acknowledgements,
      isKept,
      generation,
      tags,
    });
    const keyv = keyvOver(new Map(), codec, log.keyvNamespace);
    generation.onChange(() => (keyv.namespace = log.keyvNamespace));
    const traced = { cache, events: this.#events };
    return { keyv, log, remote: new RemoteCache({ keyv, log, codec, guard: connection.guard, traced, generation, tags, counters }) };
  }

  async #renewPassing(): Promise<void> {
    await Promise.all([...this.#passing.values()].map((log) => log.renew()));
    this.#passing.clear();
  }
}
