import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeServer, listenOn } from './loopback.js';

/** The service behind the gateway: tells what it was asked, as it arrived. */
export class Upstream {
  readonly #server = createServer((request, response) => {
    this.#respond(request, response).catch(() => response.destroy()); // Whoever asked went away.
  });
  #url = '';

  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    this.#url = await listenOn(this.#server, 0, 'The service');
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request;
    const body = await text(request);
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify({ method, url, headers, body })}\n`);
  }
}
