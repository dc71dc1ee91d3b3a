import type { Socket } from 'node:net';
import { CommandReader, type RedisLink } from './command-reader.js';
import { Lane, type LaneTrouble } from './lane.js';
import { type MessageDrops, MessageFilter } from './message-filter.js';

/** A way that bytes go, as seen from the client: what it sends goes to the server. */
export type ProxyDirection = 'to-server' | 'to-client';

export const DIRECTIONS: readonly ProxyDirection[] = ['to-server', 'to-client'];

/** What is wrong with the connections of one kind. */
export interface Trouble {
  /** Whether new ones are closed at once. */
  isRefusing: boolean;
  readonly lanes: Readonly<Record<ProxyDirection, LaneTrouble>>;
}

/** Who has the connection. */
export interface ConnectionOwner {
  readonly drops: MessageDrops;
  /**
   * What is wrong with connections of this kind. `undefined`: those that have not shown yet what they are.
   */
  troubleOf(link: RedisLink | undefined): Trouble;
  /** A command has come from the client. */
  sent(name: string, link: RedisLink | undefined): void;
  ended(connection: ProxiedConnection): void;
}

/**
 * A connection of a client, and its continuation to the server. A connection that was caught by a silence
 * stays silent: bytes are missing in its stream, and TCP leaves no holes. Its two ends are not told, not
 * even that the other one has closed it.
 */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #owner: ConnectionOwner;
  readonly #commands = new CommandReader();
  readonly #messages: MessageFilter;
  readonly #lanes: Readonly<Record<ProxyDirection, Lane>>;

  constructor(client: Socket, server: Socket, owner: ConnectionOwner) {
    this.#client = client;
    this.#server = server;
    this.#owner = owner;
    this.#messages = new MessageFilter(owner.drops, () => this.link === 'subscriber');
    const lane = (direction: ProxyDirection): Lane => new Lane(() => owner.troubleOf(this.link).lanes[direction]);
    this.#lanes = { 'to-server': lane('to-server'), 'to-client': lane('to-client') };
    client.on('data', (chunk: Buffer) => {
      this.#read(chunk);
      this.#pass('to-server', chunk);
    });
    server.on('data', (chunk: Buffer) => this.#messages.pass(chunk).forEach((bytes) => this.#pass('to-client', bytes)));
    this.#passEnd('to-server', client, server);
    this.#passEnd('to-client', server, client);
    this.#submit();
  }

  /** `undefined`: it has not shown yet what it is. */
  get link(): RedisLink | undefined {
    return this.#commands.link;
  }

  /** Nothing goes this way any more. */
  silence(direction: ProxyDirection): void {
    this.#lanes[direction].end();
  }

  /** What is held back goes on now. */
  release(): void {
    for (const direction of DIRECTIONS) this.#lanes[direction].release();
  }

  /** Closes both ends. What is held back is lost. */
  end(): void {
    for (const direction of DIRECTIONS) this.silence(direction);
    this.#client.destroy();
    this.#server.destroy();
    this.#owner.ended(this);
  }

  #read(chunk: Buffer): void {
    const before = this.link;
    const names = this.#commands.read(chunk);
    if (this.link !== before) this.#submit();
    for (const name of names) this.#owner.sent(name, this.link);
  }

  /** Takes what is wrong with its kind upon itself. */
  #submit(): void {
    const { isRefusing, lanes } = this.#owner.troubleOf(this.link);
    if (isRefusing) return this.end();
    for (const direction of DIRECTIONS) if (lanes[direction].isSilent) this.silence(direction);
  }

  #pass(direction: ProxyDirection, bytes: Buffer): void {
    const to = direction === 'to-server' ? this.#server : this.#client;
    this.#lanes[direction].pass(() => void (to.destroyed || to.write(bytes)));
  }

  /** An end travels as the bytes before it do. */
  #passEnd(direction: ProxyDirection, from: Socket, to: Socket): void {
    from.on('error', () => undefined); // 'close' follows.
    from.on('end', () => this.#lanes[direction].pass(() => void to.end()));
    from.on('close', () => this.#lanes[direction].pass(() => this.end()));
  }
}
