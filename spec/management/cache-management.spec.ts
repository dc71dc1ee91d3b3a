import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { Container } from 'inversify';
import { encodeKey } from '../../lib/cache/index.js';
import { type Cache, CacheManager, enableCaching } from '../../lib/index.js';
import { type CacheManagement, cacheManagement, type CacheManagementOptions } from '../../lib/management/index.js';
import { bindCacheMetrics } from '../../lib/telemetry/index.js';
import { cacheErrorIn } from '../contract/rejection.js';
import { MapCacheManager } from '../support/map-cache.js';
import { Prometheus } from '../support/prometheus.js';
import { ownNamespace } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { type Exchange, EventReader, exchange } from './exchange.js';

const TOKEN = 'a-token-of-some-length';

describe(cacheManagement.name, () => {
  let containers: Container[];
  let servers: Server[];
  let handlers: CacheManagement[];
  let book: Cache;
  let base: string;

  const enable = async (instanceId: string, namespace: string): Promise<Container> => {
    const container = new Container();
    containers.push(container);
    await enableCaching(container, { namespace, instanceId, caches: { book: { ttl: '60s', tags: true }, author: {} } });
    return container;
  };

  const serve = async (options?: CacheManagementOptions, source: Container | CacheManager = containers[0]!): Promise<string> => {
    const handler = cacheManagement(source, { basePath: '/cache', ...options });
    handlers.push(handler);
    const server = createServer((request, response) => handler.node(request, response)).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/cache`;
  };

  const json = async (url: string): Promise<any> => JSON.parse((await exchange(url)).text);

  beforeEach(async () => {
    [containers, servers, handlers] = [[], [], []];
    const container = await enable('one', ownNamespace('management'));
    book = container.get(CacheManager).getCache('book')!;
    base = await serve({ allowWrites: true });
  });

  afterEach(async () => {
    for (const handler of handlers) handler.close();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all(containers.map((container) => container.unbindAllAsync()));
  });

  describe('GET', () => {
    it('/ links to the rest', async () => {
      const { _links } = await json(base);
      const fixed = ['console', 'health', 'caches', 'metrics', 'fleet', 'stream'];
      const templated = ['caches-cache', 'caches-cache-entry', 'caches-cache-tags'];
      expect(Object.keys(_links)).to.deep.equal([...fixed, ...templated]);
      for (const name of fixed) if (name !== 'stream') expect((await exchange(`${base}/${_links[name].href}`)).status, name).to.equal(200);
      expect(templated.map((name) => _links[name])).to.deep.equal([
        { href: 'caches/{cache}', templated: true },
        { href: 'caches/{cache}/entry{?key}', templated: true },
        { href: 'caches/{cache}/tags{?tag*}', templated: true },
      ]);
    });

    it('/health tells links and caches in Spring Boot words, and 503 once the instance is down', async () => {
      const up = { status: 'UP' };
      const cache = { status: 'UP', details: { boundMs: 1_000, provenMs: 0 } };
      expect(await json(`${base}/health`)).to.deep.equal({
        status: 'UP',
        components: { command: up, subscriber: up, caches: { status: 'UP', components: { book: cache, author: cache } } },
      });
      await containers[0]!.unbindAllAsync();
      const { status, text } = await exchange(`${base}/health`);
      expect([status, JSON.parse(text).status]).to.deep.equal([503, 'DOWN']);
    });

    it('/caches names them', async () => {
      expect(await json(`${base}/caches`)).to.deep.equal({
        cacheManagers: { one: { caches: { book: { target: 'TransactionAwareCache' }, author: { target: 'TransactionAwareCache' } } } },
      });
    });

    it('/caches/{name} tells figures that agree with what was done', async () => {
      await book.getOrLoad('Dune', () => 1);
      await book.getOrLoad('Emma', () => 2);
      for (let i = 0; i < 3; i += 1) await book.get('Dune');
      await book.evict('Emma');
      const told = await json(`${base}/caches/book`);
      expect(told).to.include({
        name: 'book',
        cacheManager: 'one',
        status: 'up',
        isServing: true,
        tiers: 'both',
        ttlMs: 60_000,
        tags: true,
        maximumSize: 1_000,
        provenMs: 0,
      });
      expect(told.statistics).to.include({ localHits: 3, misses: 2, loads: 2, fills: 2, evictions: 1, localSize: 1, messagesApplied: 1 });
      expect(told.statistics.localBytes).to.be.greaterThan(0);
      expect([told.statistics.loadTimes.count, told.statistics.lags.count]).to.deep.equal([2, 1]);
    });

    it('/caches/{name}/entry tells which tier holds a key, and not its value', async () => {
      await book.put(['Dune', 2], 'a secret value');
      await book.get(['Dune', 2]);
      const { status, text } = await exchange(`${base}/caches/book/entry?key=${encodeURIComponent('~["Dune",2]')}`);
      expect(status).to.equal(200);
      expect(JSON.parse(text)).to.deep.include({
        cache: 'book',
        instance: 'one',
        key: '~["Dune",2]',
        isServing: true,
        isDoubtful: false,
        isWithheld: false,
      });
      expect([JSON.parse(text).local.state, JSON.parse(text).remote.state]).to.deep.equal(['held', 'held']);
      expect(text).to.not.include('secret');
      expect((await json(`${base}/caches/book/entry?key=`)).key, 'the empty key is a key').to.equal('');
    });

    it('/caches/{name}/entry tells the tags that it carries, and nothing of them in a cache without', async () => {
      const tagsOf = async (cache: string): Promise<unknown> => (await json(`${base}/caches/${cache}/entry?key=Dune`)).tags;
      await containers[0]!.get(CacheManager).getCache('author')!.put('Dune', 1);
      expect([await tagsOf('book'), await tagsOf('author')]).to.deep.equal([undefined, undefined]);
      await book.put('Dune', 1, { tags: ['author:1', 42] });
      expect(await tagsOf('book')).to.deep.equal(['author:1', '~42']);
      await book.put('Dune', 1);
      expect(await tagsOf('book')).to.deep.equal([]);
    });

    it('/metrics tells the figures under the names and labels of the OpenTelemetry exporter', async () => {
      const prometheus = await Prometheus.start();
      const end = bindCacheMetrics(containers[0]!.get(CacheManager), { meterProvider: prometheus.meterProvider });
      await book.getOrLoad('Dune', () => 1);
      await book.getOrLoad('Dune', () => 1);
      await book.get('Emma');
      await book.evictAll(['a', 'b']);
      await book.evictTagged(['a', 'b', 'c']);
      const theirs = await prometheus.samples();
      end();
      await prometheus.stop();
      const { text, headers } = await exchange(`${base}/metrics`);
      expect(headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
      const ours: Record<string, number> = {};
      for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
        const [, name, labels = '', value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line)!;
        expect(labels).to.include('instance_id="one"');
        ours[
          `${name}{${labels
            .split(',')
            .filter((label) => !label.startsWith('instance_id'))
            .sort()
            .join(',')}}`
        ] = Number(value);
      }
      // Theirs leaves out units, and histograms of which nothing was recorded. Time goes on between the two.
      const unitless = (sample: string): string => sample.replace(/_(seconds|bytes)(?=_|\{)/, '');
      const isEmpty = (sample: string): boolean => {
        const [, name, labels] = /^(\w+)_(?:bucket|sum|count)\{(.*?)(?:,le=.*)?\}$/.exec(sample) ?? [];
        return name !== undefined && ours[`${name}_count{${labels}}`] === 0;
      };
      const comparable = (samples: Readonly<Record<string, number>>): object =>
        Object.fromEntries(
          Object.entries(samples)
            .filter(([name]) => !isEmpty(name))
            .map(([name, value]) => [unitless(name), name.includes('bypass_duration') ? 0 : Number(value.toFixed(9))]),
        );
      expect(comparable(ours)).to.deep.equal(comparable(theirs));
      expect(ours['cache_gets_total{cache="book",result="hit",tier="local"}']).to.equal(1);
      expect(ours['cache_gets_total{cache="book",result="miss"}']).to.equal(2);
      expect(ours['cache_invalidations_total{cache="book",operation="evict"}']).to.equal(2);
      expect(ours['cache_invalidations_total{cache="book",operation="evictTagged"}']).to.equal(3);
      expect(ours['cache_entries_overtaken_total{cache="book"}']).to.equal(0);
      expect(ours['cache_tags_asked_total{cache="book"}']).to.equal(0);
      expect(ours['cache_load_duration_seconds_count{cache="book"}']).to.equal(1);
      expect(ours['cache_load_duration_seconds_bucket{cache="author",le="+Inf"}'], 'there before anything happens').to.equal(0);
      expect(ours['cache_coherence_proven_age_seconds{cache="book"}']).to.equal(0);
      expect(ours['cache_coherence_bound_seconds{cache="book"}']).to.equal(1);
      expect(ours['cache_coherence_refused{cache="book"}']).to.equal(0);
      expect(ours['cache_local_memory_bytes{cache="book"}']).to.equal(book.statistics().localBytes);
      expect(text).to.include('# TYPE cache_coherence_lag_seconds histogram\n');
    });

    it('/fleet tells every instance of the namespace', async () => {
      const { status } = await exchange(`${base}/fleet`);
      expect(status).to.equal(200);
      const { instances, isReachable } = await json(`${base}/fleet`);
      expect(isReachable).to.equal(true);
      expect(instances.map((view: any) => [view.status.id, view.isSelf])).to.deep.equal([['one', true]]);
    });

    it('/console is a page whose every file is there, under a policy that lets nothing else in', async () => {
      const { text, headers } = await exchange(`${base}/console`);
      expect(headers['content-type']).to.equal('text/html; charset=utf-8');
      expect(headers['content-security-policy']).to.equal(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
      );
      const files = [...text.matchAll(/(?:src|href)="([^#"]+)"/g)].map(([, file]) => file!);
      expect(files).to.include.members(['console.css', 'console.js', 'console.svg', 'uplot.js', 'uplot.css']);
      for (const file of files) expect((await exchange(`${base}/${file}`)).status, file).to.equal(200);
      const built = readdirSync(new URL('../../lib/management/console/', import.meta.url)).filter((file) => file !== 'console.html');
      for (const file of built) expect((await exchange(`${base}/${file}`)).status, file).to.equal(200);
      expect(text).to.not.match(/<script(?![^>]*src=)|style="|\son\w+="/);
    });

    it('answers HEAD as GET, without the body', async () => {
      for (const path of ['/health', '/console', '/stream', '/caches/book']) {
        const { status, text } = await exchange(`${base}${path}`, { method: 'HEAD' });
        expect([status, text], path).to.deep.equal([200, '']);
      }
    });
  });

  describe('GET /stream', () => {
    const open = async (url: string): Promise<EventReader> => new EventReader((await fetch(`${url}/stream`)).body!);

    it('says hello, shows the fleet, and tells an eviction from each instance that applied it', async () => {
      const namespace = ownNamespace('management');
      const [one, two] = [await enable('alpha', namespace), await enable('beta', namespace)];
      const reader = await open(await serve({}, one));
      expect((await reader.next((event) => event === 'hello'))?.data).to.include({
        instance: 'alpha',
        namespace,
        boundMs: 1_000,
        allowWrites: false,
      });
      const shown = new Map<string, any>();
      while (shown.size < 2) {
        const view = (await reader.next((event) => event === 'status'))?.data;
        shown.set(view.status.id, view);
      }
      expect([shown.get('alpha').isSelf, shown.get('beta').isSelf]).to.deep.equal([true, false]);
      expect(shown.get('beta').status.caches).to.have.keys('book', 'author');
      const fleet = await reader.next((event, data) => event === 'fleet' && data.instances.length === 2);
      expect(fleet?.data.instances.map((each: any) => each.id)).to.deep.equal(['alpha', 'beta']);
      await two.get(CacheManager).getCache('book')!.evict('Dune');
      const from = new Set<string>();
      while (from.size < 2) {
        const feed = await reader.next((event, data) => event === 'feed' && data.entries.some((entry: any) => entry.kind === 'evicted'));
        expect(feed?.data.entries[0]).to.deep.include({ cache: 'book', keys: ['Dune'], origin: 'beta', seq: 1 });
        from.add(feed?.data.instance);
      }
      expect([...from].sort()).to.deep.equal(['alpha', 'beta']);
      await two.unbindAllAsync();
      expect((await reader.next((event) => event === 'gone'))?.data).to.deep.equal({ instance: 'beta' });
      await reader.cancel();
    });

    it('ends with the container, and with the handler', async () => {
      const other = await enable('other', ownNamespace('management'));
      const url = await serve({}, other);
      const [first, second] = [await open(url), await open(base)];
      await first.next((event) => event === 'hello');
      await second.next((event) => event === 'hello');
      await other.unbindAllAsync();
      expect(await first.next(() => false)).to.equal(undefined);
      handlers[0]!.close();
      expect(await second.next(() => false)).to.equal(undefined);
    });

    it('is refused beyond the most, and again possible when one has gone', async () => {
      const url = await serve({ maximumStreams: 1 });
      const reader = await open(url);
      await reader.next((event) => event === 'hello');
      const refused = await exchange(`${url}/stream`);
      expect([refused.status, refused.headers['retry-after']]).to.deep.equal([503, '10']);
      await reader.cancel();
      await waitFor(
        async () => {
          const response = await fetch(`${url}/stream`);
          await response.body?.cancel();
          return response.status === 200;
        },
        { what: 'a free place' },
      );
    });
  });

  describe('DELETE', () => {
    it('/caches/{name}/entry evicts one key, and only it', async () => {
      await book.put('Dune', 1);
      await book.put('Emma', 2);
      expect(await exchange(`${base}/caches/book/entry?key=Dune`, { method: 'DELETE' })).to.include({ status: 204, text: '' });
      expect([await book.get('Dune'), await book.get('Emma')]).to.deep.equal([undefined, { value: 2 }]);
    });

    it('/caches/{name}/entry takes a list for one key', async () => {
      await book.put(['a', 'b'], 1);
      await book.put('a', 2);
      expect((await exchange(`${base}/caches/book/entry?key=${encodeURIComponent('~["a","b"]')}`, { method: 'DELETE' })).status).to.equal(
        204,
      );
      expect([await book.get(['a', 'b']), await book.get('a')]).to.deep.equal([undefined, { value: 2 }]);
    });

    it('/caches/{name}/entry takes and shows the digest of a long key', async () => {
      const key = 'x'.repeat(5_000);
      await book.put(key, 1);
      const digest = encodeKey(key);
      const url = `${base}/caches/book/entry?key=${encodeURIComponent(digest)}`;
      expect(await json(url)).to.include({ key: digest });
      expect((await exchange(url, { method: 'DELETE' })).status).to.equal(204);
      expect(await book.get(key)).to.equal(undefined);
    });

    it('/caches/{name}/tags evicts all that carry one of the tags, and only that', async () => {
      await book.put('Dune', 1, { tags: ['author:1'] });
      await book.put('Kim', 2, { tags: [['author', 2]] });
      await book.put('Emma', 3, { tags: ['author:3'] });
      const query = `tag=${encodeURIComponent('author:1')}&tag=${encodeURIComponent('~["author",2]')}`;
      expect(await exchange(`${base}/caches/book/tags?${query}`, { method: 'DELETE' })).to.include({ status: 204, text: '' });
      expect(await book.getAll(['Dune', 'Kim', 'Emma'])).to.deep.equal([undefined, undefined, { value: 3 }]);
      expect(book.statistics()).to.include({ tagEvictions: 2, evictions: 0, clears: 0 });
      expect((await exchange(`${base}/caches/book/tags?tag=author:3&acks=none`, { method: 'DELETE' })).status).to.equal(204);
      expect(await book.get('Emma')).to.equal(undefined);
    });

    it('/caches/{name} clears that cache, and only it', async () => {
      const author = containers[0]!.get(CacheManager).getCache('author')!;
      await book.put('Dune', 1);
      await author.put('Herbert', 1);
      expect((await exchange(`${base}/caches/book`, { method: 'DELETE' })).status).to.equal(204);
      expect([await book.get('Dune'), await author.get('Herbert')]).to.deep.equal([undefined, { value: 1 }]);
    });
  });

  describe('refuses, and changes nothing:', () => {
    let readOnly: string;
    let locked: string;

    beforeEach(async () => {
      await book.put('Dune', 1, { tags: ['author:1'] });
      readOnly = await serve();
      locked = await serve({ token: TOKEN, allowWrites: true });
    });

    afterEach(async () => {
      expect(await book.get('Dune'), 'the book afterwards').to.deep.equal({ value: 1 });
      expect(book.statistics()).to.include({ evictions: 0, clears: 0, tagEvictions: 0 });
      expect([...containers[0]!.get(CacheManager).cacheNames]).to.deep.equal(['book', 'author']);
    });

    const refused = async (answer: Promise<Exchange>, status: number, message?: string): Promise<Exchange> => {
      const given = await answer;
      const body = JSON.parse(given.text);
      expect(given.status, given.text).to.equal(status);
      expect(body.status).to.equal(status);
      if (message !== undefined) expect(body.message).to.equal(message);
      expect(given.headers['access-control-allow-origin'], 'CORS').to.equal(undefined);
      return given;
    };
    const evict = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Exchange> =>
      exchange(`${url}/caches/book/entry?key=Dune`, { method: 'DELETE', headers });

    it('403 every write where writing is not allowed', async () => {
      const message = 'The management of the cache is read-only here (`allowWrites` is off).';
      await refused(evict(readOnly), 403, message);
      await refused(exchange(`${readOnly}/caches/book`, { method: 'DELETE' }), 403, message);
      await refused(exchange(`${readOnly}/caches/book/tags?tag=author:1`, { method: 'DELETE' }), 403, message);
    });

    it('401 whoever has no token, or a wrong one', async () => {
      for (const authorization of [
        undefined,
        '',
        'Bearer',
        'Bearer x',
        `Bearer ${TOKEN}x`,
        `Bearer ${TOKEN.slice(1)}`,
        `Basic ${TOKEN}`,
        TOKEN,
      ]) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        const { headers: answered } = await refused(evict(locked, headers), 401, 'A bearer token is needed.');
        expect(answered['www-authenticate'], authorization).to.match(/^Bearer realm="inversify-cache"/);
        for (const path of [
          '',
          '/health',
          '/caches',
          '/caches/book',
          '/metrics',
          '/fleet',
          '/stream',
          '/caches/none',
          '/caches/book/tags?tag=author:1',
        ]) {
          expect((await exchange(`${locked}${path}`, { headers })).status, `${path} with ${authorization}`).to.equal(401);
        }
      }
      expect((await exchange(`${locked}/health`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).to.equal(200);
      expect((await exchange(`${locked}/console`)).status, 'the page, which holds no data').to.equal(200);
    });

    /** A request whose body is a stream, which Node's types do not foresee. */
    const streaming = (path: string, method: string, body: ReadableStream, headers: Readonly<Record<string, string>> = {}): Request =>
      new Request(`http://localhost/cache${path}`, { method, body, headers, duplex: 'half' } as object);

    it('401 before any of a body is read, however long it is or takes', async () => {
      const { fetch: answer } = cacheManagement(containers[0]!, { basePath: '/cache', token: TOKEN, allowWrites: true });
      const cases: readonly Readonly<Record<string, string>>[] = [
        {},
        { 'content-length': '1000000000' },
        { 'transfer-encoding': 'chunked' },
        { authorization: 'Bearer wrong' },
      ];
      for (const headers of cases) {
        let pulls = 0;
        // It never ends; and who asks it for nothing has not read it.
        const endless = (): ReadableStream =>
          new ReadableStream({ pull: () => ((pulls += 1), new Promise(() => undefined)) }, { highWaterMark: 0 });
        const { status } = await answer(streaming('/caches/book', 'DELETE', endless(), headers));
        expect([status, pulls], JSON.stringify(headers)).to.deep.equal([401, 0]);
        expect((await answer(streaming('/console.css', 'POST', endless(), headers))).status).to.equal(405);
        const foreign = { ...headers, origin: 'https://evil.example', authorization: `Bearer ${TOKEN}` };
        expect((await answer(streaming('/health', 'DELETE', endless(), foreign))).status).to.equal(403);
        expect(pulls).to.equal(0);
      }
    });

    it('401 over a socket as well, which it closes rather than read what was announced', async () => {
      for (const headers of [{ 'content-length': '1000000000' }, { 'transfer-encoding': 'chunked' }]) {
        const socket = connect(Number(new URL(locked).port), '127.0.0.1');
        socket.write(
          `DELETE /cache/caches/book HTTP/1.1\r\nhost: x\r\n${Object.entries(headers)
            .map((each) => each.join(': '))
            .join('')}\r\n\r\n`,
        );
        let text = '';
        for await (const chunk of socket) text += String(chunk);
        expect(text)
          .to.match(/^HTTP\/1.1 401 /)
          .and.match(/\r\nconnection: close\r\n/i);
      }
    });

    it('413 a body only of those who may come in', async () => {
      const { fetch: answer } = cacheManagement(containers[0]!, { basePath: '/cache', token: TOKEN, allowWrites: true });
      const request = new Request('http://localhost/cache/caches/book', {
        method: 'DELETE',
        body: '{}',
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      expect((await answer(request)).status).to.equal(413);
    });

    it('403 pages of another origin, whatever they know', async () => {
      const authorization = `Bearer ${TOKEN}`;
      for (const foreign of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
      ]) {
        await refused(
          evict(locked, { authorization, ...(foreign as Record<string, string>) }),
          403,
          'Pages of another origin may not use the management of the cache.',
        );
        expect(
          (await exchange(`${locked}/stream`, { headers: { authorization, ...(foreign as Record<string, string>) } })).status,
        ).to.equal(403);
      }
      await refused(
        exchange(`${base}/caches/book`, {
          method: 'OPTIONS',
          headers: { origin: 'https://evil.example', 'access-control-request-method': 'DELETE' },
        }),
        403,
      );
      for (const own of [
        { origin: new URL(locked).origin },
        { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' },
        { 'sec-fetch-site': 'none' },
      ]) {
        expect((await exchange(`${locked}/health`, { headers: { authorization, ...(own as Record<string, string>) } })).status).to.equal(
          200,
        );
      }
      const open = await serve({ origins: ['https://ops.example'] });
      expect((await exchange(`${open}/health`, { headers: { origin: 'https://ops.example' } })).status).to.equal(200);
    });

    it('400 what cannot be understood', async () => {
      const at = (path: string, method = 'DELETE') => exchange(base, { path: `/cache${path}`, method });
      await refused(at('/caches/book/entry'), 400, 'Expected the query to name one `key`.');
      await refused(at('/caches/book/entry?key=Dune&key=Emma'), 400, 'Expected the query to name one `key`.');
      await refused(at('/caches/book/entry?key=Dune&acks=some'), 400, "Expected `acks` to be 'all' or 'none'.");
      await refused(at('/caches/book?key=Dune'), 400, 'To evict one key: DELETE /caches/book/entry?key=…');
      await refused(at('/caches/book?tag=author:1'), 400, 'To evict by tag: DELETE /caches/book/tags?tag=…');
      const noTags = 'Expected the query to name `tag`s, and no `key`.';
      for (const query of ['', '?key=Dune', '?tag=author:1&key=Dune', '?tags=author:1'])
        await refused(at(`/caches/book/tags${query}`), 400, noTags);
      await refused(at('/caches/book/tags?tag=author:1&acks=some'), 400, "Expected `acks` to be 'all' or 'none'.");
      expect(JSON.parse((await refused(at('/caches/book/tags?tag=~['), 400)).text).code).to.equal('CACHE_KEY_UNSUPPORTED');
      await refused(at('/caches/%E0%A4%A/entry?key=Dune'), 400, 'The name of the cache is not percent-encoded UTF-8.');
      const { text } = await refused(at('/caches/book/entry?key=~['), 400);
      expect(JSON.parse(text).code).to.equal('CACHE_KEY_UNSUPPORTED');
    });

    it('404 what is not there, and makes no cache of it', async () => {
      await refused(exchange(`${base}/caches/none`, { method: 'DELETE' }), 404, "There is no cache 'none'.");
      await refused(exchange(`${base}/caches/none/tags?tag=x`, { method: 'DELETE' }), 404, "There is no cache 'none'.");
      await refused(exchange(`${base}/caches/none`), 404, "There is no cache 'none'.");
      const { text } = await refused(exchange(`${base}/caches/%1b%5b2J%c2%9b%e2%80%ae${'x'.repeat(10_000)}`), 404);
      expect(text.trimEnd()).to.not.match(/[\p{Cc}\p{Cf}]/u);
      expect(text.length).to.be.below(500);
      for (const path of [
        '/cache/none',
        '/elsewhere',
        '/cachess',
        '/cache/../cache/console.html',
        '/cache/console/../../package.json',
        '//cache/health',
      ]) {
        await refused(exchange(base, { path }), 404, 'There is nothing here.');
      }
    });

    it('409 tags of a cache without them', async () => {
      const author = containers[0]!.get(CacheManager).getCache('author')!;
      await author.put('Herbert', 1);
      const { text } = await refused(exchange(`${base}/caches/author/tags?tag=x`, { method: 'DELETE' }), 409);
      expect(JSON.parse(text)).to.deep.equal({
        ...{ status: 409, error: 'Conflict', code: 'CACHE_OPTION_INVALID' },
        message: "Cache 'author' has no tags. Write `caches: { 'author': { tags: true } }`.",
      });
      expect(await author.get('Herbert')).to.deep.equal({ value: 1 });
    });

    it('405 other methods', async () => {
      const { headers: ofTags } = await refused(exchange(`${base}/caches/book/tags?tag=author:1`), 405, 'Expected DELETE.');
      expect(ofTags['allow']).to.equal('DELETE');
      for (const method of ['POST', 'PUT', 'PATCH', 'OPTIONS', 'TRACE']) {
        const { headers } = await refused(exchange(`${base}/caches/book`, { method }), 405, 'Expected GET or DELETE.');
        expect(headers['allow']).to.equal('GET, HEAD, DELETE');
      }
      await refused(exchange(`${base}/health`, { method: 'DELETE' }), 405, 'Expected GET.');
      await refused(exchange(`${base}/console`, { method: 'DELETE' }), 405, 'Expected GET.');
    });

    it('413 any body, told or streamed', async () => {
      const message = 'Requests to the management of the cache must not have a body.';
      await refused(exchange(`${base}/caches/book`, { method: 'DELETE', body: '{}', headers: { 'content-length': '2' } }), 413, message);
      await refused(
        exchange(`${base}/caches/book`, { method: 'DELETE', body: 'x'.repeat(100_000), headers: { 'transfer-encoding': 'chunked' } }),
        413,
        message,
      );
    });

    it('414 a path beyond reason', async () => {
      await refused(
        exchange(base, { path: `/cache/caches/book/entry?key=${'x'.repeat(14_000)}`, method: 'DELETE' }),
        414,
        'Expected at most 14000 characters of path and query.',
      );
    });
  });

  it('takes a cache manager alone, which is its own fleet', async () => {
    const caches = new MapCacheManager();
    await caches.getCache('people')!.put('Ada', 1);
    const url = await serve({ allowWrites: true }, caches);
    expect((await json(`${url}/fleet`)).instances.length).to.equal(1);
    expect((await exchange(`${url}/caches/people/entry?key=Ada`)).status, 'it cannot tell where its keys lie').to.equal(404);
    expect((await exchange(`${url}/caches/people/entry?key=Ada`, { method: 'DELETE' })).status).to.equal(204);
    expect(await caches.getCache('people')!.get('Ada')).to.equal(undefined);
  });

  describe('misuse', () => {
    const message = (options: unknown): string =>
      cacheErrorIn(() => cacheManagement(containers[0]!, options as CacheManagementOptions)).message;

    it('is told when it is made', () => {
      expect(message({ cors: true })).to.equal('Unknown option `cors`. Known here: basePath, token, allowWrites, origins, maximumStreams.');
      expect(message({ basePath: 'cache' })).to.equal("Expected `basePath` to be '' or a path such as '/cache', got `cache` (string).");
      expect(message({ allowWrites: 'yes' })).to.equal('Expected `allowWrites` to be a boolean, got `yes` (string).');
      expect(message({ origins: ['https://a.b/c'] })).to.equal(
        "Expected `origins` to be a list of origins such as 'https://ops.example.org', got `https://a.b/c` (object).",
      );
      expect(message({ maximumStreams: 0 })).to.equal('Expected `maximumStreams` to be a whole number from 1, got `0` (number).');
    });

    it('of the token does not repeat it', () => {
      const expected =
        "Expected `token` to be at least 16 printable ASCII characters without blanks. Make one with `openssl rand -hex 32`, and don't set `token` to have none.";
      for (const token of ['', 'short', 'with a blank in its middle']) expect(message({ token })).to.equal(expected);
    });

    it('of a container without caching is told', () => {
      expect(cacheErrorIn(() => cacheManagement(new Container())).message).to.equal(
        'There is no CacheManager in the container to be managed. Call enableCaching(container) first, or load cachingModule() into it.',
      );
    });
  });
});
