import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Consumer } from './consumer.js';
import { Refusal } from './refusal.js';

/** How long the service behind the gateway may be silent, in milliseconds. */
const SILENT_FOR_MS = 10_000;

/** For one connection and not for the next; see RFC 9110, 7.6.1. Those that `connection` names come to these. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** For the gateway and not for what is behind it. */
const CREDENTIALS = ['authorization', 'x-api-key', 'proxy-authorization', 'cookie'];

/** Passes requests on to the service behind the gateway, and its answers back. */
export class Forwarder {
  readonly #upstream: URL;
  readonly #silentForMs: number;
  readonly #agent = new Agent({ keepAlive: true });

  /**
   * @param upstream - the address of the service.
   * @param silentForMs - how long it may be silent, in milliseconds.
   */
  constructor(upstream: string, silentForMs = SILENT_FOR_MS) {
    this.#upstream = new URL(upstream);
    this.#silentForMs = silentForMs;
  }

  /**
   * Bodies pass through as they come. The service learns who asks from `x-consumer`, and sees no credential.
   *
   * @param path - with the query; begins with `/`.
   * @throws {Refusal} 502 when the service cannot be reached, 504 when it says nothing for too long.
   */
  async forward(incoming: IncomingMessage, outgoing: ServerResponse, path: string, consumer: Consumer): Promise<void> {
    const { hostname, port } = this.#upstream;
    const headers = this.#headersFor(incoming, consumer);
    const forwarded = request({ agent: this.#agent, hostname, port, method: incoming.method, path, headers });
    forwarded.setTimeout(this.#silentForMs, () =>
      forwarded.destroy(new Refusal(504, 'upstream_timeout', 'The service did not answer in time.')),
    );
    outgoing.once('close', () => forwarded.destroy()); // Nobody waits any more.
    const answered = new Promise<IncomingMessage>((resolve, reject) => forwarded.once('response', resolve).on('error', reject));
    incoming.pipe(forwarded); // No pipeline: that would take the client's connection down with the service's, and nobody could be told.
    try {
      const answer = await answered;
      outgoing.writeHead(answer.statusCode ?? 502, without(HOP_BY_HOP, answer));
      await pipeline(answer, outgoing);
    } catch (error) {
      if (outgoing.headersSent || outgoing.destroyed) return void outgoing.destroy(); // Half an answer must not look like a whole one.
      throw error instanceof Refusal ? error : new Refusal(502, 'upstream_unreachable', 'The service cannot be reached.');
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #headersFor(incoming: IncomingMessage, { kind, id }: Consumer): OutgoingHttpHeaders {
    const { 'transfer-encoding': coding, 'x-forwarded-for': before } = incoming.headers;
    const { expect: _answeredByUs, host: _ours, ...others } = without([...HOP_BY_HOP, ...CREDENTIALS], incoming);
    return {
      ...others,
      ...(coding === undefined ? {} : { 'transfer-encoding': 'chunked' }), // A body without length: it has to be framed anew.
      'x-consumer': encodeURIComponent(`${kind}:${id}`),
      'x-forwarded-for': [before, incoming.socket.remoteAddress].filter((address) => address !== undefined).join(', '),
    };
  }
}

function without(names: readonly string[], { headers }: IncomingMessage): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name) && !named.includes(name)));
}
