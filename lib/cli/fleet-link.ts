import { CacheEvents } from '../event/index.js';
import { FleetWatch, fleetTopics, topicPort } from '../fleet/index.js';
import { type Milliseconds, systemClock } from '../time/index.js';
import { MessageListenerContainer } from '../topic/index.js';
import { RedisTransport } from '../topic/redis/index.js';
import { type RedisConnection, redisEndpoint } from '../redis/index.js';

/** How a {@link FleetLink} is opened. */
export interface FleetLinkOptions {
  readonly redis: RedisConnection;
  readonly namespace: string;
  readonly timeoutMs: Milliseconds;
}

/** A connection to the topics of a fleet, without being an instance of it. */
export class FleetLink {
  readonly watch: FleetWatch;
  readonly listeners: MessageListenerContainer;
  readonly events = new CacheEvents();
  readonly database: number;
  readonly #transport: RedisTransport;

  constructor({ redis, namespace, timeoutMs }: FleetLinkOptions) {
    const { db } = redisEndpoint(redis);
    this.database = db;
    this.#transport = new RedisTransport(redis, {
      connectTimeoutMs: timeoutMs,
      connectionName: 'inversify-cache-cli',
      events: this.events,
    });
    this.listeners = new MessageListenerContainer(this.#transport, { events: this.events, subscribeTimeoutMs: timeoutMs });
    const publish = (channel: string, message: string): Promise<number> => this.#transport.publish(channel, message);
    this.watch = new FleetWatch({
      port: topicPort(this.listeners, publish, fleetTopics(namespace, db)),
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
}
