import { globMatcher, type Message, type PubSubObserver, type PubSubTransport, type Topic } from '../../topic/index.js';
import { type ConnectDeadline, connectInTime } from './connect-in-time.js';
import type { FakeRedis } from './fake-redis.js';
import type { HopScheduler } from './hop-scheduler.js';
import { Lane, type Silence } from './lane.js';

interface Connection {
  /** Where it leads for as long as it lasts. */
  readonly server: FakeRedis;
  /** The channels that the server has subscribed on it. */
  readonly channels: Set<string>;
  /** The patterns, with what they match. */
  readonly patterns: Map<string, (channel: string) => boolean>;
  readonly up: Lane;
  readonly down: Lane;
  /** The server, or the way to it, has forgotten the connection; the instance may not know yet. */
  isBroken: boolean;
  readonly waiting: Set<(error: Error) => void>;
}

/** What a {@link SubscriberLink} is made of. */
export interface SubscriberLinkOptions extends ConnectDeadline {
  readonly id: string;
  readonly scheduler: HopScheduler;
  /** Where a new connection leads. */
  readonly server: () => FakeRedis;
  /**
   * Messages may come in one packet with the confirmation of a subscription: they are handled before it then.
   */
  readonly coalesces: boolean;
  /** Told right after the instance has handled a message. */
  readonly delivered: (message: Message, tag: unknown) => void;
  /** Publishes on another connection. Default: nothing is published. */
  readonly publish?: ((channel: string, body: string) => Promise<number>) | undefined;
}

/**
 * The subscriber connection of one instance to a fake server: a transport whose every step waits for the
 * scheduler.
 */
export class SubscriberLink implements PubSubTransport {
  readonly endpoint = 'fake:6379';
  readonly #options: SubscriberLinkOptions;
  readonly #connecting: Lane;
  readonly #noticing: Lane;
  #observer: PubSubObserver | undefined;
  #connection: Connection | undefined;
  /** The channel whose next messages get lost; `undefined`: any. */
  #swallowed: string | undefined;
  /** How many of them get lost. */
  #swallows = 0;
  #isDead = false;
  readonly #silences = new Set<Silence>();

  constructor(options: SubscriberLinkOptions) {
    this.#options = options;
    this.#connecting = new Lane(options.scheduler, `${options.id}: subscriber connection opens`);
    this.#noticing = new Lane(options.scheduler, `${options.id}: loss of the subscriber connection is noticed`);
  }

  connect(observer: PubSubObserver): Promise<void> {
    this.#observer = observer;
    return connectInTime(new Promise((resolve) => this.#open(resolve)), this.#options);
  }

  subscribe(topics: readonly Topic[]): Promise<void> {
    return this.#ask(({ channels, patterns }) => {
      for (const { kind, name } of topics) {
        if (kind === 'channel') channels.add(name);
        else patterns.set(name, globMatcher(name));
      }
    });
  }

  unsubscribe(topics: readonly Topic[]): Promise<void> {
    return this.#ask(({ channels, patterns }) => {
      for (const { kind, name } of topics) (kind === 'channel' ? channels : patterns).delete(name);
    });
  }

  publish(channel: string, body: string): Promise<number> {
    return this.#options.publish?.(channel, body) ?? Promise.resolve(0);
  }

  reconnect(reason?: unknown): void {
    if (this.#connection !== undefined) this.#lose(this.#connection, reason);
  }

  async close(): Promise<void> {
    this.#observer = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.up.clear();
    connection?.down.clear();
    for (const fail of connection?.waiting ?? []) fail(new Error('Connection is closed.'));
  }

  // ——— the server's side ———

  /**
   * A message was published on `server`. `tag` goes with it, unseen by the instance. @returns how many
   * subscriptions it is for.
   */
  deliver(server: FakeRedis, message: Message, tag: unknown): number {
    const connection = this.#connection;
    if (connection?.server !== server || connection.isBroken) return 0;
    const { channel } = message;
    const matching = [...connection.patterns].filter(([, matches]) => matches(channel)).map(([pattern]) => ({ ...message, pattern }));
    const copies = connection.channels.has(channel) ? [message, ...matching] : matching;
    if (copies.length > 0 && this.#swallows > 0 && (this.#swallowed ?? channel) === channel) {
      this.#swallows -= 1;
      return copies.length;
    }
    for (const copy of copies) {
      connection.down.push(
        () => {
          this.#observer?.onMessage(copy);
          this.#options.delivered(copy, tag);
        },
        `${this.#options.id}: a message of ${channel.includes(':inbox:') ? 'its inbox' : channel} arrives`,
      );
    }
    return copies.length;
  }

  // ——— faults ———

  /**
   * Loses the connection with everything on its way. `noticed`: the instance is told at once, else when the
   * scheduler says so.
   */
  cut(noticed: boolean): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.isBroken = true;
    connection.up.clear();
    connection.down.clear();
    if (noticed) this.#lose(connection);
    else this.#noticing.push(() => this.#lose(connection));
  }

  /** Its process has died: loses the connection, and opens no other. */
  die(): void {
    this.#isDead = true;
    this.cut(true);
  }

  /** Loses the next messages published on `channel`, by default one, and nothing tells of it. */
  swallow(channel?: string, count = 1): void {
    this.#swallowed = channel;
    this.#swallows = count;
  }

  /** From now on nothing arrives, no loss is noticed and no connection is opened, but nothing gets lost. */
  hold(silence: Silence = 'link'): void {
    this.#silences.add(silence);
    this.#connecting.hold();
    this.#noticing.hold();
    this.#connection?.up.hold();
    this.#connection?.down.hold();
  }

  /** Ends {@link hold}, unless there is another reason for it. */
  resume(silence: Silence = 'link'): void {
    this.#silences.delete(silence);
    if (this.#silences.size > 0) return;
    this.#connecting.resume();
    this.#noticing.resume();
    this.#connection?.up.resume();
    this.#connection?.down.resume();
  }

  #open(opened?: () => void): void {
    this.#connecting.push(() => {
      const { id, scheduler, server } = this.#options;
      if (this.#connection !== undefined || this.#observer === undefined || this.#isDead) return;
      this.#connection = {
        server: server(),
        channels: new Set(),
        patterns: new Map(),
        up: new Lane(scheduler, `${id}: a subscription reaches Redis`),
        down: new Lane(scheduler, `${id}: the confirmation of a subscription arrives`),
        isBroken: false,
        waiting: new Set(),
      };
      this.#observer.onReady();
      opened?.();
    });
  }

  /** Has the server do something on the present connection, and waits for its confirmation. */
  #ask(action: (connection: Connection) => void): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return Promise.reject(new Error('Connection is closed.'));
    return new Promise((resolve, reject) => {
      connection.waiting.add(reject);
      connection.up.push(() => {
        if (connection.isBroken) return;
        action(connection);
        connection.down.push(() => {
          connection.waiting.delete(reject);
          resolve();
          if (this.#options.coalesces) connection.down.releaseHead();
        });
      });
    });
  }

  #lose(connection: Connection, reason?: unknown): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    connection.isBroken = true;
    connection.up.clear();
    connection.down.clear();
    this.#observer?.onLost(reason);
    for (const fail of connection.waiting) fail(new Error('Connection is closed.'));
    this.#open();
  }
}
