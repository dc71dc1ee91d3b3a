import type { RedisClientType } from '@keyv/redis';
import type { Keyv } from 'keyv';
import { RemoteCacheError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import { withDeadline } from '../time/index.js';
import { CircuitBreaker, lateError } from './circuit-breaker.js';
import { type CommandConnectionState, hasClient, isConnected, isVerified } from './command-connection-state.js';
import type { CommandConnectionOptions, StepTurn } from './command-connection-options.js';
import { isErrorReply, type KeyvRedisLibrary, loadKeyvRedis } from './keyv-redis.js';
import { PrimarySearch } from './primary-search.js';
import { abandon, closeClient, redisClient } from './redis-client.js';
import { isSameAddress, type RedisAddress } from './redis-address.js';
import type { RedisEndpoint } from './redis-endpoint.js';
import type { Script } from './script.js';
import { type Login, ServerEntry } from './server-entry.js';
import { connectFailed, isElsewhere, isNoPrimary, isReply } from './server-reply.js';

/**
 * The command connection of one instance: a node-redis client, for Keyv's adapter and for scripts.
 *
 * Steps are sent only while the connection is `verified` (see {@link CommandConnectionState}):
 * - Every new connection must be verified by a heartbeat. A server that came back may hold a snapshot of
 *   another time, and only the heartbeat learns which generation of keys is still good.
 * - If it leads to another server than the last verified one, listeners prepare for that first.
 * - A connection that ends, is silent, or leads to a server that is no primary is replaced: a
 *   {@link PrimarySearch} locates the primary and connects to it.
 *
 * Commands are never queued for a later connection, and never sent twice.
 */
export class CommandConnection {
  /** Gives every step its deadline, and refuses steps while they cannot succeed. */
  readonly guard: CircuitBreaker;
  /** How the server is entered, and its name in messages. */
  readonly endpoint: RedisEndpoint;
  /** Resolves with the first connection that is verified, however late. Never rejects. */
  readonly verified: Promise<void>;
  #onVerified: () => void = () => undefined;
  readonly #options: CommandConnectionOptions;
  readonly #events: CacheEvents;
  readonly #names: { readonly link: string; readonly endpoint: string };
  readonly #isSharded: boolean;
  readonly #entry: ServerEntry;
  readonly #search: PrimarySearch<{ readonly address: RedisAddress; readonly login: Login }>;
  readonly #readers: Keyv[] = [];
  readonly #otherServerListeners: (() => Promise<void>)[] = [];
  #verify: () => Promise<void> = () => Promise.resolve();
  #state: CommandConnectionState = 'created';
  #library: KeyvRedisLibrary | undefined;
  /** The client of the latest connection or attempt. It may be given up already: the state says. */
  #client: RedisClientType | undefined;
  /** Where {@link #client} leads. */
  #address: RedisAddress | undefined;
  /** Where the last verified connection led. */
  #verifiedAddress: RedisAddress | undefined;
  /** Why the last connection ended, or why the present one is not in use. */
  #lastError: unknown;
  /** The server's refusal of a heartbeat. It may hang up then as well, which would say less. */
  #refusal: unknown;
  /** When a script was last answered, or else when we connected: on `performance`'s scale. */
  #answeredAt = 0;

  constructor(options: CommandConnectionOptions) {
    const { endpoint, events, entry = new ServerEntry(endpoint), locate = () => Promise.resolve(endpoint) } = options;
    this.#options = options;
    this.endpoint = endpoint;
    this.#events = events;
    this.#names = { link: 'command', endpoint: endpoint.label };
    this.#isSharded = options.isSharded === true;
    this.#entry = entry;
    this.guard = new CircuitBreaker(endpoint.label, options.timeoutMs, (open) => events.emit('breaker', { open }), {
      waitMs: options.deadlineMs,
      credentials: entry.secrets,
      isReply: (error) => isErrorReply(error, this.#library?.ErrorReply),
      whyAway: () => this.#refusal ?? this.#lastError,
    });
    this.#search = new PrimarySearch({
      names: this.#names,
      events,
      locate: async () => ({ address: await locate(), login: await entry.login() }),
      connect: ({ address, login }) => this.#connect(address, login),
      onFailure: (error) => this.#attemptFailed(error),
    });
    this.verified = new Promise((resolve) => (this.#onVerified = resolve));
  }

  /** Where it stands. */
  get state(): CommandConnectionState {
    return this.#state;
  }

  /** Whether steps may be sent now. */
  get acceptsSteps(): boolean {
    return this.guard.acceptsSteps;
  }

  /** Where the latest connection or attempt leads; `undefined` before the first one. */
  get address(): RedisAddress | undefined {
    return this.#address;
  }

  /**
   * Sends the commands. Each connection has its own client.
   *
   * @throws {Error} before the first attempt to connect.
   */
  get client(): RedisClientType {
    if (this.#client === undefined) throw new Error('There is no connection yet.');
    return this.#client;
  }

  /** Has `keyv` read through the client of each connection. Before the first one it has no store. */
  readThrough(keyv: Keyv): void {
    this.#readers.push(keyv);
    this.#lead(keyv);
  }

  /** Sets what must succeed on each new connection: the first heartbeat. Set before {@link start}. */
  verifyWith(verify: () => Promise<void>): void {
    this.#verify = verify;
  }

  /**
   * Has `listener` run when the connection leads to another server than the last verified one. No step is
   * sent until all listeners have succeeded; after a failure they run again with the next heartbeat that
   * succeeds. The new server may not know what the old one acknowledged last.
   */
  onOtherServer(listener: () => Promise<void>): void {
    this.#otherServerListeners.push(listener);
  }

  /**
   * A heartbeat has succeeded: the connection is verified, at once unless it leads to another server than
   * before. Does nothing without a connection: the heartbeat was executed on an older one.
   */
  confirm(): void {
    if (!isConnected(this.#state) || this.#state === 'changing server') return;
    const [before, now] = [this.#verifiedAddress, this.#address as RedisAddress];
    if (before === undefined || isSameAddress(before, now)) this.#becomeVerified();
    else void this.#changeServer();
  }

  /**
   * Tells where the primary is. A connection, or an attempt, that leads elsewhere is given up for one that
   * leads there.
   */
  primaryIs(primary: RedisAddress): void {
    if (this.#address !== undefined && isSameAddress(this.#address, primary)) return;
    this.reconnect(new Error(`the primary is ${primary.host}:${primary.port} now`));
  }

  /**
   * Gives the present connection or attempt up for another, because of `reason`. Steps under way fail. Does
   * nothing while there is none.
   */
  reconnect(reason: Error): void {
    if (hasClient(this.#state)) this.#searchAgain(reason);
  }

  /**
   * Connects. Keeps trying in the background after a failure, until {@link stop}.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when there is no verified connection within the
   * deadline.
   */
  async start(): Promise<void> {
    this.#library = await loadKeyvRedis();
    if (this.#state === 'created') {
      this.#state = 'searching';
      this.#search.begin();
    }
    const { connectTimeoutMs } = this.#options;
    await withDeadline(this.verified, connectTimeoutMs, () => {
      const late = lateError('connect', connectTimeoutMs, this.endpoint.label);
      return connectFailed(this.endpoint, connectTimeoutMs, this.#refusal ?? this.#lastError ?? this.#entry.unanswered ?? late);
    });
  }

  /** Closes the connection for good; steps under way fail. Idempotent; never throws. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.guard.disconnected();
    this.#search.end();
    if (this.#client !== undefined) await closeClient(this.#client, this.#options.connectTimeoutMs);
  }

  /** Runs a script as one guarded step; see {@link CircuitBreaker#run} for weight and wait. */
  run<T>(script: Script, keys: string[], args: string[], { weight, waitMs }: StepTurn = {}): Promise<T> {
    return this.guard.run(script.name, () => this.#evaluate<T>(script, keys, args), weight, waitMs);
  }

  /**
   * Runs a script whatever the guard says. For the heartbeat, whose success opens the guard.
   *
   * A connection on which no script is answered for the socket timeout is given up. node-redis has a timeout
   * for that too, but Node starts it anew at every *write*: a link that swallows everything would never be
   * noticed while heartbeats are written to it.
   *
   * @throws {RemoteCacheError} `CACHE_REMOTE_TIMEOUT` when the answer is late; else what the client rejects
   * with, without a credential.
   */
  async runUnguarded<T>(script: Script, keys: string[], args: string[]): Promise<T> {
    try {
      return await this.guard.runUncounted(script.name, () => this.#evaluate<T>(script, keys, args));
    } catch (raw) {
      const error = this.#entry.secrets.clean(raw);
      if (error instanceof RemoteCacheError) this.#giveUpIfSilent(error);
      else if (isNoPrimary(error)) this.#doubt(error);
      throw error;
    }
  }

  /** Publishes on this connection, as one guarded step. For private messages between instances. */
  publish(channel: string, message: string): Promise<number> {
    return this.guard.run('publish', () => this.client[this.#isSharded ? 'sPublish' : 'publish'](channel, message));
  }

  async #evaluate<T>(script: Script, keys: string[], args: string[]): Promise<T> {
    const { sha, source } = this.#isSharded ? script.sharded : script;
    try {
      return this.#answered(await this.client.evalSha(sha, { keys, arguments: args })) as T;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      // A new server, or one that was flushed, does not know the script yet.
      return this.#answered(await this.client.eval(source, { keys, arguments: args })) as T;
    }
  }

  #answered<T>(reply: T): T {
    this.#answeredAt = performance.now();
    return reply;
  }

  /**
   * `searching` → `connecting`. The client's `ready` leads on to `verifying`, a rejection back to
   * `searching`.
   */
  async #connect(address: RedisAddress, login: Login): Promise<void> {
    const { connectTimeoutMs, socketTimeoutMs } = this.#options;
    const endpoint = { ...this.endpoint, ...login };
    const client = redisClient(this.#library as KeyvRedisLibrary, address, { endpoint, connectTimeoutMs, socketTimeoutMs });
    client.on('ready', () => void this.#ready(client));
    client.on('error', (error: unknown) => this.#clientFailed(client, error));
    this.#state = 'connecting';
    this.#client = client;
    this.#address = address;
    for (const keyv of this.#readers) this.#lead(keyv);
    // What fails here may answer the command that carries the password.
    const connecting = client.connect().catch((error: unknown) => Promise.reject(this.#entry.secrets.clean(error, true) as Error));
    const mostMs = connectTimeoutMs + socketTimeoutMs;
    await withDeadline(connecting, mostMs, () => lateError('connect', mostMs, this.endpoint.label));
  }

  #lead(keyv: Keyv): void {
    if (this.#library === undefined || this.#client === undefined) return;
    const store = this.#library.storeOver(this.#client);
    store.on('error', () => undefined); // We hear of errors anyway; a store without a listener throws them.
    keyv.store = store;
  }

  /** `connecting` → `verifying` → whatever the first heartbeat leads to. */
  async #ready(client: RedisClientType): Promise<void> {
    if (client !== this.#client || this.#state !== 'connecting') return; // It was given up meanwhile.
    this.#state = 'verifying';
    this.#answeredAt = performance.now();
    this.#events.emit('connected', { ...this.#names });
    try {
      await this.#verify();
    } catch (error) {
      this.#lastError = error; // The next heartbeat tries again.
      if (isReply(error)) this.#refusal = error; // It holds no credential: `runUnguarded` cleans.
      return;
    }
    if (client === this.#client) this.confirm();
  }

  /** `verifying` → `changing server` → `verified`, or back to `verifying` when a listener fails. */
  async #changeServer(): Promise<void> {
    const { client } = this;
    const isStill = (): boolean => client === this.#client && this.#state === 'changing server';
    this.#state = 'changing server';
    try {
      await Promise.all(this.#otherServerListeners.map((listener) => listener()));
      if (isStill()) this.#becomeVerified();
    } catch (error) {
      this.#lastError = error;
      if (isStill()) this.#state = 'verifying';
    }
  }

  /**
   * `verifying`, `changing server` or `doubted` → `verified`. In `verified`, a heartbeat closes the breaker
   * again.
   */
  #becomeVerified(): void {
    this.#state = 'verified';
    this.#verifiedAddress = this.#address;
    this.#lastError = this.#refusal = undefined;
    this.#search.succeeded();
    this.guard.succeeded();
    this.#onVerified();
  }

  /** `verified` → `doubted`, or → `searching`: the server says that it is no primary, or not surely. */
  #doubt(error: unknown): void {
    if (!isConnected(this.#state)) return;
    if (isElsewhere(error)) return this.#searchAgain(error);
    if (this.#state === 'verified') this.#state = 'doubted';
    this.#lastError = error;
    this.guard.disconnected();
  }

  /**
   * `connecting` → `searching` when the search could not connect. It may also have failed to locate: then
   * there is no client.
   */
  #attemptFailed(error: unknown): void {
    if (hasClient(this.#state)) {
      this.#state = 'searching';
      abandon(this.client);
    }
    this.#lastError = error;
  }

  /** → `searching`, from any state with a connection or an attempt: it is given up because of `error`. */
  #searchAgain(error: unknown): void {
    const { client } = this;
    const wasVerified = isVerified(this.#state);
    this.#state = 'searching';
    this.#lastError = error;
    this.guard.disconnected();
    if (wasVerified) this.#events.emit('lost', { ...this.#names, error });
    else this.#search.failed(error);
    abandon(client);
    if (this.state === 'searching') this.#search.begin(); // A listener may have stopped us.
  }

  #clientFailed(client: RedisClientType, raw: unknown): void {
    if (client !== this.#client || this.#state === 'searching') return; // It was given up before.
    const error = this.#entry.secrets.clean(raw, this.#state === 'connecting');
    this.#lastError = error;
    if (isConnected(this.#state)) this.#searchAgain(error); // While it connects, the search hears of it.
  }

  #giveUpIfSilent(error: RemoteCacheError): void {
    const silentMs = performance.now() - this.#answeredAt;
    if (isConnected(this.#state) && silentMs >= this.#options.socketTimeoutMs) this.#searchAgain(error);
  }
}
