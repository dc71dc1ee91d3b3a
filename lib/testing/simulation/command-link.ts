import type { Keyv } from 'keyv';
import type { CacheEvents } from '../../event/index.js';
import { CircuitBreaker, type CommandConnection, type Script, type StepTurn } from '../../redis/index.js';
import type { Milliseconds, Timers } from '../../time/index.js';
import { type ConnectDeadline, connectInTime } from './connect-in-time.js';
import type { FakeRedis, Request } from './fake-redis.js';
import type { HopScheduler } from './hop-scheduler.js';
import { Lane, type Silence } from './lane.js';
import { LinkStore } from './link-store.js';

interface Connection {
  /** Where it leads for as long as it lasts. */
  readonly server: FakeRedis;
  readonly requests: Lane;
  readonly replies: Lane;
  /** What fails when the connection does. */
  readonly waiting: Set<(error: Error) => void>;
}

/** What a {@link CommandLink} is made of. */
export interface CommandLinkOptions extends ConnectDeadline {
  readonly id: string;
  readonly scheduler: HopScheduler;
  /** Where a new connection leads. */
  readonly server: () => FakeRedis;
  readonly timeoutMs: Milliseconds;
  readonly timers: Timers;
  /** Told of `connected`, `lost` and `breaker`. Default: nobody is. */
  readonly events?: CacheEvents | undefined;
  /** Two replies may come in one packet: then neither caller goes on before both are there. */
  readonly coalesces: boolean;
  /** Told of every request right after a server has executed it. */
  readonly executed: (server: FakeRedis, request: Request, reply: unknown) => void;
  /**
   * `false` leaves out the rule that a new connection is used only after a heartbeat ran on it. Default:
   * `true`.
   */
  readonly verifies?: boolean | undefined;
}

/**
 * The command connection of one instance to a {@link FakeRedis}, in place of `CommandConnection`: the same
 * guard, the same rule that a heartbeat must have run on each new connection, and two lanes where that one
 * has a socket.
 */
export class CommandLink {
  readonly endpoint = { host: 'fake', port: 6379, db: 0, label: 'fake:6379' };
  readonly guard: CircuitBreaker;
  /** Resolves with the first connection that a heartbeat has verified. */
  readonly verified: Promise<void>;
  readonly client = {
    info: (): Promise<string> => Promise.resolve(''),
    mGet: (keys: string[]): Promise<(string | null)[]> => this.#ask({ kind: 'mget', keys }),
    zmScore: (key: string, members: string[]): Promise<(number | null)[]> => this.#ask({ kind: 'zmscore', key, members }),
  };
  readonly #options: CommandLinkOptions;
  readonly #connecting: Lane;
  #connection: Connection | undefined;
  #isDead = false;
  readonly #silences = new Set<Silence>();
  #verify: () => Promise<void> = () => Promise.resolve();
  #onVerified: () => void = () => undefined;

