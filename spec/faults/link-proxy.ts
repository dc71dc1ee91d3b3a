import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Milliseconds } from '../../lib/time/index.js';

/** The two connections of an instance: the one that reads and writes, and the one that listens. */
export type Link = 'command' | 'subscriber';

export const LINKS: readonly Link[] = ['command', 'subscriber'];

/** What is wrong with a link. */
interface Trouble {
  isCut: boolean;
  isSilent: boolean;
  upMs: Milliseconds;
  downMs: Milliseconds;
}

/**
 * A TCP proxy on the loopback between one instance and its Redis, which can do harm to each of the two links by itself although the
 * instance knows one address only. Which link a connection is, its first bytes tell: ioredis names its connections (`…-subscriber`),
 * node-redis says nothing about itself and begins with a command. Until that is known its bytes are held back.
 *
 * A connection that has swallowed a byte never speaks again, also after {@link heal}: TCP does not leave holes in a stream. The two ends
 * are not told. It is what a firewall that forgot the connection looks like.
 */
export class LinkProxy {
  readonly #server: Server;
  #targetPort: number;
  readonly #pairs = new Set<Pair>();
  readonly #trouble: Readonly<Record<Link, Trouble>> = { command: noTrouble(), subscriber: noTrouble() };
  readonly #written: Record<Link, string[]> = { command: [], subscriber: [] };
  #isRecording = false;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.#targetPort = targetPort;
    server.on('connection', (client) => this.#accept(client));
  }

  /** Starts a proxy on a free port that leads to `targetPort` of the loopback. */
  static async start(targetPort: number): Promise<LinkProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new LinkProxy(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Has new connections lead to `targetPort`; those that are open stay where they are. */
  leadTo(targetPort: number): void {
    this.#targetPort = targetPort;
  }

  /** How many connections of `link` are open. */
  open(link: Link): number {
    return [...this.#pairs].filter((pair) => pair.link === link).length;
  }

  /** Destroys the connections of `link`, and each new one at once, until {@link heal}. */
  cut(link: Link): void {
    this.#trouble[link].isCut = true;
    this.kill(link);
  }

  /** Destroys the connections of `link`, once. */
  kill(link: Link): void {
    for (const pair of this.#pairs) if (pair.link === link) pair.destroy();
  }

  /** Swallows every byte of `link`, old connections and new, until {@link heal}; those that were caught stay silent for ever. */
  halfOpen(link: Link): void {
    this.#trouble[link].isSilent = true;
    for (const pair of this.#pairs) if (pair.link === link) pair.isSilent = true;
  }

  /** Delays every byte of `link`, in order. Seen from the instance: `up` is what it sends, `down` what it receives. */
  delay(link: Link, upMs: Milliseconds, downMs: Milliseconds): void {
    Object.assign(this.#trouble[link], { upMs, downMs });
  }

  /** Ends every trouble. */
  heal(): void {
    for (const link of LINKS) Object.assign(this.#trouble[link], noTrouble());
  }

  /** Notes what the instance writes from now on, one piece per packet. */
  record(): void {
    this.#isRecording = true;
    for (const link of LINKS) this.#written[link].length = 0;
  }

  /** What was written on `link` since {@link record}. */
  written(link: Link): readonly string[] {
    return this.#written[link];
  }

  /** Ends everything. Resolves when the port is free. */
  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    const pair: Pair = new Pair(client, server, {
      identified: (link) => {
        if (this.#trouble[link].isCut) pair.destroy();
        if (this.#trouble[link].isSilent) pair.isSilent = true;
      },
      written: (link, chunk) => void (this.#isRecording && this.#written[link].push(chunk.toString('latin1'))),
      delayMs: (link, direction) => this.#trouble[link][direction === 'up' ? 'upMs' : 'downMs'],
      ended: () => this.#pairs.delete(pair),
    });
    this.#pairs.add(pair);
  }
}

interface PairOwner {
  identified(link: Link): void;
  written(link: Link, chunk: Buffer): void;
  delayMs(link: Link, direction: 'up' | 'down'): Milliseconds;
  ended(): void;
}

interface Held {
  readonly dueAt: number;
  readonly action: () => void;
}

/** One connection of the instance and its continuation to the server. */
class Pair {
  link: Link | undefined;
  isSilent = false;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #owner: PairOwner;
  /** What is held back, in order: a piece never overtakes the one before it, however the delay changes and whatever a timer does. */
  readonly #held: Readonly<Record<'up' | 'down', Held[]>> = { up: [], down: [] };
  readonly #timers: Partial<Record<'up' | 'down', NodeJS.Timeout>> = {};
  #first = Buffer.alloc(0);

  constructor(client: Socket, server: Socket, owner: PairOwner) {
    this.#client = client;
    this.#server = server;
    this.#owner = owner;
    client.on('data', (chunk: Buffer) => this.#up(chunk));
    server.on('data', (chunk: Buffer) => this.#pass('down', () => client.write(chunk)));
    client.on('error', () => undefined); // 'close' follows.
    server.on('error', () => undefined);
    client.on('close', () => this.#pass('up', () => this.destroy()));
    server.on('close', () => this.#pass('down', () => this.destroy()));
  }

  destroy(): void {
    clearTimeout(this.#timers.up);
    clearTimeout(this.#timers.down);
    this.#held.up.length = this.#held.down.length = 0;
    this.#client.destroy();
    this.#server.destroy();
    this.#owner.ended();
  }

  #up(chunk: Buffer): void {
    if (this.link !== undefined) return this.#send(chunk);
    this.#first = Buffer.concat([this.#first, chunk]);
    this.link = identify(this.#first.toString('latin1'));
    if (this.link === undefined) return;
    this.#owner.identified(this.link);
    this.#send(this.#first);
  }

  #send(chunk: Buffer): void {
    this.#owner.written(this.link as Link, chunk);
    this.#pass('up', () => this.#server.write(chunk));
  }

  #pass(direction: 'up' | 'down', action: () => void): void {
    if (this.isSilent) return;
    const held = this.#held[direction];
    const delayMs = this.link === undefined ? 0 : this.#owner.delayMs(this.link, direction);
    if (delayMs === 0 && held.length === 0) return action();
    held.push({ dueAt: performance.now() + delayMs, action });
    if (held.length === 1) this.#release(direction);
  }

  #release(direction: 'up' | 'down'): void {
    const held = this.#held[direction];
    for (let first = held[0]; first !== undefined; first = held[0]) {
      const leftMs = first.dueAt - performance.now();
      if (leftMs > 0) {
        this.#timers[direction] = setTimeout(() => this.#release(direction), leftMs);
        return;
      }
      if (!this.isSilent) first.action();
      held.shift();
    }
  }
}

/** `undefined` while the bytes of the handshake do not tell yet. */
function identify(first: string): Link | undefined {
  if (first.includes('-subscriber\r\n')) return 'subscriber';
  if (first.includes('-publisher\r\n')) return 'command';
  const name = /^\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/.exec(first)?.[1]?.toLowerCase();
  return name === undefined || ['hello', 'client', 'auth', 'select'].includes(name) ? undefined : 'command';
}

const noTrouble = (): Trouble => ({ isCut: false, isSilent: false, upMs: 0, downMs: 0 });
