import type { Redis, RedisOptions } from 'ioredis';
import { type Milliseconds, withDeadline } from '../time/index.js';
import { type AskedCredentials, CredentialsError } from './asked-credentials.js';
import { type IoredisLibrary, loadIoredis, newClient } from './ioredis.js';
import { hostAndPort } from './redis-address.js';
import { ServerEntry } from './server-entry.js';
import { hearSocketErrors } from './socket-errors.js';

/** A connection, on its way or made. */
interface Attempt {
  /**
   * All questions wait for it: a command sent too early would end the attempt for the others. Set when the
   * attempt begins.
   */
  connected?: Promise<Redis> | undefined;
  /** `undefined` while the credentials are asked for. */
  client?: Redis | undefined;
  /** The client's first `error` event. It says more than the client's rejections. */
  reason?: unknown;
}

/**
 * A Sentinel, or a node of a cluster, that is asked now and then where other servers are. Its connection is
 * kept until it fails.
 */
export class AskedServer {
  readonly #options: RedisOptions;
  readonly #entry: ServerEntry;
  readonly #failed: (address: string) => string;
  readonly #timeoutMs: Milliseconds;
  #attempt: Attempt | undefined;
  #isClosed = false;

  /**
   * @param options - where it is and how it is entered. All other options are set here.
   * @param failed - makes the first half of an error message from the server's address: what it could not do.
   * The reason follows.
   * @param timeoutMs - deadline for connecting, and for each answer.
   * @param asked - the option `credentials`. Default: the credentials are those of `options`.
   */
  constructor(options: RedisOptions, failed: (address: string) => string, timeoutMs: Milliseconds, asked?: AskedCredentials) {
    this.#failed = failed;
    this.#entry = new ServerEntry(options, asked);
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
   * @throws {Error} which names the server, and no credential; {@link CredentialsError} when there are none.
   * The next question is asked on another connection.
   */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const library = await loadIoredis();
    let attempt: Attempt | undefined;
    try {
      attempt = this.#attempt ??= this.#connect(library);
      const client = await (attempt.connected as Promise<Redis>);
      return await withDeadline(question(client), this.#timeoutMs, () => this.#late());
    } catch (error) {
      if (attempt === this.#attempt) this.rest();
      throw this.#inWords(attempt?.reason ?? error);
    }
  }

  /** Closes the connection. The next question opens another. */
  rest(): void {
    const client = this.#attempt?.client;
    this.#attempt = undefined;
    if (client === undefined) return;
    hearSocketErrors(client);
    client.disconnect();
  }

  /** Closes the connection for good: later questions fail. Idempotent; never throws. */
  close(): void {
    this.#isClosed = true;
    this.rest();
  }

  #connect(library: IoredisLibrary): Attempt {
    if (this.#isClosed) throw new Error('closed');
    const attempt: Attempt = {};
    attempt.connected = this.#open(attempt, library);
    return attempt;
  }

  async #open(attempt: Attempt, library: IoredisLibrary): Promise<Redis> {
    const login = await this.#entry.login();
    if (attempt !== this.#attempt) throw new Error('closed');
    const client = newClient(library, { ...this.#options, ...login });
    attempt.client = client;
    client.on('error', (error: unknown) => {
      attempt.reason ??= error; // ioredis prints an error that nobody listens to.
      hearSocketErrors(client);
    });
    await withDeadline(client.connect(), this.#timeoutMs, () => this.#late());
    return client;
  }

  #late(): Error {
    return new Error(`no answer within ${this.#timeoutMs} ms`);
  }

  /** An error of ours with the message and the code of `error`, and nothing else of it. */
  #inWords(error: unknown): Error {
    if (error instanceof CredentialsError) return error;
    const { host, port } = this.#options;
    const said = this.#entry.secrets.clean(error instanceof AggregateError ? error.errors[0] : error) as Error;
    const { code } = said as { code?: unknown };
    const described = new Error(`${this.#failed(hostAndPort(host as string, port as number))}: ${said.message.replace(/\.$/, '')}.`);
    return typeof code === 'string' ? Object.assign(described, { code }) : described;
  }
}
