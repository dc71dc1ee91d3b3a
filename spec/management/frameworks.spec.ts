import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import express from 'express';
import fastify from 'fastify';
import { Container } from 'inversify';
import { CacheManager, enableCaching } from '../../lib/index.js';
import { type CacheManagement, cacheManagement } from '../../lib/management/index.js';
import { ownNamespace } from '../support/shared-redis.js';
import { EventReader, exchange } from './exchange.js';

// Hono's own types speak of the DOM, which a library for Node must not know.
const require = createRequire(import.meta.url);
const { Hono } = require('hono') as {
  readonly Hono: new () => {
    mount(path: string, handler: (request: Request) => Promise<Response>): unknown;
    get(path: string, handler: (context: { text(text: string): Response }) => Response): unknown;
    readonly fetch: (request: Request) => Promise<Response>;
  };
};
const { serve: serveHono } = require('@hono/node-server') as {
  readonly serve: (options: { readonly fetch: object; readonly port: number; readonly hostname: string }) => Server;
};

/** Where it is mounted, with one route of the application's own behind it; and how it is closed. */
interface Mounted {
  readonly origin: string;
  readonly close: () => Promise<void>;
}

const originOf = (server: { address(): unknown }): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const closeServer = async (server: Server): Promise<void> => {
  server.closeAllConnections();
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
};

/** As `docs/operations.md` shows it. */
const FRAMEWORKS: Readonly<Record<string, (container: Container) => Promise<{ mounted: Mounted; management: CacheManagement }>>> = {
  'node:http': async (container) => {
    const management = cacheManagement(container, { basePath: '/cache', allowWrites: true });
    const server = createServer((request, response) => management.node(request, response, () => response.end('own'))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    return { management, mounted: { origin: originOf(server), close: () => closeServer(server) } };
  },
  Express: async (container) => {
    const management = cacheManagement(container, { allowWrites: true });
    const app = express();
    app.use('/cache', management.node);
    app.use((_request, response) => void response.send('own'));
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { management, mounted: { origin: originOf(server), close: () => closeServer(server) } };
  },
  Fastify: async (container) => {
    const management = cacheManagement(container, { basePath: '/cache', allowWrites: true });
    const app = fastify();
    app.all('/cache/*', (request, reply) => {
      reply.hijack();
      management.node(request.raw, reply.raw);
    });
    app.get('/own', () => 'own');
    await app.listen({ port: 0, host: '127.0.0.1' });
    return {
      management,
      mounted: {
        origin: originOf(app.server),
        close: async () => {
          app.server.closeAllConnections();
          await app.close();
        },
      },
    };
  },
  Hono: async (container) => {
    const management = cacheManagement(container, { allowWrites: true });
    const app = new Hono();
    app.mount('/cache', management.fetch);
    app.get('/own', (context) => context.text('own'));
    const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    await once(server, 'listening');
    return { management, mounted: { origin: originOf(server), close: () => closeServer(server) } };
  },
};

for (const [name, mount] of Object.entries(FRAMEWORKS)) {
  describe(`${cacheManagement.name} under ${name}`, () => {
    let container: Container;
    let mounted: Mounted;
    let management: CacheManagement;

    beforeEach(async () => {
      container = new Container();
      await enableCaching(container, { namespace: ownNamespace('frameworks'), instanceId: 'one', caches: { book: {} } });
      ({ mounted, management } = await mount(container));
    });

    afterEach(async () => {
      management.close();
      await mounted.close();
      await container.unbindAllAsync();
    });

    it('answers, and leaves the application its own routes', async () => {
      const health = await exchange(`${mounted.origin}/cache/health`);
      expect([health.status, JSON.parse(health.text).status]).to.deep.equal([200, 'UP']);
      expect((await exchange(`${mounted.origin}/cache/console`)).text).to.include('<title>Cache console</title>');
      expect((await exchange(`${mounted.origin}/own`)).text).to.equal('own');
    });

    it('reads keys as they were written, and evicts', async () => {
      const book = container.get(CacheManager).getCache('book')!;
      await book.put('a/b?c=d&e %', 1);
      const path = `${mounted.origin}/cache/caches/book/entry?key=${encodeURIComponent('a/b?c=d&e %')}`;
      expect(JSON.parse((await exchange(path)).text)).to.deep.include({ key: 'a/b?c=d&e %' });
      expect((await exchange(path, { method: 'DELETE' })).status).to.equal(204);
      expect(await book.get('a/b?c=d&e %')).to.equal(undefined);
    });

    it('refuses pages of another origin, and bodies of any kind', async () => {
      expect(
        (await exchange(`${mounted.origin}/cache/caches/book`, { method: 'DELETE', headers: { origin: 'https://evil.example' } })).status,
      ).to.equal(403);
      const headers = { 'content-type': 'text/plain', 'content-length': '1' };
      expect((await exchange(`${mounted.origin}/cache/caches/book`, { method: 'DELETE', body: 'x', headers })).status).to.equal(413);
      const chunked = { 'content-type': 'text/plain', 'transfer-encoding': 'chunked' };
      expect((await exchange(`${mounted.origin}/cache/caches/book`, { method: 'DELETE', body: 'x', headers: chunked })).status).to.equal(
        413,
      );
      expect(container.get(CacheManager).getCache('book')!.statistics().clears).to.equal(0);
    });

    it('streams what happens while it happens, and ends with the client', async () => {
      const abort = new AbortController();
      const reader = new EventReader((await fetch(`${mounted.origin}/cache/stream`, { signal: abort.signal })).body!);
      await reader.next((event, data) => event === 'fleet' && data.instances.length === 1);
      await container.get(CacheManager).getCache('book')!.evict('Dune');
      expect((await reader.next((event) => event === 'feed'))?.data.entries[0]).to.deep.include({ kind: 'evicted', keys: ['Dune'] });
      abort.abort();
      await reader.cancel().catch(() => undefined);
    });
  });
}

describe(`${cacheManagement.name} under fetch alone`, () => {
  it('refuses a body that comes without a word of its length', async () => {
    const container = new Container();
    await enableCaching(container, { namespace: ownNamespace('frameworks'), caches: { book: {} } });
    const { fetch: handle } = cacheManagement(container, { allowWrites: true });
    expect((await handle(new Request('http://localhost/caches/book', { method: 'DELETE', body: 'x' }))).status).to.equal(413);
    expect(container.get(CacheManager).getCache('book')!.statistics().clears).to.equal(0);
    expect((await handle(new Request('http://localhost/caches/book', { method: 'DELETE' }))).status).to.equal(204);
    expect(container.get(CacheManager).getCache('book')!.statistics().clears).to.equal(1);
    await container.unbindAllAsync();
  });
});
