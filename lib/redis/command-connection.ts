import type { RedisClientType } from '@keyv/redis';
import type { Keyv } from 'keyv';
import { Credentials, RemoteCacheError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import { type Milliseconds, withDeadline } from '../time/index.js';
import { isErrorReply, type KeyvRedisLibrary, loadKeyvRedis } from './keyv-redis.js';
import { CircuitBreaker, lateError } from './circuit-breaker.js';
import type { RedisAddress, RedisEndpoint } from './redis-endpoint.js';
import type { Script } from './script.js';
import { hintFor, isElsewhere, isNoPrimary, isReply, reasonOf } from './server-reply.js';

/** What a {@link CommandConnection} needs to know; durations are resolved already. */
export interface CommandConnectionOptions {
  readonly endpoint: RedisEndpoint;
  readonly events: CacheEvents;
  /** Deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /** The longest a step waits for its turn while others are under way. Default: for ever. */
  readonly deadlineMs?: Milliseconds;
  /** Deadline of the first connection. */
  readonly connectTimeoutMs: Milliseconds;
  /** Silence after which a connection with a command under way is given up. */
  readonly socketTimeoutMs: Milliseconds;
  /** Where the primary is, asked before each connection; its errors hold no credential. Default: always where {@link endpoint} says. */
  readonly locate?: () => Promise<RedisAddress>;
  /** Whether what is published stays within a slot of a Redis Cluster. Default: `false`. */
  readonly isSharded?: boolean;
}

const RECONNECT_MAX_MS = 500;
/**
 * node-redis hangs up when its timer finds that nothing was read for so long, and timers come before sockets: the answers of a server may lie
 * there, unread by a blocked event loop. We notice silence ourselves; this closes what is stuck in a handshake.
 */
const LEAST_SOCKET_TIMEOUT_MS: Milliseconds = 10_000;
const LINK = 'command';

/**
 * The command connection of one instance: a node-redis client, which Keyv's adapter reads through and the scripts run on.
 *
 * It is *verified* once a heartbeat has run on it, and every new connection must be: a server that came back may hold a snapshot of
 * another time, and only the heartbeat learns which generation of keys is still good. Until then no step is sent. Commands are never
 * queued for a later connection and never sent twice.
 */
export class CommandConnection {
  readonly guard: CircuitBreaker;
  readonly endpoint: RedisEndpoint;
  /** Resolves with the first connection that is verified, however late. */
  readonly verified: Promise<void>;
  #onVerified: () => void = () => undefined;
  readonly #events: CacheEvents;
  readonly #connectTimeoutMs: Milliseconds;
  readonly #socketTimeoutMs: Milliseconds;
  readonly #locate: () => Promise<RedisAddress>;
  readonly #isSharded: boolean;
  readonly #credentials: Credentials;
  readonly #readers: Keyv[] = [];
  readonly #moveListeners: (() => Promise<void>)[] = [];
  #client: RedisClientType | undefined;
  #library: KeyvRedisLibrary | undefined;
  /** Where the client leads to, and where the last one did that was verified. */
  #address: RedisAddress | undefined;
  #verifiedAddress: RedisAddress | undefined;
  /** Where the client leads, or is on its way to; `undefined` while there is none worth keeping. */
  #target: RedisAddress | undefined;
  /** Numbers the searches for the primary; the number of one under way, else `0`. */
  #searches = 0;
  #search = 0;
  #pausing: NodeJS.Timeout | undefined;
  #verify: () => Promise<void> = () => Promise.resolve();
  #stopped = false;
  /** Whether the present connection is verified: its end is a loss then, else an attempt that failed. */
  #isVerified = false;
  /** Attempts that failed since the last verified connection, and attempts made again. */
  #failures = 0;
  #retries = 0;
  #connection = 0;
  #lastError: unknown;
  /** What the server answered to the first heartbeat if not what it should; a server that refuses us may hang up too, and that tells less. */
  #refusal: unknown;
  /** When the server last answered a script, or the connection was made: on `performance`'s scale. */
  #answeredAt = 0;

  constructor(options: CommandConnectionOptions) {
    const { endpoint, events } = options;
    this.endpoint = endpoint;
    this.#events = events;
    this.#connectTimeoutMs = options.connectTimeoutMs;
    this.#socketTimeoutMs = options.socketTimeoutMs;
    this.#credentials = new Credentials(endpoint);
    this.guard = new CircuitBreaker(endpoint.label, options.timeoutMs, (open) => events.emit('breaker', { open }), {
      waitMs: options.deadlineMs,
      credentials: this.#credentials,
      isReply: (error) => this.#isReply(error),
    });
    this.#locate = options.locate ?? (() => Promise.resolve(endpoint));
    this.#isSharded = options.isSharded === true;
    this.verified = new Promise((resolve) => (this.#onVerified = resolve));
  }

  /**
   * What commands are sent with. Another one for each connection.
   *
   * @throws {Error} before {@link start}.
   */
  get client(): RedisClientType {
    if (this.#client === undefined) throw new Error('There is no connection yet.');
    return this.#client;
  }

  /** Has `keyv` read through the client, whichever it is. Before {@link start}, when no step is sent either, it holds nothing. */
  readThrough(keyv: Keyv): void {
    this.#readers.push(keyv);
    this.#lead(keyv);
  }

  /**
   * Has `listener` run when the connection leads to another server than the one before; until it succeeds no step is sent. What the old
   * server acknowledged last, the new one may not know.
   */
  onMoved(listener: () => Promise<void>): void {
    this.#moveListeners.push(listener);
  }

  /** A heartbeat has succeeded: the connection may be used, at once unless it leads to another server than before. */
  confirm(): void {
    if (this.#search !== 0) return; // It ran on the connection before.
    if (!this.#hasMoved()) return this.#confirmed();
    this.#confirmMove(this.#connection).catch((error: unknown) => (this.#lastError = error)); // The next heartbeat tries again.
  }

  /** Tells where the primary is; a connection that leads elsewhere is given up for one that leads there. */
  primaryIs({ host, port }: RedisAddress): void {
    if (this.#stopped || this.#target === undefined || (this.#target.host === host && this.#target.port === port)) return;
    this.#searchAfter(new Error(`the primary is ${host}:${port} now`));
  }

  /** Gives the present connection up for another, because of `reason`; steps under way fail. Does nothing while there is none. */
  reconnect(reason: Error): void {
    if (!this.#stopped && this.#target !== undefined) this.#searchAfter(reason);
  }

  /** Where the present connection leads; `undefined` unless it is located. */
  get address(): RedisAddress | undefined {
    return this.#address;
  }

  /** Whether steps may be sent now. */
  get acceptsSteps(): boolean {
    return this.guard.acceptsSteps;
  }

  /** Sets what must succeed on each new connection before it is used: the first heartbeat. Set before {@link start}. */
  verifyWith(verify: () => Promise<void>): void {
    this.#verify = verify;
  }

  /**
   * Connects. Keeps trying in the background after a failure, until {@link stop}.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when there is no verified connection within the deadline.
   */
  async start(): Promise<void> {
    this.#library = await loadKeyvRedis();
    if (this.#search === 0 && this.#client?.isOpen !== true) void this.#findPrimary();
    try {
      await withDeadline(this.verified, this.#connectTimeoutMs, () => lateError('connect', this.#connectTimeoutMs, this.endpoint.label));
    } catch (error) {
      const cause = this.#refusal ?? this.#lastError ?? error;
      throw new RemoteCacheError(
        'CACHE_REMOTE_CONNECT_FAILED',
        `Could not reach Redis at ${this.endpoint.label} within ${this.#connectTimeoutMs} ms${reasonOf(cause)}.`,
        { hint: hintFor(cause, this.endpoint), cause },
      );
    }
  }

  /** Closes the connection; steps under way fail. Idempotent; never throws. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.guard.disconnected();
    clearTimeout(this.#pausing);
    if (this.#client?.isOpen !== true) return;
    if (!this.client.isReady) await this.#settled();
    if (this.client.isOpen) this.client.destroy();
  }

  /** Runs a script as one guarded step; see {@link RemoteGuard#run}. */
  run<T>(script: Script, keys: string[], args: string[], weight?: number, waitMs?: Milliseconds): Promise<T> {
    return this.guard.run(script.name, () => this.#evaluate<T>(script, keys, args), weight, waitMs);
  }

  /**
   * Runs a script whatever the guard says: for the heartbeat, whose success is what opens it. A connection on which none succeeds for the
   * socket timeout is given up. node-redis has a timeout for that too, but Node starts it anew at every *write*: a link that swallows
   * everything would never be missed while somebody goes on sending, as the heartbeat does.
   */
  async runUnguarded<T>(script: Script, keys: string[], args: string[]): Promise<T> {
    try {
      return await this.guard.runUncounted(script.name, () => this.#evaluate<T>(script, keys, args));
    } catch (raw) {
      const error = this.#credentials.clean(raw);
      if (error instanceof RemoteCacheError) this.#giveUpIfSilent(error);
      else if (isNoPrimary(error)) this.#distrust(error);
      throw error;
    }
  }

  /** Publishes on this connection; for private messages between instances. */
  publish(channel: string, message: string): Promise<number> {
    return this.guard.run('publish', () => this.client[this.#isSharded ? 'sPublish' : 'publish'](channel, message));
  }

  async #evaluate<T>(script: Script, keys: string[], args: string[]): Promise<T> {
    const { sha, source } = this.#isSharded ? script.sharded : script;
    try {
      return this.#answered(await this.client.evalSha(sha, { keys, arguments: args })) as T;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#answered(await this.client.eval(source, { keys, arguments: args })) as T; // A new or flushed server does not know it yet.
    }
  }

  #answered<T>(reply: T): T {
    this.#answeredAt = performance.now();
    return reply;
  }

  async #ready(): Promise<void> {
    const connection = ++this.#connection;
    this.#answeredAt = performance.now();
    if (this.#stopped) return;
    this.#events.emit('connected', { link: LINK, endpoint: this.endpoint.label });
    try {
      await this.#verify();
      if (connection !== this.#connection || this.#stopped) return;
      if (this.#hasMoved()) await this.#confirmMove(connection);
      else this.#confirmed();
    } catch (error) {
      this.#lastError = error; // The next heartbeat tries again.
      if (isReply(error)) this.#refusal = error; // Cleaned already, by `runUnguarded`.
    }
  }

  #giveUpIfSilent(error: RemoteCacheError): void {
    if (this.#stopped || !this.client.isReady || performance.now() - this.#answeredAt < this.#socketTimeoutMs) return;
    this.#searchAfter(error);
  }

  /** The server says itself that it may not be the primary, or not the only one: what it holds is not to be relied on. */
  #distrust(error: unknown): void {
    if (this.#stopped) return;
    if (isElsewhere(error)) return this.#searchAfter(error);
    this.#lastError = error;
    this.guard.disconnected(); // The next heartbeat that succeeds opens it again.
  }

  #hasMoved(): boolean {
    const [before, now] = [this.#verifiedAddress, this.#address];
    return before !== undefined && now !== undefined && (before.host !== now.host || before.port !== now.port);
  }

  async #confirmMove(connection: number): Promise<void> {
    await Promise.all(this.#moveListeners.map((listener) => listener()));
    if (connection === this.#connection && !this.#stopped) this.#confirmed();
  }

  #confirmed(): void {
    this.#isVerified = true;
    this.#verifiedAddress = this.#address;
    this.#failures = this.#retries = 0;
    this.#lastError = this.#refusal = undefined;
    this.guard.succeeded();
    this.#onVerified();
  }

  /** Gives the connection up and looks for the primary. */
  #searchAfter(error: unknown): void {
    this.#lost(error);
    this.#discard(this.client);
    this.#target = undefined;
    void this.#findPrimary();
  }

  /**
   * Locates the primary and connects to it, until that succeeds; a search begun later ends this one. The first attempt is made at once
   * unless the last connection was of no use: a proxy may let us in and hang up, and a demoted server is named by its Sentinels for a while.
   */
  async #findPrimary(): Promise<void> {
    const search = (this.#search = this.#searches += 1);
    const isOver = (): boolean => this.#stopped || search !== this.#search;
    clearTimeout(this.#pausing);
    for (let isFirst = search === 1; !isOver(); isFirst = false) {
      if (!isFirst) await this.#rest();
      if (isOver()) return;
      try {
        const address = await this.#locate();
        if (isOver()) return;
        this.#address = this.#target = address;
        const client = this.#useClient(address);
        // What fails here may answer the command that carries the password.
        const connecting = client.connect().catch((error: unknown) => Promise.reject(this.#credentials.clean(error, true) as Error));
        const mostMs = this.#connectTimeoutMs + this.#socketTimeoutMs;
        await withDeadline(connecting, mostMs, () => lateError('connect', mostMs, this.endpoint.label));
        if (isOver()) return;
        this.#search = 0;
        if (!client.isReady) this.#searchAfter(this.#lastError); // It has ended already.
        return;
      } catch (error) {
        if (isOver()) return;
        if (this.#client !== undefined) this.#discard(this.#client);
        this.#target = undefined;
        this.#attemptFailed(error);
      }
    }
  }

  async #rest(): Promise<void> {
    const meanMs = this.#failures === 0 ? 0 : Math.min(25 * 2 ** Math.min(this.#failures - 1, 8), RECONNECT_MAX_MS);
    const delayMs = Math.round(meanMs * (0.75 + Math.random() / 2));
    this.#retries += 1;
    this.#events.emit('reconnecting', { link: LINK, endpoint: this.endpoint.label, attempt: this.#retries, delayMs });
    await new Promise<void>((resolve) => (this.#pausing = setTimeout(resolve, delayMs)));
  }

  #attemptFailed(error: unknown): void {
    this.#lastError = error;
    this.#failures += 1;
    this.#events.emit('failed', { link: LINK, endpoint: this.endpoint.label, attempt: this.#failures, error });
  }

  #useClient(address: RedisAddress): RedisClientType {
    const client = (this.#client = this.#makeClient(this.#library as KeyvRedisLibrary, address));
    for (const keyv of this.#readers) this.#lead(keyv);
    return client;
  }

  #lead(keyv: Keyv): void {
    if (this.#library === undefined || this.#client === undefined) return;
    const store = this.#library.storeOver(this.#client);
    store.on('error', () => undefined); // Told by the connection already; a Keyv store without a listener throws.
    keyv.store = store;
  }

  #makeClient({ createClient }: KeyvRedisLibrary, address: RedisAddress): RedisClientType {
    const { endpoint } = this;
    const socket = {
      ...(endpoint.path === undefined ? { host: address.host, port: address.port } : { path: endpoint.path }),
      connectTimeout: this.#connectTimeoutMs,
      socketTimeout: Math.max(this.#socketTimeoutMs, LEAST_SOCKET_TIMEOUT_MS),
      keepAlive: true,
      keepAliveInitialDelay: 1_000,
      noDelay: true,
      reconnectStrategy: false as const, // We connect anew ourselves: node-redis does so without a pause when a connection ends.
    };
    const client = createClient({
      socket: endpoint.tls === undefined ? socket : { ...socket, ...endpoint.tls, tls: true },
      ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
      ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
      database: endpoint.db,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
    }) as RedisClientType;
    client.setMaxListeners(0); // Every cache's Keyv adapter listens to the one client.
    client.on('ready', () => (client === this.#client && !this.#discarded.has(client) ? void this.#ready() : client.destroy()));
    client.on('error', (error: unknown) => this.#failed(client, error));
    return client;
  }

  #failed(client: RedisClientType, error: unknown): void {
    if (client !== this.#client || this.#discarded.has(client)) return;
    this.#lastError = this.#credentials.clean(error, this.#search !== 0);
    if (this.#search === 0 && !this.#stopped) this.#searchAfter(error); // Else the search hears of it.
  }

  /** node-redis cannot be destroyed between TCP connect and handshake without leaking the socket: it is when it gets so far. */
  #discard(client: RedisClientType): void {
    this.#discarded.add(client);
    if (client.isReady) client.destroy();
  }
  readonly #discarded = new WeakSet<RedisClientType>();

  #lost(error: unknown): void {
    this.#lastError = error;
    const wasVerified = this.#isVerified;
    this.#isVerified = false;
    this.#connection += 1;
    this.guard.disconnected();
    if (this.#stopped) return;
    if (!wasVerified) return this.#attemptFailed(error);
    this.#events.emit('lost', { link: LINK, endpoint: this.endpoint.label, error });
  }

  #isReply(error: unknown): boolean {
    return isErrorReply(error, this.#library?.ErrorReply);
  }

  /** node-redis cannot be destroyed between TCP connect and handshake without leaking the socket: wait for either end of it. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, this.#connectTimeoutMs + RECONNECT_MAX_MS);
      this.client.once('ready', done);
      this.client.once('error', done);
    });
  }
}
