import type { ServiceLocator } from '../annotation/index.js';
import type { CacheManager } from '../cache/index.js';
import { type CacheConfigurationError, type CacheEvictError, CacheError } from '../errors/index.js';
import { Access } from './access.js';
import { type Answer, type ManagementRequest, problem, Refusal } from './answer.js';
import { consoleFile, isConsoleFile } from './console-files.js';
import { managedInstance } from './managed-instance.js';
import { type NodeListener, nodeListener } from './node-listener.js';
import { type CacheManagementOptions, resolveManagementOptions } from './cache-management-options.js';
import { Resources } from './resources.js';

/** The handler, in the two forms that frameworks take. */
export interface CacheManagement {
  /** For Hono and everything else that uses `Request` and `Response`. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** For node:http and Express; for Fastify on `request.raw` and `reply.raw` after `reply.hijack()`. */
  readonly node: NodeListener;
  /**
   * Ends the live streams, so that a server can close. They end by themselves when the container is unbound.
   */
  readonly close: () => void;
}

/**
 * The most characters of path and query. A key has at most 4096 bytes, which take three characters
 * each when percent-encoded.
 */
const MAXIMUM_URL_LENGTH = 14_000;

/**
 * The management of the caches of one instance, and the console of its whole fleet. Mount it; it
 * binds no address itself.
 *
 * | | | |
 * |---|---|---|
 * | GET | `/console` | the console, a page |
 * | GET | `/health` | 200, or 503 while the instance is down |
 * | GET | `/caches`, `/caches/{name}` | names; statistics and state |
 * | GET | `/caches/{name}/entry?key=…` | which tier holds a key, and what is left of its life; never the value |
 * | GET | `/metrics` | Prometheus' text format |
 * | GET | `/fleet`, `/stream` | every instance, once, and live as server-sent events |
 * | DELETE | `/caches/{name}`, `/caches/{name}/entry?key=…` | clears, evicts: 204 once no instance serves it any more. Needs `allowWrites` |
 * | DELETE | `/caches/{name}/tags?tag=…&tag=…` | evicts all that carry one of these tags, likewise |
 *
 * Keys and tags are written as in logs: a string as it is, others as `~42` or `~["Dune",2]` (see
 * `encodeKey`). Refused requests change nothing: 400 for one that cannot be understood, 401 without the
 * token, 403 for a page of another origin or a write that is not allowed, 404 for an unknown cache, 405, 409
 * for tags of a cache without them, 413 for any body, 414. A write that Redis has not acknowledged is
 * answered with 202: it is being retried.
 *
 * @param source - the container with caching enabled; or a cache manager, which has no fleet.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`, or `CACHE_BINDING_MISSING` for a
 *   container without caching.
 * @see Spring Boot's Actuator, whose endpoints `caches` and `health` these follow
 */
export function cacheManagement(source: ServiceLocator | CacheManager, options?: CacheManagementOptions): CacheManagement {
  const resolved = resolveManagementOptions(options);
  const access = new Access(resolved);
  const resources = new Resources(managedInstance(source), resolved);

  const find = async (request: ManagementRequest, isLast: boolean): Promise<Answer | undefined> => {
    if (request.url.length > MAXIMUM_URL_LENGTH)
      throw new Refusal(414, `Expected at most ${MAXIMUM_URL_LENGTH} characters of path and query.`);
    const [path = '', ...query] = request.url.split('?');
    const own = path === resolved.basePath || path.startsWith(`${resolved.basePath}/`) ? path.slice(resolved.basePath.length) : undefined;
    const isKnown = own !== undefined && (isConsoleFile(own) || resources.has(own));
    if (!isKnown) {
      if (!isLast) return undefined;
      throw new Refusal(404, 'There is nothing here.');
    }
    if (isConsoleFile(own)) {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'Expected GET.', { allow: 'GET, HEAD' });
      return consoleFile(own);
    }
    access.check(request);
    if (await request.hasBody()) throw new Refusal(413, 'Requests to the management of the cache must not have a body.');
    return resources.answer(request.method, own, new URLSearchParams(query.join('?')));
  };
  const answer = (request: ManagementRequest, isLast: boolean): Promise<Answer | undefined> => find(request, isLast).catch(toAnswer);

  return {
    fetch: async (request) => {
      const { status, headers, body } = (await answer(fromRequest(request), true)) as Answer;
      const isEmpty = request.method === 'HEAD' || status === 204;
      if (isEmpty && body instanceof ReadableStream) await body.cancel();
      return new Response(isEmpty ? null : (body as ConstructorParameters<typeof Response>[0]), { status, headers });
    },
    node: nodeListener(answer),
    close: () => resources.close(),
  };
}

function fromRequest(request: Request): ManagementRequest {
  const { method, url, headers } = request;
  const { pathname, search, host } = new URL(url);
  return {
    method,
    url: `${pathname}${search}`,
    header: (name) => headers.get(name) ?? (name === 'host' ? host : undefined),
    hasBody: () => hasBody(request),
  };
}

/** An adapter may pass a body stream although there is no body. Only its first bytes show that. */
async function hasBody({ headers, body }: Request): Promise<boolean> {
  if (body === null) return false;
  if (headers.has('transfer-encoding')) return true;
  const length = headers.get('content-length');
  if (length !== null) return Number(length) !== 0;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      if (value.length > 0) return true;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function toAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return problem(error.status, error.message, {}, error.headers);
  if (!CacheError.is(error)) return problem(500, 'The management of the cache failed.');
  const { code, message } = error;
  if (code === ('CACHE_EVICT_UNACKNOWLEDGED' satisfies CacheEvictError['code'])) return problem(202, message, { code });
  const hasNoTags = code === ('CACHE_OPTION_INVALID' satisfies CacheConfigurationError['code']);
  return problem(hasNoTags ? 409 : code.startsWith('CACHE_KEY') ? 400 : 503, message, { code });
}
