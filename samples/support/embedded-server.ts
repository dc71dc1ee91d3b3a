import type { RunnableServer, ServerHandle } from './server-handle.js';

/** A server in this process: a container of its own, which shares the second tier and the topics with the others in memory. */
export class EmbeddedServer implements ServerHandle {
  readonly name: string;
  readonly #make: (instanceId: string) => RunnableServer;
  #server: RunnableServer | undefined;
  #url = '';
  #lives = 0;

  /** @param make - makes one life of it, under a name for its instance that no other has. */
  constructor(name: string, make: (instanceId: string) => RunnableServer) {
    this.name = name;
    this.#make = make;
  }

  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    this.#server = this.#make(`${this.name}-${process.pid}-${(this.#lives += 1)}`);
    this.#url = await this.#server.start();
  }

  /** A container cannot be killed without its process: it is unbound. */
  kill(): Promise<void> {
    return this.stop();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#url = '';
    await server?.stop();
  }
}