  constructor(options: CommandLinkOptions) {
    const { timeoutMs, timers, events } = options;
    this.#options = options;
    this.guard = new CircuitBreaker(this.endpoint.label, timeoutMs, (open) => events?.emit('breaker', { open }), { timers });
    this.verified = new Promise((resolve) => (this.#onVerified = resolve));
    this.#connecting = new Lane(options.scheduler, `${options.id}: command connection opens`);
  }

  /** For the parts that take a `CommandConnection`; the methods they call are here. */
  get asConnection(): CommandConnection {
    return this as unknown as CommandConnection;
  }

  get acceptsSteps(): boolean {
    return this.guard.acceptsSteps;
  }

  verifyWith(verify: () => Promise<void>): void {
    this.#verify = verify;
  }

  confirm(): void {
    this.guard.succeeded();
    this.#onVerified();
  }

  /** The address never leads to a server that calls itself another one. */
  onOtherServer(): void {}

  readThrough(keyv: Keyv): void {
    keyv.store = new LinkStore(this);
  }

  async start(): Promise<void> {
    this.connect();
    await connectInTime(this.verified, this.#options);
  }

  async stop(): Promise<void> {
    this.die(false);
  }

  reconnect(): void {
    this.cut(false);
  }

  /** Opens a connection when the scheduler says so. */
  connect(): void {
    if (this.#connecting.size === 0 && !this.#isDead) this.#connecting.push(() => void this.#open());
  }

  run<T>(script: Script, keys: string[], args: string[], { weight, waitMs }: StepTurn = {}): Promise<T> {
    return this.guard.run(script.name, () => this.#ask<T>({ kind: 'script', name: script.name, keys, args }), weight, waitMs);
  }

  runUnguarded<T>(script: Script, keys: string[], args: string[]): Promise<T> {
    return this.guard.runUncounted(script.name, () => this.#ask<T>({ kind: 'script', name: script.name, keys, args }));
  }

  publish(channel: string, body: string): Promise<number> {
    return this.guard.run('publish', () => this.#ask<number>({ kind: 'publish', channel, body }));
  }

  /** GET, for Keyv. */
  get(key: string): Promise<string | null> {
    return this.#ask({ kind: 'get', key });
  }

  /**
   * Loses the connection; another is opened when the scheduler says so.
   *
   * @param late - what was sent may still be executed afterwards: nobody hears how it ended.
   */
  cut(late: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.guard.disconnected();
    this.#options.events?.emit('lost', this.#names);
    if (!late) connection.requests.clear();
    connection.replies.clear();
    connection.requests.resume();
    for (const fail of connection.waiting) fail(new Error('Socket closed unexpectedly'));
    connection.waiting.clear();
    this.connect();
  }

  /** Its process has died: loses the connection, and opens no other. */
  die(late: boolean): void {
    this.#isDead = true;
    this.cut(late);
  }

  /**
   * From now on the network is silent: nothing goes through in either direction, and no connection is opened.
   */
  hold(silence: Silence = 'link'): void {
    this.#silences.add(silence);
    this.#connecting.hold();
    this.#connection?.requests.hold();
    this.#connection?.replies.hold();
  }

  /** Ends {@link hold}, unless there is another reason for it. */
  resume(silence: Silence = 'link'): void {
    this.#silences.delete(silence);
    if (this.#silences.size > 0) return;
    this.#connecting.resume();
    this.#connection?.requests.resume();
    this.#connection?.replies.resume();
  }

  async #open(): Promise<void> {
    if (this.#connection !== undefined || this.#isDead) return;
    const { id, scheduler, server } = this.#options;
    const connection: Connection = {
      server: server(),
      requests: new Lane(scheduler, `${id}: a request reaches Redis`),
      replies: new Lane(scheduler, `${id}: a reply arrives`),
      waiting: new Set(),
    };
    this.#connection = connection;
    this.#options.events?.emit('connected', this.#names);
    if (this.#options.verifies === false) this.guard.succeeded();
    try {
      await this.#verify();
      if (this.#connection === connection) this.confirm();
    } catch {
      // The next heartbeat tries again.
    }
  }

  get #names(): { readonly link: string; readonly endpoint: string } {
    return { link: 'command', endpoint: this.endpoint.label };
  }

  #ask<T>(request: Request): Promise<T> {
    const { id, coalesces, executed } = this.#options;
    const connection = this.#connection;
    const name = request.kind === 'script' ? request.name : request.kind;
    if (connection === undefined) return Promise.reject(new Error('The client is offline'));
    return new Promise<T>((resolve, reject) => {
      connection.waiting.add(reject);
      connection.requests.push(() => {
        const reply = connection.server.execute(request);
        executed(connection.server, request, reply);
        if (this.#connection !== connection) return;
        connection.replies.push(() => {
          connection.waiting.delete(reject);
          resolve(reply as T);
          if (coalesces) connection.replies.releaseHead();
        }, `${id}: the reply to ${name} arrives`);
      }, `${id}: ${name} reaches Redis`);
    });
  }
}
