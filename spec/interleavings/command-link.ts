import type { Scheduler } from 'fast-check';
import { CircuitBreaker, type CommandConnection, type Script } from '../../lib/redis/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import type { FakeRedis, Request } from './fake-redis.js';
import { Lane } from './lane.js';

interface Connection {
  /** Where it leads for as long as it lasts. */
  readonly server: FakeRedis;
  readonly requests: Lane;
  readonly replies: Lane;
  /** What fails when the connection does. */
  readonly waiting: Set<(error: Error) => void>;
}

/** What a {@link CommandLink} is made of. */
export interface CommandLinkOptions {
  readonly id: string;
  readonly scheduler: Scheduler<unknown>;
  /** Where a new connection leads. */
  readonly server: () => FakeRedis;
  readonly timeoutMs: Milliseconds;
  /** Two replies may come in one packet: then neither caller goes on before both are there. */
  readonly coalesces: boolean;
  /** Told of every request right after a server has executed it. */
  readonly executed: (server: FakeRedis, request: Request, reply: unknown) => void;
  /** `false` leaves out the rule that a new connection is used only after a heartbeat ran on it. */
  readonly verifies: boolean;
}

/**
 * The command connection of one instance to a {@link FakeRedis}, in place of `CommandConnection`: the same guard, the same rule that a
 * heartbeat must have run on each new connection, and two lanes where that one has a socket.
 */
export class CommandLink {
  readonly endpoint = { host: 'fake', port: 6379, db: 0, label: 'fake:6379' };
  readonly guard: CircuitBreaker;
  readonly client = {
    mGet: (keys: string[]): Promise<(string | null)[]> => this.#ask({ kind: 'mget', keys }),
    zmScore: (key: string, members: string[]): Promise<(number | null)[]> => this.#ask({ kind: 'zmscore', key, members }),
  };
  readonly #options: CommandLinkOptions;
  readonly #connecting: Lane;
  #connection: Connection | undefined;
  #isDead = false;
  #verify: () => Promise<void> = () => Promise.resolve();

  constructor(options: CommandLinkOptions) {
    this.#options = options;
    this.guard = new CircuitBreaker(this.endpoint.label, options.timeoutMs, () => undefined);
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
  }

  reconnect(): void {
    this.cut(false);
  }

  /** Opens a connection when the scheduler says so. */
  connect(): void {
    if (this.#connecting.size === 0 && !this.#isDead) this.#connecting.push(() => void this.#open());
  }

  run<T>(script: Script, keys: string[], args: string[], { weight, waitMs }: { weight?: number; waitMs?: Milliseconds } = {}): Promise<T> {
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

  /** From now on the network is silent: nothing goes through in either direction, and no connection is opened. */
  hold(): void {
    this.#connecting.hold();
    this.#connection?.requests.hold();
    this.#connection?.replies.hold();
  }

  /** Ends {@link hold}. */
  resume(): void {
    this.#connecting.resume();
    this.#connection?.requests.resume();
    this.#connection?.replies.resume();
  }

  async #open(): Promise<void> {
    if (this.#connection !== undefined || this.#isDead) return;
    const { id, scheduler, server } = this.#options;
    const connection: Connection = {
      server: server(),
      requests: new Lane(scheduler, `${id}: request reaches the server`),
      replies: new Lane(scheduler, `${id}: reply reaches the instance`),
      waiting: new Set(),
    };
    this.#connection = connection;
    if (!this.#options.verifies) this.guard.succeeded();
    try {
      await this.#verify();
      if (this.#connection === connection) this.guard.succeeded();
    } catch {
      // The next heartbeat tries again.
    }
  }

  #ask<T>(request: Request): Promise<T> {
    const { coalesces, executed } = this.#options;
    const connection = this.#connection;
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
        });
      });
    });
  }
}
