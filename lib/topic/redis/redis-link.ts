import type { Redis, RedisOptions } from 'ioredis';
import { isError, RemoteCacheError } from '../../errors/index.js';
import { hearSocketErrors, type RedisAddress, type RedisSource } from '../../redis/index.js';
import { withDeadline } from '../../time/index.js';
import type { Message } from '../index.js';
import type { ResolvedRedisTransportOptions } from './redis-transport-options.js';

/** What a link tells its owner. It tells nothing after {@link RedisLink#close}. */
export interface RedisLinkHandlers {
  readonly onMessage?: ((message: Message) => void) | undefined;
  /** Called once, and only if the link was open. */
  onLost(error: unknown): void;
}

/** How a {@link RedisLink} is opened. */
export interface RedisLinkOptions {
  readonly source: RedisSource;
  readonly role: 'subscriber' | 'publisher';
  readonly transport: ResolvedRedisTransportOptions;
  readonly handlers: RedisLinkHandlers;
  /** Abandons the attempt. */
  readonly signal: AbortSignal;
}

/**
 * One connection to Redis, from its handshake to its end. It never comes back. A client of its own for each
 * connection avoids what ioredis carries from one connection to the next: SUBSCRIBE sent again with no way to
 * await its confirmation, and unanswered commands that are executed twice or stay pending for ever.
 */
export class RedisLink {
  readonly client: Redis;
  readonly #handlers: RedisLinkHandlers;
  readonly #source: RedisSource;
  readonly #ended: Promise<void>;
  #isOpen = false;
  #pinging: NodeJS.Timeout | undefined;
  /** When a PING was sent that is not answered yet, and when something was last read. */
  #askedAt: number | undefined;
  #heardAt = 0;
  #error: unknown;

