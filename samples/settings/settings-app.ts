import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type RouteShorthandOptions } from 'fastify';
import type { Container } from 'inversify';
import { CacheManager, type CacheStatistics } from '../../lib/index.js';
import { traceRead } from '../support/request-trace.js';
import type { AdminToken } from './admin-token.js';
import { BRIEF_CACHE, CACHE, CachedSettings } from './cached-settings.js';
import { checkName, type Setting, SettingError } from './setting.js';
import { SettingsAdmin } from './settings-admin.js';
import { SettingsBoard } from './settings-board.js';

/** The most bytes a request's body may have. */
export const MAXIMUM_BODY_BYTES = 16 * 1024;

/** What the HTTP side of a server is made of. */
export interface SettingsAppOptions {
  /** As in the header `x-server`. */
  readonly name: string;
  readonly container: Container;
  readonly token: AdminToken;
}

interface NameOf {
  readonly Params: { readonly name: string };
}

/**
 * - GET `/settings`, `/settings/:name`: from the board; `x-live` says whether it is up to date beyond doubt.
 * - GET `/cached-settings/:name`: through the cache; `x-cache` says where it came from.
 * - GET `/recent-settings/:name`: the same, at most half a second old. While the database is away, the last known
 *   value (`x-cache: stale`); with `?stale=no` the answer is 503 then.
 * - PUT `/admin/settings/:name` with `{"value": …}`: changes it; `?cache=put` replaces the cached value instead of dropping it.
 * - DELETE `/admin/cached-settings/:name`: drops it from every cache.
 * - GET `/health`.
 */
export function settingsApp({ name: server, container, token }: SettingsAppOptions): FastifyInstance {
  const app = fastify({ bodyLimit: MAXIMUM_BODY_BYTES, forceCloseConnections: 'idle' });
  // Whatever a client calls its JSON; curl calls it a form.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-server', server));
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'There is nothing here. Try /settings or /settings/banner.' }));
  app.setErrorHandler<FastifyError | SettingError>((error, _request, reply) => {
    const { statusCode: status = 500, message } = error;
    if (error instanceof SettingError || status < 500) return reply.code(status).send({ error: message });
    console.error(error);
    return reply.code(status).send({ error: 'The server failed. Its log tells more.' });
  });

  addReading(app, container);
  addAdministration(app, container, token);
  app.get('/health', async (_request, reply) => {
    const { status, links, caches } = container.get(CacheManager).health();
    return reply.code(status === 'down' ? 503 : 200).send({ server, status, links, caches });
  });
  return app;
}

function addReading(app: FastifyInstance, container: Container): void {
  const board = container.get(SettingsBoard);
  const cached = container.get(CachedSettings);
  const manager = container.get(CacheManager);

  app.get('/settings', async (_request, reply) => reply.header('x-live', board.isLive).send(board.all()));
  app.get<NameOf>('/settings/:name', async ({ params }, reply) =>
    reply.header('x-live', board.isLive).send(board.get(checkName(params.name, 404))),
  );
  /** A read through a cache, and where its answer came from. */
  const answer = async (reply: FastifyReply, cache: string, read: () => Promise<Setting | undefined>): Promise<FastifyReply> => {
    const { value, source } = await traceRead(() => manager.statistics()[cache] as CacheStatistics, read);
    return reply.header('x-cache', source).send(value);
  };
  app.get<NameOf>('/cached-settings/:name', ({ params }, reply) => {
    const name = checkName(params.name, 404);
    return answer(reply, CACHE, () => cached.find(name));
  });
  app.get<NameOf & { readonly Querystring: { readonly stale?: unknown } }>('/recent-settings/:name', ({ params, query }, reply) => {
    const name = checkName(params.name, 404);
    return answer(reply, BRIEF_CACHE, () => (query.stale === 'no' ? cached.findRecentOrFail(name) : cached.findRecent(name)));
  });
}

function addAdministration(app: FastifyInstance, container: Container, token: AdminToken): void {
  const admin = container.get(SettingsAdmin);

  const guarded: RouteShorthandOptions = {
    onRequest: async ({ headers }, reply) => {
      if (token.isIn(headers.authorization)) return;
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'This takes the token of an administrator.' });
    },
  };

  app.put<NameOf & { readonly Querystring: { readonly cache?: unknown } }>(
    '/admin/settings/:name',
    guarded,
    async ({ params, query, body }, reply) => {
      const { cache = 'evict' } = query;
      if (cache !== 'evict' && cache !== 'put') throw new SettingError(400, 'Expected `cache` to be evict or put.');
      const { setting, pending } = await admin.change(checkName(params.name, 400), valueIn(body), cache);
      // 202: it is saved, but Redis did not acknowledge it. Other servers learn of it as soon as it does.
      return reply.code(pending.length === 0 ? 200 : 202).send({ ...setting, pending });
    },
  );
  app.delete<NameOf>('/admin/cached-settings/:name', guarded, async ({ params }, reply) => {
    const forgetting = await admin.forget(params.name);
    return reply.code(forgetting.pending.length === 0 ? 200 : 202).send(forgetting);
  });
}

function valueIn(body: unknown): unknown {
  if (typeof body === 'object' && body !== null && Object.hasOwn(body, 'value')) return (body as { readonly value: unknown }).value;
  throw new SettingError(400, 'Expected a JSON object with a `value`.');
}
