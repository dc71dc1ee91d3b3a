import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { CacheConfigurationError, shown } from '../../errors/index.js';
import { redisEndpoint, type RedisEndpoint } from '../../redis/index.js';
import { type Duration, MAXIMUM_WAIT_MS, parseDuration } from '../../time/index.js';
import type { RedisLink } from './command-reader.js';
import { DroppedMessages } from './dropped-messages.js';
import type { LaneTrouble } from './lane.js';
import { DIRECTIONS, ProxiedConnection, type ProxyDirection, type Trouble } from './proxied-connection.js';
import { probe } from './server-probe.js';

/** Which connections a fault is done to. */
export interface LinkFault {
  /**
   * Those that send commands, or those that have subscribed. Default: all, also those that have only
   * introduced themselves so far.
   */
  readonly of?: RedisLink | undefined;
}

/** The same for a fault that can be done to one direction alone. */
export interface WayFault extends LinkFault {
  /** As seen from the client: what it sends, or what it is sent. Default: both. */
  readonly direction?: ProxyDirection | undefined;
}

/** How {@link faultyRedis} begins. */
export interface FaultyRedisOptions {
  /**
   * Whether the server has to answer at once. `false`: it may come later, and until then connections are
   * closed as soon as they are made. Default: `true`.
   */
  readonly failFast?: boolean | undefined;
}

const LINKS: readonly RedisLink[] = ['command', 'subscriber'];

/**
 * A TCP proxy on the loopback, between the code under test and a real Redis, that does harm to the
 * connections that go through it. Made by {@link faultyRedis}. Give its `url` to the code under test.
 * Faults add up until {@link heal}.
 *
 * It knows the two kinds of connections of an instance apart, by their names or by their first command. A
 * connection that has only introduced itself (`HELLO`, `AUTH`, `CLIENT`, …) is of neither kind yet.
 */
export class FaultyRedis {
  /** The port of the loopback on which the proxy listens. */
  readonly port: number;
  /** @internal Is told of each command that a client sends. Default: nobody is. */
  onCommand: ((name: string, link: RedisLink | undefined) => void) | undefined;
  readonly #server: Server;
  #target: RedisEndpoint;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #troubles: Readonly<Record<RedisLink | 'unknown', Trouble>>;
  readonly #drops = new DroppedMessages();
  #accepted = 0;
  #stopped: Promise<unknown> | undefined;

  private constructor(server: Server, target: RedisEndpoint) {
    this.#server = server;
    this.#target = target;
    this.#troubles = { command: noTrouble(), subscriber: noTrouble(), unknown: noTrouble() };
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#accept(client));
  }

