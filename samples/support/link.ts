import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A way to a server that can be paused and cut: a TCP proxy on the loopback. Paused, it holds back every byte in both directions and closes
 * nothing. Cut, it closes every connection, and new ones lead nowhere.
 */
export class Link {
  readonly #host: string;
  readonly #port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those that came while it was cut. */
  readonly #stranded = new Set<Socket>();
  #isPaused = false;
  #isCut = false;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      if (this.#isCut) return this.#strand(client);
      const server = connect({ host: this.#host, port: this.#port, allowHalfOpen: true, noDelay: true });
      this.#join(client, server);
      this.#join(server, client);
    });
  }

  /** Opens it and resolves to its port. */
  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Idempotent. */
  pause(): void {
    this.#isPaused = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was held back arrives now. Idempotent. */
  resume(): void {
    this.#isPaused = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Idempotent. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets connections be made again, and closes those that lead nowhere. Idempotent. */
  restore(): void {
    this.#isCut = false;
    for (const socket of this.#stranded) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    for (const socket of this.#stranded) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #strand(client: Socket): void {
    this.#stranded.add(client);
    client.on('error', () => undefined);
    client.on('end', () => client.end());
    client.on('close', () => this.#stranded.delete(client));
    client.resume(); // What arrives is lost.
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => this.#isPaused || from.resume());
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    if (this.#isPaused) from.pause();
  }
}
