import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, ManagementRequest } from './answer.js';

/** A listener for node:http, and middleware for Express: with `next`, requests for other paths go on. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void;

/**
 * The handler for Node's own requests.
 *
 * @param answer - never rejects. `undefined`: there is nothing at this path.
 */
export function nodeListener(answer: (request: ManagementRequest, isLast: boolean) => Promise<Answer | undefined>): NodeListener {
  return (request, response, next) => {
    void answer(toManagementRequest(request), next === undefined).then((given) =>
      given === undefined ? next?.() : write(given, request, response),
    );
  };
}

function toManagementRequest(request: IncomingMessage): ManagementRequest {
  const { method = 'GET', url = '/', headers } = request;
  return {
    method,
    url,
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    hasBody: () => bringsBody(request),
  };
}

const bringsBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

async function write({ status, headers, body }: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // An unread body must not stay on the connection, so the client is told that the connection ends here.
  const close = request.complete || !bringsBody(request) ? {} : { connection: 'close' };
  if (body instanceof ReadableStream) {
    response.writeHead(status, { ...headers, ...close });
    if (request.method === 'HEAD') {
      response.end();
      return void body.cancel();
    }
    return pump(body, response);
  }
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length, ...close });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Writes as fast as the client reads. The rest stays in the stream, which ends when it is too much. */
async function pump(body: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const gone = once(response, 'close').then(() => reader.cancel());
  gone.catch(() => undefined);
  response.flushHeaders();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (!response.write(next.value)) await Promise.race([once(response, 'drain'), gone]).catch(() => undefined);
  }
  response.end();
}
