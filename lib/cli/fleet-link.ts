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
  readonly #transport: RedisTransport;

  constructor({ redis, namespace, timeoutMs }: LinkOptions) {
    const { db } = redisEndpoint(redis);
    this.database = db;
    this.#transport = new RedisTransport(redis, {
      connectTimeoutMs: timeoutMs,
      connectionName: 'inversify-cache-cli',
      events: this.events,
    });
    this.listeners = new MessageListenerContainer(this.#transport, { events: this.events, subscribeTimeoutMs: timeoutMs });
    this.watch = new FleetWatch({
      port: topicPort(this.listeners, (channel, message) => this.#publish(channel, message), fleetTopics(namespace, db)),
      clock: systemClock,
      failed: (where, error) => this.events.emit('error', { where, error }),
    });
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
      return await this.#transport.publish(channel, message);
    } catch (error) {
      if (CacheError.is(error)) throw error;
      const text = `A message could not be published on '${channel}' at ${this.#transport.endpoint}: ${(error as Error).message}`;
      throw new TopicError('TOPIC_PUBLISH_FAILED', text, { cause: error });
    }
  }
}
