import { CacheEvents } from '../event/index.js';
import { CacheError, TopicError } from '../errors/index.js';
import { FleetWatch, fleetTopics, topicPort } from '../fleet/index.js';
import { type Milliseconds, systemClock } from '../time/index.js';
import { MessageListenerContainer } from '../topic/index.js';
import { RedisTransport } from '../topic/redis/index.js';
import { redisEndpoint } from '../redis/index.js';
import type { Link, LinkOptions } from './link.js';

/** Told when the connection was lost, and why, and when it works again in both directions. */
type LinkObserver = (isUp: boolean, error?: unknown) => void;

/** A connection to the topics of a fleet, without being an instance of it. */
export class FleetLink implements Link {
  readonly watch: FleetWatch;
  readonly listeners: MessageListenerContainer;
  readonly events = new CacheEvents();
  readonly database: number;
  /** Where the instances listen for the question. */
  readonly askTopic: string;
  readonly #transport: RedisTransport;
  readonly #observers = new Set<LinkObserver>();
  #reached: number | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isHearing = true;
  #isUp = true;
  /** Why the last question could not be sent. */
  #refusal: unknown;

  constructor({ redis, namespace, timeoutMs }: LinkOptions) {
    const { db } = redisEndpoint(redis);
    const topics = fleetTopics(namespace, db);
    this.database = db;
    this.askTopic = topics.ask;
    this.#transport = new RedisTransport(redis, {
      connectTimeoutMs: timeoutMs,
      connectionName: 'inversify-cache-cli',
      events: this.events,
    });
    this.listeners = new MessageListenerContainer(this.#transport, { events: this.events, subscribeTimeoutMs: timeoutMs });
    this.watch = new FleetWatch({
      port: topicPort(this.listeners, (channel, message) => this.#publish(channel, message), topics),
      clock: systemClock,
      failed: (where, error) => {
        if (error !== this.#refusal) this.events.emit('error', { where, error }); // Else the observers were told.
      },
    });
    this.events.on('lost', ({ link, error }) => {
      if (link !== 'subscriber') return; // The next message opens another publisher.
      this.#isHearing = false;
      this.#isNow(false, error);
    });
    this.events.on('subscribed', () => {
      this.#isHearing = true;
      if (!this.#isUp && this.watch.isWatching) this.watch.ask(timeoutMs).catch(() => undefined); // The watch asks again.
    });
  }

  get endpoint(): string {
    return this.#transport.endpoint;
  }

  /** How many listeners the last question reached. `undefined`: there was none, or it could not be sent. */
  get reached(): number | undefined {
    return this.#reached;
  }

  /** When the last question was sent that Redis took, on the monotonic clock. */
  get askedAt(): Milliseconds {
    return this.#askedAt;
  }

  /** Questions that cannot be sent are no `error` events: they are the loss of the connection. */
  observe(observer: LinkObserver): void {
    this.#observers.add(observer);
  }

  /** Connects with the first topic. */
  start(): Promise<void> {
    return this.listeners.start();
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    this.#observers.clear();
    await this.watch.stop();
    await this.listeners.stop();
    await this.#transport.close();
  }

  async #publish(channel: string, message: string): Promise<number> {
    const now = systemClock.now();
    try {
      this.#reached = await this.#transport.publish(channel, message);
    } catch (error) {
      this.#reached = undefined;
      this.#refusal = this.#refusalOf(channel, error);
      this.#isNow(false, this.#refusal);
      throw this.#refusal;
    }
    this.#askedAt = now;
    if (this.#isHearing) this.#isNow(true);
    return this.#reached;
  }

  #refusalOf(channel: string, error: unknown): CacheError {
    if (CacheError.is(error)) return error;
    const text = `A message could not be published on '${channel}' at ${this.#transport.endpoint}: ${(error as Error).message}`;
    return new TopicError('TOPIC_PUBLISH_FAILED', text, { cause: error });
  }

  /** Tells changes only. */
  #isNow(isUp: boolean, error?: unknown): void {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    for (const observer of this.#observers) observer(isUp, error);
  }
}
