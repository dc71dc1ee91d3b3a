import { BookServer } from './book-server.js';
import type { ServerHandle } from './server-handle.js';
import type { ServerNotice } from './server-notice.js';

/** A server in this process: a container of its own, which shares the second tier and the topic with the others in memory. */
export class EmbeddedServer implements ServerHandle {
  readonly name: string;
  readonly #port: number;
  readonly #file: string;
  readonly #notify: (notice: ServerNotice) => void;
  #server: BookServer | undefined;
  #url = '';
  #lives = 0;

  constructor(name: string, port: number, file: string, notify: (notice: ServerNotice) => void) {
    this.name = name;
    this.#port = port;
    this.#file = file;
    this.#notify = notify;
  }

  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    const instanceId = `${this.name}-${process.pid}-${(this.#lives += 1)}`;
    this.#server = new BookServer({
      name: this.name,
      instanceId,
      port: this.#port,
      file: this.#file,
      redis: undefined,
      hasLinks: false,
      notify: this.#notify,
    });
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
