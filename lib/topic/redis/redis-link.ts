import type { Redis, RedisOptions } from 'ioredis';
import { RemoteCacheError } from '../../errors/index.js';
import { hearSocketErrors, type RedisAddress, type RedisSource } from '../../redis/index.js';
import { withDeadline } from '../../time/index.js';
import type { Message } from '../index.js';
import type { ResolvedRedisTransportOptions } from './redis-transport-options.js';

/** Whom a link tells; nothing after {@link RedisLink#close}. */
export interface RedisLinkHandlers {
  onMessage?(message: Message): void;
  /** Once, and only if the link was open. */
  onLost(error: unknown): void;
}

/** How a {@link RedisLink} is opened. */
export interface RedisLinkOptions {
  readonly source: RedisSource;
  readonly role: 'subscriber' | 'publisher';
  readonly transport: ResolvedRedisTransportOptions;
  readonly handlers: RedisLinkHandlers;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
}

/**
 * One connection to Redis, from its handshake to its end; it never comes back. One client per connection spares us what ioredis carries
 * from a connection to the next: SUBSCRIBE sent again without an acknowledgement anybody could await, unanswered commands executed twice
 * or left pending for ever.
 */
export class RedisLink {
  readonly client: Redis;
  readonly #handlers: RedisLinkHandlers;
  readonly #source: RedisSource;
  readonly #ended: Promise<void>;
  #isOpen = false;
  #pinging: NodeJS.Timeout | undefined;
  #error: unknown;

  private constructor(client: Redis, source: RedisSource, handlers: RedisLinkHandlers) {
    this.client = client;
    this.#source = source;
    this.#handlers = handlers;
    this.#ended = new Promise((resolve) => client.once('end', () => resolve()));
    client.on('error', (error: unknown) => {
      this.#error = source.credentials.clean(error); // Unheard, ioredis prints it.
      hearSocketErrors(client);
    });
    client.on('close', () => this.#lose());
    client.on('message', (channel: string, body: string) => this.#handlers.onMessage?.({ channel, body }));
    client.on('smessage', (channel: string, body: string) => this.#handlers.onMessage?.({ channel, body }));
    // The server has ended sharded subscriptions by itself, for their slot has gone to another.
    client.on('moved', () => {
      this.#error ??= new Error('The slot of the channels has moved.');
      this.#lose();
    });
    client.on('pmessage', (pattern: string, channel: string, body: string) => this.#handlers.onMessage?.({ channel, body, pattern }));
  }

  /**
   * Connects. Resolves when commands may be sent. Messages are handed on from the beginning.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`, which names the server and holds no credential.
   */
  static async open({ source, role, transport, handlers, signal }: RedisLinkOptions): Promise<RedisLink> {
    const { connectTimeoutMs } = transport;
    let link: RedisLink | undefined;
    const giveUp = (): void => void link?.close();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const client = await source.create(clientOptions(role, transport), connectTimeoutMs);
      link = new RedisLink(client, source, handlers);
      signal.throwIfAborted();
      await withDeadline(client.connect(), connectTimeoutMs, () => new Error(`no answer within ${connectTimeoutMs} ms`));
      signal.throwIfAborted();
      link.#open(transport.pingIntervalMs);
      return link;
    } catch (error) {
      if (error instanceof RemoteCacheError) throw error; // Its client is missing: it was not even tried.
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

  /** What `command` answers; when it fails because the connection is gone, the loss is told first. */
  async run<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (error) {
      if (this.client.status !== 'ready') this.#lose();
      throw this.#source.credentials.clean(error);
    }
  }

  /** Ends the connection; nobody is told anything from the moment of the call. Resolves when the socket is gone. Idempotent. */
  close(): Promise<void> {
    this.#isOpen = false;
    clearInterval(this.#pinging);
    for (const event of ['message', 'pmessage', 'smessage']) this.client.removeAllListeners(event);
    hearSocketErrors(this.client);
    if (this.client.status !== 'end') this.client.disconnect();
    return this.client.status === 'end' ? Promise.resolve() : this.#ended;
  }

  #open(pingIntervalMs: number): void {
    if (this.client.status !== 'ready') throw this.#error ?? new Error('the connection was closed at once');
    this.#isOpen = true;
    // ioredis' `socketTimeout` runs only while a command waits for its answer: without a PING a silent link is never missed.
    this.#pinging = setInterval(() => this.client.ping().catch(() => undefined), pingIntervalMs).unref();
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
    retryStrategy: null, // The transport counts attempts and waits; a client is used once.
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    maxRetriesPerRequest: 0,
    connectTimeout: options.connectTimeoutMs,
    socketTimeout: options.socketTimeoutMs,
    commandTimeout: undefined,
    disconnectTimeout: 100, // A peer that does not answer the FIN is not waited for.
    keepAlive: 1_000,
    noDelay: true,
    connectionName: `${options.connectionName}-${role}`,
    disableClientInfo: true, // One right less for the user to have.
    db: 0, // Pub/sub knows no databases, and a user may lack the right to SELECT.
    keyPrefix: '',
    monitor: false,
    readOnly: false,
    reconnectOnError: null,
    stringNumbers: false,
    enableReadyCheck: false, // SUBSCRIBE and PUBLISH work while a server loads its data.
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]); // One per address of the host.
  return error instanceof Error && error.message !== '' ? error.message.replace(/\.$/, '') : String(error);
}
