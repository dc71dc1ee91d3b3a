import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Seen from the client: `up` is what it sends, `down` what it receives. */
export type ProxyDirection = 'up' | 'down' | 'both';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy on the loopback that can cut, swallow and delay: the network faults of the specs. */
export class TcpProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #swallowed = { up: false, down: false };
  readonly #delayMs = { up: 0, down: 0 };
  #isCut = false;
  #accepted = 0;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.#targetPort = targetPort;
    server.on('connection', (client) => this.#accept(client));
  }

  /** Starts a proxy on a free port that leads to `targetPort` of the loopback. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    const proxy = new TcpProxy(server, targetPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many connections were ever accepted and passed on. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Destroys every connection, and each new one at once, until {@link heal}. */
  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) this.#end(pair);
  }

  /** Ends cut, blackhole and delay. What was swallowed stays lost. */
  heal(): void {
    this.#isCut = false;
    this.blackhole(false);
    this.delay(0);
  }

  /** Swallows every byte, connections stay open: what a half-open link looks like. The two ends learn nothing, not even of a close. */
  blackhole(on: boolean, direction: ProxyDirection = 'both'): void {
    if (direction !== 'down') this.#swallowed.up = on;
    if (direction !== 'up') this.#swallowed.down = on;
  }

  /** Delays every byte by `ms`, in order. */
  delay(ms: number, direction: ProxyDirection = 'both'): void {
    if (direction !== 'down') this.#delayMs.up = ms;
    if (direction !== 'up') this.#delayMs.down = ms;
  }

  /** Ends everything. Resolves when the port is free. */
  async close(): Promise<void> {
    this.cut();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.#isCut) return void client.destroy();
    this.#accepted++;
    const pair: Pair = { client, server: connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }) };
    this.#pairs.add(pair);
    this.#pipe(pair, client, pair.server, 'up');
    this.#pipe(pair, pair.server, client, 'down');
  }

  #pipe(pair: Pair, from: Socket, to: Socket, direction: 'up' | 'down'): void {
    from.on('error', () => this.#end(pair));
    from.on('data', (chunk: Buffer) => this.#pass(direction, () => void (to.destroyed || to.write(chunk))));
    from.on('end', () => this.#pass(direction, () => void to.end()));
    from.on('close', () => {
      this.#pass(direction, () => this.#end(pair)); // Swallowed, the other end keeps its socket until the proxy is cut or closed.
    });
  }

  #pass(direction: 'up' | 'down', action: () => void): void {
    if (this.#swallowed[direction]) return;
    const ms = this.#delayMs[direction];
    if (ms === 0) return action();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#swallowed[direction]) action();
    }, ms);
    this.#timers.add(timer);
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
