import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import type { Container } from 'inversify';
import { CacheManager, type CacheStatistics } from '../../lib/index.js';
import { traceRead } from '../support/request-trace.js';
import type { AdminToken } from './admin-token.js';
import { CachedSettings } from './cached-settings.js';
import { checkName, SettingError } from './setting.js';
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
 * - PUT `/admin/settings/:name` with `{"value": …}`: changes it; `?cache=put` replaces the cached value instead of dropping it.
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
    if (status >= 500) console.error(error);
    return reply.code(status).send({ error: status >= 500 ? 'The server failed. Its log tells more.' : message });
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
  app.get<NameOf>('/cached-settings/:name', async ({ params }, reply) => {
    const name = checkName(params.name, 404);
    const { value, source } = await traceRead(
      () => manager.statistics()['settings'] as CacheStatistics,
      () => cached.find(name),
    );
    return reply.header('x-cache', source).send(value);
  });
}

function addAdministration(app: FastifyInstance, container: Container, token: AdminToken): void {
  const admin = container.get(SettingsAdmin);

  app.put<NameOf & { readonly Querystring: { readonly cache?: unknown } }>(
    '/admin/settings/:name',
    {
      onRequest: async ({ headers }, reply) => {
        if (token.isIn(headers.authorization)) return;
        return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'This takes the token of an administrator.' });
      },
    },
    async ({ params, query, body }, reply) => {
      const { cache = 'evict' } = query;
      if (cache !== 'evict' && cache !== 'put') throw new SettingError(400, 'Expected `cache` to be evict or put.');
      const { setting, pending } = await admin.change(checkName(params.name, 400), valueIn(body), cache);
      // 202: it is saved, but Redis did not acknowledge it. Other servers learn of it as soon as it does.
      return reply.code(pending.length === 0 ? 200 : 202).send({ ...setting, pending });
    },
  );
}

function valueIn(body: unknown): unknown {
  if (typeof body === 'object' && body !== null && Object.hasOwn(body, 'value')) return (body as { readonly value: unknown }).value;
  throw new SettingError(400, 'Expected a JSON object with a `value`.');
}
