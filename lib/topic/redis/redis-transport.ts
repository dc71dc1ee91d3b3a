import { RemoteCacheError, throwFirst, TopicError } from '../../errors/index.js';
import { hostAndPort, type RedisAddress, type RedisConnection, redisSource, type RedisSource } from '../../redis/index.js';
import type { PubSubObserver, PubSubTransport, Topic } from '../index.js';
import { RedisLink, type RedisLinkHandlers } from './redis-link.js';
import { resolveTransportOptions, type RedisTransportOptions, type ResolvedRedisTransportOptions } from './redis-transport-options.js';

/**
 * Pub/sub over Redis on two connections of its own. `connect` opens the one that subscribes, and it is opened
 * again after every loss. The first message opens the one that publishes; after a loss the next message does.
 * PING and a timeout find sockets that went silent.
 *
 * With a Cluster each connection leads to one primary. Classic pub/sub reaches all nodes, but messages from
 * publishers on different nodes arrive in no particular order.
 */
export class RedisTransport implements PubSubTransport {
  readonly endpoint: string;
  readonly #source: RedisSource;
  readonly #options: ResolvedRedisTransportOptions;
  #observer: PubSubObserver | undefined;
  #link: RedisLink | undefined;
  #attempts = 0;
  #retrying: NodeJS.Timeout | undefined;
  #publisher: Promise<RedisLink> | undefined;
  /** Aborted by `close()`, which ends every pending attempt. */
  #session = new AbortController();
  /** Pending attempts, and links that are closing. `close()` waits for them. */
  readonly #pending = new Set<Promise<unknown>>();

  /**
   * @param redis - a client is duplicated, never used itself and never closed; a source makes a
   *   client for each connection.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`.
   */
  constructor(redis: RedisConnection | RedisSource, options: RedisTransportOptions = {}) {
    this.#source = isSource(redis) ? redis : redisSource(redis);
    this.#options = resolveTransportOptions(options);
    this.endpoint = this.#source.label;
  }

  async connect(observer: PubSubObserver): Promise<void> {
    if (this.#observer !== undefined)
      throw new TopicError('TOPIC_SUBSCRIBE_FAILED', `The transport of ${this.endpoint} is connected already.`);
    if (this.#session.signal.aborted) this.#session = new AbortController();
    this.#observer = observer;
    await this.#connect();
  }

  async subscribe(topics: readonly Topic[]): Promise<void> {
    await this.#send(topics, 'subscribe');
    this.#attempts = 0; // Only now: a server that lets us connect but refuses should be asked less and less often.
  }

  async unsubscribe(topics: readonly Topic[]): Promise<void> {
    await this.#send(topics, 'unsubscribe');
  }

  async publish(channel: string, body: string): Promise<number> {
    if (this.#session.signal.aborted) throw new TopicError('TOPIC_PUBLISH_FAILED', `The transport of ${this.endpoint} is closed.`);
    const link = await (this.#publisher ??= this.#openPublisher());
    return link.run(
      this.#source.isSharded === true ? (link.client.spublish(channel, body) as Promise<number>) : link.client.publish(channel, body),
    );
  }

  reconnect(reason?: unknown): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#track(link.close());
    this.#lost(link, reason);
  }

  /** Gives up connections that lead elsewhere: messages are published at `address` now. */
  primaryIs(address: RedisAddress): void {
    if (this.#link?.leadsTo(address) === false) this.reconnect(new Error(`the primary is ${hostAndPort(address.host, address.port)} now`));
    const publisher = this.#publisher;
    publisher?.then(
      (link) => {
        if (publisher !== this.#publisher || link.leadsTo(address)) return;
        this.#publisher = undefined; // The next message opens another.
        this.#track(link.close());
      },
      () => undefined,
    );
  }

  async close(): Promise<void> {
    this.#session.abort();
    this.#observer = undefined;
    clearTimeout(this.#retrying);
    if (this.#link !== undefined) this.#track(this.#link.close());
    this.#link = undefined;
    if (this.#publisher !== undefined) this.#track(this.#publisher.then((link) => link.close()));
    this.#publisher = undefined;
    this.#attempts = 0;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #connect(): Promise<void> {
    const { signal } = this.#session;
    const observer = this.#observer as PubSubObserver;
    let link: RedisLink | undefined;
    const handlers: RedisLinkHandlers = {
      onMessage: (message) => observer.onMessage(message),
      onLost: (error) => link !== undefined && this.#lost(link, error),
    };
    try {
      const opening = RedisLink.open({ source: this.#source, role: 'subscriber', transport: this.#options, handlers, signal });
      this.#track(opening);
      link = await opening;
      if (signal.aborted) this.#track(link.close());
      if (!link.isOpen)
        throw new RemoteCacheError('CACHE_REMOTE_CONNECT_FAILED', `The connection to Redis at ${this.endpoint} was closed at once.`);
      this.#link = link;
      observer.onReady();
    } catch (error) {
      if (!signal.aborted) this.#retry(error);
      throw error;
    }
  }

  #retry(error: unknown): void {
    const attempt = ++this.#attempts;
    const delayMs = this.#options.retryDelayMs(attempt);
    this.#retrying = setTimeout(() => this.#connect().catch(() => undefined), delayMs); // If it fails, it schedules the next attempt.
    this.#observer?.onRetry?.(attempt, delayMs, error);
  }

  #lost(link: RedisLink, error: unknown): void {
    if (link !== this.#link) return;
    const { signal } = this.#session;
    this.#link = undefined;
    this.#track(link.close());
    this.#observer?.onLost(error);
    if (!signal.aborted) this.#retry(error); // Unless the observer closed us.
  }

  /**
   * One command for the channels and one for the patterns, in one packet, so that both are answered on the
   * same connection or not at all.
   */
  async #send(topics: readonly Topic[], verb: 'subscribe' | 'unsubscribe'): Promise<void> {
    const link = this.#link;
    if (link === undefined) throw new TopicError('TOPIC_SUBSCRIBE_FAILED', `The transport of ${this.endpoint} is not connected.`);
    const channels = topics.filter(({ kind }) => kind === 'channel').map(({ name }) => name);
    const patterns = topics.filter(({ kind }) => kind === 'pattern').map(({ name }) => name);
    const commands: Promise<unknown>[] = [];
    if (channels.length > 0)
      commands.push(link.run(link.client[this.#source.isSharded === true ? (`s${verb}` as const) : verb](...channels)));
    if (patterns.length > 0) commands.push(link.run(link.client[`p${verb}`](...patterns)));
    throwFirst(await Promise.allSettled(commands));
  }

  #openPublisher(): Promise<RedisLink> {
    const { events } = this.#options;
    const about = { link: 'publisher', endpoint: this.endpoint };
    const forget = (): void => void (this.#publisher === opening && (this.#publisher = undefined));
    const onLost = (error: unknown): void => {
      forget();
      events.emit('lost', { ...about, error });
    };
    const opening = RedisLink.open({
      source: this.#source,
      role: 'publisher',
      transport: this.#options,
      handlers: { onLost },
      signal: this.#session.signal,
    });
    this.#track(opening);
    opening.then(() => events.emit('connected', about), forget);
    return opening;
  }

  #track(work: Promise<unknown>): void {
    const settled = work.catch(() => undefined).finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }
}

const isSource = (redis: RedisConnection | RedisSource): redis is RedisSource =>
  typeof redis === 'object' && 'create' in redis && 'label' in redis;
