import { CacheEvents } from '../event/index.js';
import { CacheError, TopicError } from '../errors/index.js';
import { FleetWatch, fleetTopics, topicPort } from '../fleet/index.js';
import { systemClock } from '../time/index.js';
import { MessageListenerContainer } from '../topic/index.js';
import { RedisTransport } from '../topic/redis/index.js';
import { redisEndpoint } from '../redis/index.js';
import type { Link, LinkOptions } from './link.js';

/** A connection to the topics of a fleet, without being an instance of it. */
export class FleetLink implements Link {
  readonly watch: FleetWatch;
  readonly listeners: MessageListenerContainer;
  readonly events = new CacheEvents();
  readonly database: number;
  /** Where the instances listen for the question. */
  readonly askTopic: string;
  readonly #transport: RedisTransport;
  #reached: number | undefined;

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
      failed: (where, error) => this.events.emit('error', { where, error }),
    });
  }

  get endpoint(): string {
    return this.#transport.endpoint;
  }

  /** How many listeners the last question reached. `undefined`: none was asked yet, or it could not be sent. */
  get reached(): number | undefined {
    return this.#reached;
  }

  /** Connects with the first topic. */
  start(): Promise<void> {
    return this.listeners.start();
  }

  /** Never rejects. */
  async stop(): Promise<void> {
    await this.watch.stop();
    await this.listeners.stop();
    await this.#transport.close();
  }

  async #publish(channel: string, message: string): Promise<number> {
    try {
      return (this.#reached = await this.#transport.publish(channel, message));
    } catch (error) {
      this.#reached = undefined;
      if (CacheError.is(error)) throw error;
      const text = `A message could not be published on '${channel}' at ${this.#transport.endpoint}: ${(error as Error).message}`;
      throw new TopicError('TOPIC_PUBLISH_FAILED', text, { cause: error });
    }
  }
}
