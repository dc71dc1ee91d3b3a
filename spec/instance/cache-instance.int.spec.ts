import { inspect } from 'node:util';
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { RemoteCacheError } from '../../lib/errors/index.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { faultyRedis } from '../../lib/testing/index.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { PATIENT } from '../support/patient.js';

/** Until this process has no TCP socket open, be it half: no spec before this one leaves any behind. */
const closed = (): Promise<void> =>
  waitFor(() => !process.getActiveResourcesInfo().some((what) => what === 'TCPSocketWrap' || what === 'TCPConnectWrap'), {
    what: 'every socket to be closed',
  });

describe(`${createInstance.name}, on Redis`, () => {
  let runtimes: CacheInstance[] = [];
  let servers: { stop(): Promise<void> }[] = [];

  const make = (options: CachingOptions): CacheInstance => {
    const runtime = createInstance({ ...PATIENT, ...options });
    runtimes.push(runtime);
    return runtime;
  };
  const started = async (options: CachingOptions): Promise<CacheInstance> => {
    const runtime = make(options);
    await runtime.start();
    return runtime;
  };
  const server = async (...args: Parameters<typeof RedisServer.start>): Promise<RedisServer> => {
    const redis = await RedisServer.start(...args);
    servers.push(redis);
    return redis;
  };
  const cacheOf = (runtime: CacheInstance, name = 'book'): TwoTierCache => runtime.manager.getCache(name) as TwoTierCache;
  const caches = { book: {} };

  afterEach(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()));
    await Promise.all(servers.map((each) => each.stop()));
    [runtimes, servers] = [[], []];
  });

  describe('start', () => {
    it('resolves with every topic confirmed and every cache served', async () => {
      const { url } = await sharedRedis();
      const topics: string[] = [];
      const runtime = make({ redis: url, namespace: ownNamespace(), caches: { book: {}, author: {} } });
      runtime.events.on('subscribed', (event) => topics.push(...event.topics));
      await runtime.start();
      expect(topics.length).to.equal(4);
      const { caches: conditions, ...health } = runtime.manager.health();
      expect(health).to.deep.equal({ status: 'up', links: { command: 'up', subscriber: 'up' } });
      expect(Object.entries(conditions).map(([name, { status }]) => [name, status])).to.deep.equal([['book', 'up'], ['author', 'up']]); // prettier-ignore
    });

    it('tells in time where it could not connect, without a credential, and leaves nothing running once stopped', async () => {
      const port = await freePort();
      const runtime = make({ redis: `redis://user:s3cret@127.0.0.1:${port}`, connectTimeout: 2_000, caches });
      const told: unknown[] = [];
      for (const name of ['error', 'lost', 'reconnecting'] as const) runtime.events.on(name, (event) => void told.push(event));
      const error = await cacheErrorOf(runtime.start());
      expect(error).to.be.instanceOf(RemoteCacheError);
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_REMOTE_CONNECT_FAILED',
        `Could not reach Redis at 127.0.0.1:${port} within 2000 ms (ECONNREFUSED). Check host, port, credentials and that the server accepts connections.`,
      ]);
      await runtime.stop();
      expect(inspect([error, told], { depth: 10 })).not.to.include('s3cret');
      await closed();
    });

    it('tells a wrong password as such, without repeating it', async () => {
      const redis = await server({ password: 'right' });
      const runtime = make({ redis: { host: '127.0.0.1', port: redis.port, password: 'wr0ng' }, connectTimeout: 2_000, caches });
      const told: unknown[] = [];
      for (const name of ['error', 'lost', 'reconnecting'] as const) runtime.events.on(name, (event) => void told.push(event));
      const error = await cacheErrorOf(runtime.start());
      expect(error.code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
      expect(error.message).to.include(`127.0.0.1:${redis.port}`);
      expect(inspect(error, { depth: 10 })).to.include('WRONGPASS');
      expect(inspect([error, told], { depth: 10 })).not.to.include('wr0ng');
    });

    for (const names of [[], ['book', 'author']]) {
      it(`tells a missing password as such, with ${names.length} caches`, async () => {
        const redis = await server({ password: 'right' });
        const named = Object.fromEntries(names.map((name) => [name, {}]));
        const runtime = make({ redis: `redis://127.0.0.1:${redis.port}`, connectTimeout: 2_000, caches: named });
        const error = await cacheErrorOf(runtime.start());
        expect(error.message).to.equal(
          `Could not reach Redis at 127.0.0.1:${redis.port} within 2000 ms (NOAUTH Authentication required.). Check host, port, credentials and that the server accepts connections.`,
        );
        await runtime.stop();
      });
    }

    it('gives a server up that accepts and says nothing', async () => {
      const redis = await server();
      const proxy = await faultyRedis(redis.url);
      servers.push({ stop: () => proxy.stop() });
      proxy.blackhole();
      const runtime = make({ redis: proxy.url, connectTimeout: 200, caches });
      const error = await cacheErrorOf(runtime.start());
      expect(error.message).to.equal(
        `Could not reach Redis at 127.0.0.1:${proxy.port} within 200 ms. Check host, port, credentials and that the server accepts connections.`,
      );
      await runtime.stop();
    });

    it('enters with a password, and a database', async () => {
      const redis = await server({ password: 'p@ss:w/rd' });
      const runtime = await started({ redis: `${redis.url}/3`, caches });
      await cacheOf(runtime).put('Dune', 1);
      expect([
        await redis.cli('EXISTS', new Bookkeeping(redis).keys.state),
        String(await redis.info('keyspace').then((sizes) => sizes['db3'])),
      ]).to.satisfy(([inZero, three]: [number, string]) => inZero === 0 && three.startsWith('keys='));
    });

    it('with `failFast: false` begins in bypass and joins when Redis appears', async () => {
      const port = await freePort();
      const runtime = make({ redis: `redis://127.0.0.1:${port}`, connectTimeout: 100, failFast: false, caches });
      const told: unknown[] = [];
      runtime.events.on('error', (event) => void told.push(event));
      await runtime.start();
      expect(told).to.have.lengthOf(1);
      expect(told[0]).to.have.property('where', 'start');
      const cache = cacheOf(runtime);
      expect(runtime.manager.health()).to.deep.equal({
        status: 'degraded',
        links: { command: 'down', subscriber: 'down' },
        caches: { book: { status: 'degraded', reason: 'Redis cannot be reached.', boundMs: 1_000 } },
      });
      expect([await cache.getOrLoad('Dune', () => 1), await cache.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 2]);
      expect((await cacheErrorOf(cache.get('Dune'))).message).to.equal(`Redis at 127.0.0.1:${port} is away: 'get' was not sent.`);
      await server({ port });
      await waitFor(() => runtime.manager.health().status === 'up', { what: 'the instance to join' });
      expect([await cache.getOrLoad('Dune', () => 3), await cache.getOrLoad('Dune', () => 4)]).to.deep.equal([3, 3]);
      expect(cache.statistics().localHits).to.equal(1);
    });
  });

  describe('stop', () => {
    it('closes every connection it opened, and takes itself off the list of the living', async () => {
      const redis = await server();
      const clients = async (): Promise<number> =>
        String(await redis.cli('CLIENT', 'LIST'))
          .trim()
          .split('\n').length - 1;
      const runtime = await started({ redis: redis.url, caches });
      await runtime.publisher.publish('news', 'opens the third connection');
      expect([await clients(), (await new Bookkeeping(redis).members()).length]).to.deep.equal([3, 1]);
      await Promise.all([runtime.stop(), runtime.stop()]);
      await runtime.stop();
      await waitFor(async () => (await clients()) === 0, { what: 'the connections to be closed' });
      expect(await new Bookkeeping(redis).members()).to.deep.equal([]);
      await closed();
    });

    it('ends a start that is under way', async () => {
      const port = await freePort();
      const runtime = make({ redis: `redis://127.0.0.1:${port}`, connectTimeout: 200, caches });
      const starting = cacheErrorOf(runtime.start());
      await runtime.stop();
      expect((await starting).code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
      await closed();
    });

    it('does not wait for a server that is gone, and tells which evictions are lost', async () => {
      const redis = await server();
      const runtime = await started({ redis: redis.url, caches, timeout: 500, deadline: 1_000 });
      const told: unknown[] = [];
      runtime.events.on('error', ({ where }) => void told.push(where));
      await redis.kill();
      expect((await cacheErrorOf(cacheOf(runtime).evict('Dune'))).code).to.equal('CACHE_EVICT_UNACKNOWLEDGED');
      expect(cacheOf(runtime).pendingEvictions).to.equal(1);
      await runtime.stop();
      expect(told).to.include('pending evictions');
    });
  });

  it('keeps namespaces apart, in keys, topics and clears', async () => {
    const { url } = await sharedRedis();
    const [one, two] = [
      await started({ redis: url, namespace: ownNamespace(), caches }),
      await started({ redis: url, namespace: ownNamespace(), caches }),
    ];
    await cacheOf(one).put('Dune', 1);
    expect(await cacheOf(two).get('Dune')).to.equal(undefined);
    await cacheOf(two).getOrLoad('Dune', () => 2);
    await cacheOf(one).clear();
    expect([await cacheOf(two).get('Dune'), cacheOf(two).statistics().messagesApplied]).to.deep.equal([{ value: 2 }, 0]);
  });

  it('keeps databases apart: pub/sub knows none, so the topic names them', async () => {
    const { url } = await sharedRedis();
    const namespace = ownNamespace();
    const topicsOf: string[][] = [];
    const on = async (db: number): Promise<CacheInstance> => {
      const topics: string[] = [];
      topicsOf.push(topics);
      const runtime = make({ redis: `${url}/${db}`, namespace, caches, instanceId: `db${db}` });
      runtime.events.on('subscribed', (event) => topics.push(...event.topics));
      await runtime.start();
      return runtime;
    };
    const [zero, five] = [await on(0), await on(5)];
    expect(topicsOf.map((topics) => topics.filter((topic) => topic.includes('channel')))).to.deep.equal([
      [`${namespace}:book-channel`],
      [`${namespace}:book-channel@5`],
    ]);
    await cacheOf(zero).put('Dune', 0);
    await cacheOf(five).put('Dune', 5);
    await cacheOf(zero).evict('Dune');
    expect([await cacheOf(zero).get('Dune'), await cacheOf(five).get('Dune')]).to.deep.equal([undefined, { value: 5 }]);
    expect(cacheOf(five).statistics().gaps).to.equal(0);
  });

  it('heals after FLUSHALL: a new generation, and nothing served that was there before', async () => {
    const redis = await server();
    const options = { redis: redis.url, caches, bound: 200 } as const;
    const [one, two] = [await started(options), await started(options)];
    await cacheOf(one).put('Dune', 'old');
    await cacheOf(two).get('Dune');
    const gen = await new Bookkeeping(redis).gen();
    await redis.cli('FLUSHALL');
    for (const { manager } of [one, two]) {
      const cache = manager.getCache('book') as TwoTierCache;
      await waitFor(() => cache.generation !== undefined && cache.generation !== gen, { what: 'the new generation' });
      expect(await cache.get('Dune')).to.equal(undefined);
    }
    expect(Number(await new Bookkeeping(redis).gen())).to.be.greaterThan(Number(gen));
    await cacheOf(one).put('Dune', 'new');
    await waitFor(() => [one, two].every(({ manager }) => manager.health().status === 'up'), { what: 'both to be served again' });
    expect([await cacheOf(one).get('Dune'), await cacheOf(two).get('Dune')]).to.deep.equal([{ value: 'new' }, { value: 'new' }]);
  });

  it('keeps what is put into a cache that no server has seen yet', async () => {
    const { url } = await sharedRedis();
    const namespace = ownNamespace();
    const [one, two] = [await started({ redis: url, namespace }), await started({ redis: url, namespace })];
    const fresh = cacheOf(one, 'fresh');
    await fresh.put('Dune', 1);
    const { generation } = fresh;
    await waitFor(() => one.manager.health().caches['fresh']?.status === 'up', { what: 'the first heartbeat for the cache' });
    expect([await fresh.get('Dune'), await cacheOf(two, 'fresh').get('Dune'), fresh.generation]).to.deep.equal([
      { value: 1 },
      { value: 1 },
      generation,
    ]);
  });
});
