import { CacheEvents } from '../event/index.js';
import { CommandConnection, redisEndpoint } from '../redis/index.js';
import type { Link, LinkOptions } from './link.js';

/** A connection to what lies in Redis, without being an instance. */
export class StoreLink implements Link {
  readonly connection: CommandConnection;
  readonly namespace: string;

  constructor({ redis, namespace, timeoutMs }: LinkOptions) {
    this.namespace = namespace;
    this.connection = new CommandConnection({
      endpoint: redisEndpoint(redis),
      events: new CacheEvents(), // A step that fails tells why.
      timeoutMs,
      connectTimeoutMs: timeoutMs,
      socketTimeoutMs: timeoutMs,
    });
  }

  start(): Promise<void> {
    return this.connection.start();
  }

  stop(): Promise<void> {
    return this.connection.stop();
  }

  /**
   * Sends one command that changes nothing.
   *
   * @throws {RemoteCacheError} when Redis does not answer in time, or with an error.
   */
  ask<T>(step: string, command: (client: CommandConnection['client']) => Promise<T>): Promise<T> {
    return this.connection.guard.run(step, () => command(this.connection.client));
  }
}