  private constructor(client: Redis, source: RedisSource, handlers: RedisLinkHandlers) {
    this.client = client;
    this.#source = source;
    this.#handlers = handlers;
    this.#ended = new Promise((resolve) => client.once('end', () => resolve()));
    client.on('error', (error: unknown) => {
      this.#error = source.credentials.clean(error); // ioredis prints an error that nobody hears.
      hearSocketErrors(client);
    });
    client.on('close', () => this.#lose());
    client.on('message', (channel: string, body: string) => this.#handlers.onMessage?.({ channel, body }));
    client.on('smessage', (channel: string, body: string) => this.#handlers.onMessage?.({ channel, body }));
    // The server has ended sharded subscriptions because their slot moved to another server.
    client.on('moved', () => {
      this.#error ??= new Error('The slot of the channels has moved.');
      this.#lose();
    });
    client.on('pmessage', (pattern: string, channel: string, body: string) => this.#handlers.onMessage?.({ channel, body, pattern }));
  }

  /**
   * Connects. Resolves when commands may be sent. Messages are passed on from the beginning.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`, which names the server and holds no credential.
   */
  static async open({ source, role, transport, handlers, signal }: RedisLinkOptions): Promise<RedisLink> {
    const { connectTimeoutMs } = transport;
    let link: RedisLink | undefined;
    const giveUp = (): void => void link?.close();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const client = await unlessAborted(signal, source.create(clientOptions(role, transport), connectTimeoutMs));
      link = new RedisLink(client, source, handlers);
      signal.throwIfAborted();
      await withDeadline(client.connect(), connectTimeoutMs, () => new Error(`no answer within ${connectTimeoutMs} ms`));
      signal.throwIfAborted();
      link.#open(transport);
      return link;
    } catch (error) {
      if (error instanceof RemoteCacheError) throw error; // No attempt was made: there is no client, or there are no credentials.
      const cause = (link === undefined ? undefined : link.#error) ?? source.credentials.clean(error);
      await link?.close();
      throw new RemoteCacheError('CACHE_REMOTE_CONNECT_FAILED', `Redis at ${source.label} could not be reached: ${reasonOf(cause)}.`, {
        hint: 'Check host and port, that the server runs, and that it accepts the credentials.',
        cause,
      });
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Whether it leads to this server. */
  leadsTo({ host, port }: RedisAddress): boolean {
    const { options } = this.client;
    return options.host === host && options.port === port;
  }

  /** Whether commands may be sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Returns what `command` answers. If it fails because the connection is gone, the owner
   * hears of the loss first.
   */
  async run<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (error) {
      if (this.client.status !== 'ready') this.#lose();
      throw this.#source.credentials.clean(error);
    }
  }

  /**
   * Ends the connection. Its owner hears nothing from the moment of the call. Resolves when the
   * socket is gone. Idempotent.
   */
  close(): Promise<void> {
    this.#isOpen = false;
    clearInterval(this.#pinging);
    for (const event of ['message', 'pmessage', 'smessage']) this.client.removeAllListeners(event);
    hearSocketErrors(this.client);
    if (this.client.status !== 'end') this.client.disconnect();
    return this.client.status === 'end' ? Promise.resolve() : this.#ended;
  }

  #open({ pingIntervalMs, socketTimeoutMs }: ResolvedRedisTransportOptions): void {
    if (this.client.status !== 'ready') throw this.#error ?? new Error('the connection was closed at once');
    this.#isOpen = true;
    this.client.stream.on('data', () => (this.#heardAt = performance.now()));
    this.#pinging = setInterval(() => this.#watch(pingIntervalMs, socketTimeoutMs), pingIntervalMs).unref();
  }

  /**
   * Asks whether the server is there, or looks how long it has not answered. If something was read lately,
   * such as the echo of a heartbeat, nothing is asked.
   */
  #watch(pingIntervalMs: number, socketTimeoutMs: number): void {
    if (this.#askedAt === undefined) {
      if (performance.now() - this.#heardAt < pingIntervalMs) return;
      this.#askedAt = performance.now();
      const answered = (): void => void (this.#askedAt = undefined);
      this.client.ping().then(answered, () => undefined);
    } else if (this.#isSilent(socketTimeoutMs)) {
      // Timers come before sockets: after a blocked event loop the answer may lie there, unread.
      setImmediate(() => {
        if (!this.#isOpen || !this.#isSilent(socketTimeoutMs)) return;
        this.client.stream.destroy(new Error(`The server has been silent for ${socketTimeoutMs} ms.`));
      });
    }
  }

  #isSilent(socketTimeoutMs: number): boolean {
    return this.#askedAt !== undefined && performance.now() - Math.max(this.#askedAt, this.#heardAt) >= socketTimeoutMs;
  }

  #lose(): void {
    if (!this.#isOpen) return;
    void this.close();
    this.#handlers.onLost(this.#error);
  }
}

function clientOptions(role: string, options: ResolvedRedisTransportOptions): RedisOptions {
  return {
    lazyConnect: true,
    retryStrategy: null, // The transport counts attempts and waits; each client is used once.
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    maxRetriesPerRequest: 0,
    connectTimeout: options.connectTimeoutMs,
    // Its timer would take a blocked event loop for a silent server: what lies in the socket is read after
    // the timers.
    socketTimeout: undefined,
    commandTimeout: undefined,
    disconnectTimeout: 100, // Do not wait for a peer that does not answer the FIN.
    keepAlive: 1_000,
    noDelay: true,
    connectionName: `${options.connectionName}-${role}`,
    disableClientInfo: true, // The user needs one right less.
    db: 0, // Pub/sub knows no databases, and a user may lack the right to SELECT.
    keyPrefix: '',
    monitor: false,
    readOnly: false,
    reconnectOnError: null,
    stringNumbers: false,
    enableReadyCheck: false, // SUBSCRIBE and PUBLISH work while a server loads its data.
  };
}

/**
 * Settles as `making` does, or rejects when `signal` is aborted. A client that is made afterwards is not
 * connected.
 */
function unlessAborted(signal: AbortSignal, making: Promise<Redis>): Promise<Redis> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void making.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]); // One error per address of the host.
  return isError(error) && error.message !== '' ? error.message.replace(/\.$/, '') : String(error);
}
