import type { Redis, RedisOptions } from 'ioredis';
import { Credentials } from '../errors/index.js';
import { type Milliseconds, withDeadline } from '../time/index.js';
import { loadIoredis } from './ioredis.js';
import { hostAndPort } from './redis-endpoint.js';
import { hearSocketErrors } from './socket-errors.js';

/**
 * A Sentinel, or a node of a cluster, that is asked now and then where other servers are. Its connection is
 * kept until it fails.
 */
export class AskedServer {
  readonly #options: RedisOptions;
  readonly #credentials: Credentials;
  readonly #failed: (address: string) => string;
  readonly #timeoutMs: Milliseconds;
  #client: Redis | undefined;
  /**
   * The connecting of the client. All questions wait for it: a command sent too early would end the attempt
   * for the others.
   */
  #connecting: Promise<void> | undefined;
  /** The client's first `error` event. It says more than the client's rejections. */
  #reason: unknown;
  #isClosed = false;

  /**
   * @param options - where it is and how it is entered. All other options are set here.
   * @param failed - makes the first half of an error message from the server's address: what it could not do.
   * The reason follows.
   * @param timeoutMs - deadline for connecting, and for each answer.
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
   * Asks a question. Connects first if there is no connection.
   *
   * @throws {Error} which names the server, and no credential. The next question is asked on another
   * connection.
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

  /** Closes the connection. The next question opens another. */
  rest(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    hearSocketErrors(client);
    client.disconnect();
  }

  /** Closes the connection for good: later questions fail. Idempotent; never throws. */
  close(): void {
    this.#isClosed = true;
    this.rest();
  }

  #connect(client: Redis): Redis {
    if (this.#isClosed) throw new Error('closed');
    this.#reason = undefined;
    client.on('error', (error: unknown) => {
      if (client === this.#client) this.#reason ??= error; // ioredis prints an error that nobody listens to.
      hearSocketErrors(client);
    });
    this.#connecting = client.connect();
    return client;
  }

  /** An error of ours with the message and the code of `error`, and nothing else of it. */
  #inWords(error: unknown): Error {
    const { host, port } = this.#options;
    const said = this.#credentials.clean(error instanceof AggregateError ? error.errors[0] : error) as Error;
    const { code } = said as { code?: unknown };
    const described = new Error(`${this.#failed(hostAndPort(host as string, port as number))}: ${said.message.replace(/\.$/, '')}.`);
    return typeof code === 'string' ? Object.assign(described, { code }) : described;
  }
}
