import type { Redis, RedisOptions } from 'ioredis';
import { Credentials } from '../errors/index.js';
import { type Milliseconds, withDeadline } from '../time/index.js';
import { loadIoredis } from './ioredis.js';
import { hostAndPort } from './redis-endpoint.js';
import { hearSocketErrors } from './socket-errors.js';

/** A Sentinel, or a node of a cluster, that is asked where others are, now and then, over a connection that is kept until it fails. */
export class AskedServer {
  readonly #options: RedisOptions;
  readonly #credentials: Credentials;
  readonly #failed: (address: string) => string;
  readonly #timeoutMs: Milliseconds;
  #client: Redis | undefined;
  /** Of the client: who asks while it connects waits as well, for a command sent too early would end the attempt of the others. */
  #connecting: Promise<void> | undefined;
  /** What the client told first on `error`: more than its rejections do. */
  #reason: unknown;
  #isClosed = false;

  /**
   * @param options - where it is and how it is entered; the rest is set here.
   * @param failed - says, with its address, what it could not do; the reason follows.
   */
  constructor(options: RedisOptions, failed: (address: string) => string, timeoutMs: Milliseconds) {
    this.#failed = failed;
    this.#credentials = new Credentials(options);
    this.#options = {
      ...options,
      protocol: 2, // Replies are lists, whatever the server speaks.
      db: 0,
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
      connectTimeout: timeoutMs,
      disconnectTimeout: 100,
      keepAlive: 1_000,
    };
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks, connecting first if need be.
   *
   * @throws {Error} which names the server, and no credential; the next question is asked on another connection.
   */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const late = (): Error => new Error(`no answer within ${this.#timeoutMs} ms`);
    const { Redis } = await loadIoredis();
    let client: Redis | undefined;
    try {
      client = this.#client ??= this.#connect(new Redis(this.#options));
      await withDeadline(this.#connecting as Promise<void>, this.#timeoutMs, late);
      return await withDeadline(question(client), this.#timeoutMs, late);
    } catch (error) {
      const reason = this.#reason ?? error;
      if (client === this.#client) this.rest();
      throw this.#inWords(reason);
    }
  }

  /** Lets the connection go until the next question. */
  rest(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    hearSocketErrors(client);
    client.disconnect();
  }

  /** Ends it for good. Idempotent; never throws. */
  close(): void {
    this.#isClosed = true;
    this.rest();
  }

  #connect(client: Redis): Redis {
    if (this.#isClosed) throw new Error('closed');
    this.#reason = undefined;
    client.on('error', (error: unknown) => {
      if (client === this.#client) this.#reason ??= error; // Unheard, ioredis prints it.
      hearSocketErrors(client);
    });
    this.#connecting = client.connect();
    return client;
  }

  /** Only the words are kept. */
  #inWords(error: unknown): Error {
    const { host, port } = this.#options;
    const said = this.#credentials.clean(error instanceof AggregateError ? error.errors[0] : error) as Error;
    const { code } = said as { code?: unknown };
    const described = new Error(`${this.#failed(hostAndPort(host as string, port as number))}: ${said.message.replace(/\.$/, '')}.`);
    return typeof code === 'string' ? Object.assign(described, { code }) : described;
  }
}
