import type { Container } from 'inversify';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler, type Response } from 'express';
import { CacheEvictError, CacheManager } from '../../lib/index.js';
import type { ApiKey } from './api-key.js';
import { ApiKeyService } from './api-key-service.js';
import { Authenticator } from './authenticator.js';
import { type Consumer, describeConsumer, revocation } from './consumer.js';
import { credentialOfRequest, redact } from './credential.js';
import type { Forwarder } from './forwarder.js';
import { isPlanName, PLAN_NAMES } from './plan.js';
import { RateLimits } from './rate-limits.js';
import { Refusal } from './refusal.js';
import { Relay } from './relay.js';
import { TokenService } from './token-service.js';

const MAXIMUM_OWNER_LENGTH = 100;

/** What the HTTP side of a gateway is made of. */
export interface GatewayAppOptions {
  /** As in the header `x-gateway`, and in the log. */
  readonly name: string;
  readonly container: Container;
  readonly forwarder: Forwarder;
  /** Takes a line for each request: without query, headers or bodies, where credentials may be, and with none in the path. */
  readonly log: (line: string) => void;
}

/** The HTTP side of a gateway: `/api/…` is passed on; `/admin/…` creates and revokes; `/health` says how it is. */
export function gatewayApp({ name, container, forwarder, log }: GatewayAppOptions): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(logged(name, log));
  app.get('/health', (_request, response) => {
    const { status, links, caches } = container.get(CacheManager).health();
    response.status(status === 'down' ? 503 : 200).json({ gateway: name, status, links, caches });
  });
  app.use(identified(container));
  app.use('/api', ({ url }, _response, next) => next(url.startsWith('/') ? undefined : new Refusal(400, 'bad_target', 'Ask for a path.')));
  app.use('/api', (request, response) => forwarder.forward(request, response, request.url, consumerOf(response)));
  app.use('/admin', (_request, response, next) =>
    next(consumerOf(response).isAdmin ? undefined : new Refusal(403, 'not_admin', 'This takes an admin key.')),
  );
  addAdministration(app, container);
  app.use((_request, _response, next) => next(new Refusal(404, 'not_found', 'There is nothing here. Try /api/books.')));
  app.use(refused);
  return app;
}

function addAdministration(app: Express, container: Container): void {
  const keys = container.get(ApiKeyService);
  const tokens = container.get(TokenService);
  const relay = container.get(Relay);
  app.use('/admin', express.json({ limit: '8kb' }));

  app.post('/admin/keys', async (request, response) => {
    const options = readKeyOptions(request);
    const { id, text } = await keys.create(options);
    response
      .status(201)
      .set('cache-control', 'no-store')
      .json({ id, key: text, ...options, note: 'The key is shown this once.' });
  });
  app.delete('/admin/keys/:id', async ({ params: { id } }, response) => {
    await revoke(response, relay, 'api-keys', () => keys.revoke(id));
  });
  app.post('/admin/revoked-tokens', async (request, response) => {
    const token = readToken(request);
    await revoke(response, relay, 'token-revocations', () => tokens.revoke(token).catch(asBadRequest));
  });
  app.get('/admin/statistics', (_request, response) => {
    response.json(container.get(CacheManager).statistics());
  });
}

/** 200: no gateway accepts it any more. 202: Redis did not acknowledge the eviction; it is retried. */
async function revoke(response: Response, relay: Relay, cache: string, evict: () => Promise<string>): Promise<void> {
  try {
    relay.end(revocation(cache, await evict()));
    response.json({ revoked: true, everywhere: true });
  } catch (error) {
    if (!(error instanceof CacheEvictError)) throw error;
    relay.end(revocation(cache, String(error.result)));
    const message = 'Revoked, and no longer accepted here. Redis did not acknowledge that: other gateways may accept it until it does.';
    response.status(202).json({ revoked: true, everywhere: false, message });
  }
}

/** It is not the credential of the request that is refused, but the one in its body. */
function asBadRequest(error: unknown): never {
  if (error instanceof Refusal && error.status === 401) throw new Refusal(400, error.code, error.message);
  throw error;
}

function readKeyOptions({ body }: Request): Omit<ApiKey, 'id'> {
  const { owner, plan = 'standard', isAdmin = false } = objectOf(body);
  if (typeof owner !== 'string' || owner.trim() === '' || owner.length > MAXIMUM_OWNER_LENGTH)
    throw new Refusal(400, 'bad_request', `Expected \`owner\` to be a text of 1 to ${MAXIMUM_OWNER_LENGTH} characters.`);
  if (!isPlanName(plan)) throw new Refusal(400, 'bad_request', `Expected \`plan\` to be one of ${PLAN_NAMES.join(', ')}.`);
  if (typeof isAdmin !== 'boolean') throw new Refusal(400, 'bad_request', 'Expected `isAdmin` to be a boolean.');
  return { owner: owner.trim(), plan, isAdmin };
}

function readToken({ body }: Request): string {
  const { token } = objectOf(body);
  if (typeof token !== 'string') throw new Refusal(400, 'bad_request', 'Expected `token` to be a text.');
  return token;
}

function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Readonly<Record<string, unknown>>;
  throw new Refusal(400, 'bad_request', 'Expected a JSON object, with content-type: application/json.');
}

function identified(container: Container): RequestHandler {
  const authenticator = container.get(Authenticator);
  const limits = container.get(RateLimits);
  return async ({ headers, socket }, response, next) => {
    const consumer = await authenticator.admit(socket.remoteAddress ?? '', () => credentialOfRequest(headers));
    response.locals['consumer'] = consumer;
    response.set(await limits.consume(consumer));
    next();
  };
}

const consumerOf = ({ locals }: Response): Consumer => locals['consumer'] as Consumer;

function logged(name: string, log: (line: string) => void): RequestHandler {
  return (request, response, next) => {
    const began = performance.now();
    const { method, path } = request;
    response.set('x-gateway', name);
    response.once('close', () => {
      const consumer = consumerOf(response) as Consumer | undefined;
      const who = consumer === undefined ? 'nobody' : describeConsumer(consumer);
      log(`${name}  ${method} ${redact(path)} ${response.statusCode} ${(performance.now() - began).toFixed(1)} ms  ${who}`);
    });
    next();
  };
}

const refused: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const { status, headers, body } = toRefusal(error);
  response.status(status).set(headers).json(body);
};

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { status } = error as { readonly status?: unknown }; // Of express.json, or of a path that is not percent-encoded.
  if (typeof status === 'number' && status < 500) return new Refusal(status, 'bad_request', 'The request cannot be understood.');
  console.error(error);
  return new Refusal(500, 'internal', 'The gateway failed. Its log tells more.');
}