  /** @internal See {@link faultyRedis}. */
  static async start(url: string, { failFast = true }: FaultyRedisOptions = {}): Promise<FaultyRedis> {
    const target = faultyRedisTarget(url);
    if (failFast) await probe(target);
    const server = createServer({ noDelay: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyRedis(server, target);
  }

  /** Where the proxy listens, with the user, the password and the database of the server's URL. */
  get url(): string {
    const { username, password, db } = this.#target;
    const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
    const login = username === undefined && secret === '' ? '' : `${encodeURIComponent(username ?? '')}${secret}@`;
    return `redis://${login}127.0.0.1:${this.port}${db === 0 ? '' : `/${db}`}`;
  }

  /** How many connections to the server are open, those that were silenced included. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many connections were passed on to the server since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many messages {@link dropNext} has swallowed since the start. */
  get dropped(): number {
    return this.#drops.count;
  }

  /**
   * From now on nothing goes through, nothing gets lost, and nobody is told: open connections stand, and
   * new ones are accepted. With {@link heal} what was held goes on, in order.
   */
  halfOpen({ of, direction }: WayFault = {}): void {
    for (const lane of this.#lanes(of, direction)) lane.isHolding = true;
  }

  /**
   * As {@link halfOpen}, but what is sent gets lost, as if a firewall had forgotten the connections. TCP
   * leaves no holes in a stream: a connection of that time stays silent for ever, also after {@link heal},
   * and only new ones work. An instance gives a silent connection up after its `bound`, or after twice its
   * `timeout` if that is longer; {@link cut} tells it at once.
   */
  blackhole({ of, direction }: WayFault = {}): void {
    for (const lane of this.#lanes(of, direction)) lane.isSilent = true;
    for (const connection of this.#of(of)) for (const way of waysOf(direction)) connection.silence(way);
  }

  /**
   * Delays every byte, in order, until {@link heal} or until another delay replaces this one.
   *
   * @param duration - how much later a byte arrives, in each direction: a round trip takes twice as long.
   *   `0` ends the delay for what comes from now on.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it is no duration, or longer than a day.
   */
  delay(duration: Duration, { of, direction }: WayFault = {}): void {
    const delayMs = parseDuration('duration', duration, 0, MAXIMUM_WAIT_MS);
    for (const lane of this.#lanes(of, direction)) lane.delayMs = delayMs;
  }

  /**
   * Swallows the next messages of Pub/Sub, and nothing else: their connections stand, and go on. Patterns,
   * sharded channels and RESP 3 are known too. A message to two connections counts as two. Calls add up;
   * see {@link dropped} for how many are gone. Heartbeats come as messages too, on a channel of their own,
   * so name the channel where that matters.
   *
   * @param count - how many. `0`: none.
   * @param options - `channel`: where they are published, as Redis calls it (`book-channel` for evictions
   *   of the cache `book`). Default: anywhere.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when the count is no integer of 0 or more.
   */
  dropNext(count: number, { channel }: { readonly channel?: string | undefined } = {}): void {
    if (!Number.isSafeInteger(count) || count < 0) throw notExpected('count', 'an integer of 0 or more', count);
    this.#drops.add(count, channel);
  }

  /** Closes the open connections, once. New ones work. */
  cut({ of }: LinkFault = {}): void {
    for (const connection of this.#of(of)) connection.end();
  }

  /**
   * Closes each new connection at once, or as soon as it shows that it is of the kind, until {@link heal}.
   * Those that are open stay.
   */
  refuse({ of }: LinkFault = {}): void {
    for (const kind of kindsOf(of)) this.#troubles[kind].isRefusing = true;
  }

  /** Redis is away until {@link heal}: {@link cut} and {@link refuse}. */
  away(fault: LinkFault = {}): void {
    this.refuse(fault);
    this.cut(fault);
  }

  /**
   * Has new connections lead to another server, as if a name or an address had moved. Open ones stay where
   * they are. Only host and port of `url` count; the `url` of the proxy stays as it is.
   *
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when the URL cannot be read or used.
   */
  leadTo(url: string): void {
    const { host, port } = faultyRedisTarget(url);
    this.#target = { ...this.#target, host, port };
  }

  /**
   * Ends every fault. What was held back or delayed goes on at once. What was swallowed stays lost, and
   * messages that were to be dropped and have not come yet pass. Idempotent.
   */
  heal(): void {
    Object.assign(this.#troubles, { command: noTrouble(), subscriber: noTrouble(), unknown: noTrouble() });
    this.#drops.clear();
    for (const connection of this.#connections) connection.release();
  }

  /** Closes every connection and the port. Resolves when the port is free. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped ??= once(this.#server.close(), 'close');
    this.cut();
    await this.#stopped;
  }

  /** {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #accept(client: Socket): void {
    if (this.#troubles.unknown.isRefusing) return void client.destroy();
    this.#accepted += 1;
    const { host, port } = this.#target;
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const connection = new ProxiedConnection(client, server, {
      drops: this.#drops,
      troubleOf: (link) => this.#troubles[link ?? 'unknown'],
      sent: (name, link) => this.onCommand?.(name, link),
      ended: (ended) => void this.#connections.delete(ended),
    });
    this.#connections.add(connection);
  }

  #of(link: RedisLink | undefined): readonly ProxiedConnection[] {
    const kinds = kindsOf(link);
    return [...this.#connections].filter((connection) => kinds.includes(connection.link ?? 'unknown'));
  }

  #lanes(link: RedisLink | undefined, direction: ProxyDirection | undefined): readonly LaneTrouble[] {
    return kindsOf(link).flatMap((kind) => waysOf(direction).map((way) => this.#troubles[kind].lanes[way]));
  }
}

/**
 * Puts a {@link FaultyRedis} in front of a real Redis. Stop it at the end of the test: until then it keeps
 * the process alive.
 *
 * @param url - of the server: `redis://user:password@host:port/db`, or `host:port`. Default host and port:
 *   `localhost` and 6379. TLS and Unix sockets are refused.
 * @returns the proxy, once it listens and the server has answered.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when the URL cannot be read or used.
 * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED` when the server does not answer. Nobody
 *   asks it with `failFast: false`.
 */
export const faultyRedis = (url: string, options?: FaultyRedisOptions): Promise<FaultyRedis> => FaultyRedis.start(url, options);

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when the URL cannot be read or used. */
function faultyRedisTarget(url: string): RedisEndpoint {
  const target = redisEndpoint(url);
  if (target.tls === undefined && target.path === undefined) return target;
  const found = target.tls === undefined ? 'a Unix socket' : 'TLS';
  throw new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected the URL of a faulty Redis to lead to a plain TCP port, got ${found}.`,
    {
      hint: 'The proxy reads what passes. Give the port on which the server takes plain connections.',
    },
  );
}

function kindsOf(link: RedisLink | undefined): readonly (RedisLink | 'unknown')[] {
  if (link === undefined) return ['command', 'subscriber', 'unknown'];
  if (!LINKS.includes(link)) throw notExpected('of', "'command' or 'subscriber'", link);
  return [link];
}

function waysOf(direction: ProxyDirection | undefined): readonly ProxyDirection[] {
  if (direction === undefined) return DIRECTIONS;
  if (!DIRECTIONS.includes(direction)) throw notExpected('direction', "'to-server' or 'to-client'", direction);
  return [direction];
}

const notExpected = (name: string, expected: string, got: unknown): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${name}\` to be ${expected}, got \`${shown(got)}\` (${typeof got}).`);

const noLaneTrouble = (): LaneTrouble => ({ isSilent: false, isHolding: false, delayMs: 0 });

const noTrouble = (): Trouble => ({ isRefusing: false, lanes: { 'to-server': noLaneTrouble(), 'to-client': noLaneTrouble() } });
