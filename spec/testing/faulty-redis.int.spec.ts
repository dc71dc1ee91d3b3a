import { createServer as createHttpServer } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createClient } from '@redis/client';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { Cache } from '../../lib/cache/index.js';
import { FaultyRedis, faultyRedis, type RedisLink } from '../../lib/testing/index.js';
import { cacheErrorIn, cacheErrorOf } from '../contract/rejection.js';
import { PATIENT } from '../support/patient.js';
import { freePort, type RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

describe(faultyRedis.name, () => {
  it('keeps user, password and database of the URL', async () => {
    const { port } = await sharedRedis();
    await using proxy = await faultyRedis(`redis://us%3Aer:p%40ss@127.0.0.1:${port}/3`);
    expect(proxy.url).to.equal(`redis://us%3Aer:p%40ss@127.0.0.1:${proxy.port}/3`);
    await using only = await faultyRedis(`valkey://:p%40ss@127.0.0.1:${port}`);
    expect(only.url).to.equal(`redis://:p%40ss@127.0.0.1:${only.port}`);
    await using bare = await faultyRedis(`127.0.0.1:${port}`);
    expect(bare.url).to.equal(`redis://127.0.0.1:${bare.port}`);
  });

  it('refuses what it cannot lead to, or cannot read', async () => {
    const messageOf = async (url: unknown): Promise<string> => {
      const { code, message } = await cacheErrorOf(faultyRedis(url as string));
      expect(code).to.equal('CACHE_OPTION_INVALID');
      return message;
    };
    const plain = 'The proxy reads what passes. Give the port on which the server takes plain connections.';
    const wanted = 'Expected the URL of a faulty Redis to lead to a plain TCP port';
    expect(await messageOf('rediss://127.0.0.1:6379')).to.equal(`${wanted}, got TLS. ${plain}`);
    expect(await messageOf('unix:///run/redis.sock')).to.equal(`${wanted}, got a Unix socket. ${plain}`);
    expect(await messageOf('http://127.0.0.1:6379')).to.match(/^Expected `redis` to be a URL such as redis:/);
    expect(await messageOf(undefined)).to.match(/^Expected `redis` to be a URL/);
  });

  it('says at once that the server does not answer', async () => {
    const port = await freePort();
    const { code, message } = await cacheErrorOf(faultyRedis(`redis://:secret@127.0.0.1:${port}`));
    expect(code).to.equal('CACHE_REMOTE_CONNECT_FAILED');
    expect(message).to.equal(
      `Redis at 127.0.0.1:${port} could not be reached: connect ECONNREFUSED 127.0.0.1:${port}. ` +
        'Start the server first, or give `failFast: false`: the proxy then leads to whatever comes there later.',
    );
  });

  it('says at once that what answers is no Redis', async () => {
    const web = createHttpServer().listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { message } = await cacheErrorOf(faultyRedis(`redis://127.0.0.1:${(web.address() as AddressInfo).port}`));
    web.close();
    expect(message).to.match(/could not be reached: what listens there is no Redis\. /);
  });

  it('does not ask the server with `failFast: false`, and closes connections until it is there', async () => {
    await using proxy = await faultyRedis(`redis://127.0.0.1:${await freePort()}`, { failFast: false });
    const socket = connect(proxy.port, '127.0.0.1').resume();
    await once(socket, 'close');
    await waitFor(() => proxy.connections === 0, { what: 'the connection to be gone' });
    proxy.leadTo((await sharedRedis()).url);
    const redis = new Redis(proxy.url);
    expect(await redis.ping()).to.equal('PONG');
    redis.disconnect();
  });
});

describe(FaultyRedis.name, () => {
  let server: RedisServer;
  let proxy: FaultyRedis;
  let clients: Redis[];
  /** Which commands have come to the proxy. */
  let came: string[];
  const key = ownNamespace('faulty');

  beforeEach(async () => {
    server = await sharedRedis();
    proxy = await faultyRedis(server.url);
    [clients, came] = [[], []];
    proxy.onCommand = (name) => void came.push(name);
    await server.cli('DEL', key);
  });

  afterEach(async () => {
    for (const client of clients) client.disconnect();
    await proxy.stop();
  });

  /** One that is connected, and comes back at once. */
  const client = async (comesBack = true): Promise<Redis> => {
    const redis = new Redis(proxy.url, { lazyConnect: true, retryStrategy: () => (comesBack ? 5 : null), maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    clients.push(redis);
    await redis.connect();
    return redis;
  };
  const arrival = (name: string): Promise<void> => waitFor(() => came.includes(name), { what: `${name} to come to the proxy` });
  const stored = (): Promise<unknown> => server.cli('GET', key);
  const isClosed = (redis: Redis): Promise<unknown> => once(redis, 'close');

  /** One that has subscribed, and what it heard. */
  const listener = async (...channels: string[]): Promise<{ readonly redis: Redis; readonly heard: string[] }> => {
    const redis = await client();
    const heard: string[] = [];
    redis.on('message', (channel, body) => void heard.push(`${channel}: ${body}`));
    redis.on('pmessage', (pattern, channel, body) => void heard.push(`${pattern} ${channel}: ${body}`));
    for (const channel of channels) await (channel.includes('*') ? redis.psubscribe(channel) : redis.subscribe(channel));
    return { redis, heard };
  };

  it('passes everything on while nothing is wrong', async () => {
    const redis = await client();
    const large = Buffer.alloc(300_000, 'ab\r\n$3\r\n*');
    await redis.set(key, large);
    expect(await redis.getBuffer(key)).to.deep.equal(large);
    expect(await redis.pipeline().del(key).incr(key).incr(key).exec()).to.deep.equal([
      [null, 1],
      [null, 1],
      [null, 2],
    ]);
    expect([proxy.connections, proxy.accepted]).to.deep.equal([1, 1]);
    await redis.quit();
    await waitFor(() => proxy.connections === 0, { what: 'the end to be passed on' });
    expect(proxy.accepted).to.equal(1);
  });

  describe('blackhole', () => {
    it('swallows what is sent, tells nobody, and keeps connections of that time silent for ever', async () => {
      const before = await client();
      proxy.blackhole();
      let answers = 0;
      void before.set(key, 'lost').then(
        () => (answers += 1),
        () => undefined,
      );
      await arrival('SET');
      expect([await stored(), before.status, proxy.connections]).to.deep.equal([null, 'ready', 1]);
      const socket = connect(proxy.port, '127.0.0.1'); // A new one is accepted, and silent too.
      socket.write('*1\r\n$4\r\nPING\r\n');
      await arrival('PING');
      proxy.heal();
      void before.set(key, 'lost too').catch(() => undefined);
      await waitFor(() => came.filter((name) => name === 'SET').length === 2, { what: 'the second SET' });
      const after = await client();
      expect(await after.get(key)).to.equal(null);
      expect([answers, socket.bytesRead, before.status]).to.deep.equal([0, 0, 'ready']);
      socket.destroy();
    });

    it('of one direction lets the other pass', async () => {
      const redis = await client();
      proxy.blackhole({ direction: 'to-client' });
      void redis.set(key, 'executed').catch(() => undefined);
      await waitFor(async () => (await stored()) === 'executed', { what: 'the command to be executed' });
      expect(redis.status).to.equal('ready');
    });

    it('of one kind of connections lets the other kind speak', async () => {
      const [redis, { heard }] = [await client(), await listener(key)];
      await redis.ping();
      proxy.blackhole({ of: 'subscriber' });
      expect(await redis.publish(key, 'lost')).to.equal(1);
      expect(await redis.ping()).to.equal('PONG');
      expect(heard).to.deep.equal([]);
    });
  });

  describe('halfOpen', () => {
    it('holds back what is sent, in the middle of traffic, and `heal` lets it go on in order', async () => {
      const redis = await client();
      await redis.append(key, '1');
      proxy.halfOpen();
      const appended = ['2', '3', '4'].map((text) => redis.append(key, text));
      await waitFor(() => came.filter((name) => name === 'APPEND').length === 4, { what: 'the commands' });
      expect(await stored()).to.equal('1');
      proxy.heal();
      appended.push(redis.append(key, '5'));
      expect(await Promise.all(appended)).to.deep.equal([2, 3, 4, 5]);
      expect([await stored(), proxy.accepted]).to.deep.equal(['12345', 1]);
    });
  });

  describe('delay', () => {
    const took = async (redis: Redis): Promise<number> => {
      const since = performance.now();
      await redis.ping();
      return performance.now() - since + 2; // Timers and clocks are not of one mind about the last millisecond.
    };

    it('lets every byte come later, in both directions or in one', async () => {
      const redis = await client();
      proxy.delay('60ms');
      expect(await took(redis)).to.be.at.least(120);
      proxy.delay(0);
      proxy.delay(80, { direction: 'to-client' });
      expect(await took(redis)).to.be.at.least(80);
      proxy.delay('1h');
      const late = took(redis);
      await waitFor(() => came.filter((name) => name === 'PING').length >= 3, { what: 'the PING' });
      proxy.heal(); // Nothing is late any more.
      await late;
    });

    it('keeps the order when it becomes shorter', async () => {
      const redis = await client();
      proxy.delay('100ms', { direction: 'to-server' });
      const first = redis.append(key, '1');
      await arrival('APPEND');
      proxy.delay(0);
      await Promise.all([first, redis.append(key, '2')]);
      expect(await stored()).to.equal('12');
    });

    it('refuses what is no duration', () => {
      expect(cacheErrorIn(() => proxy.delay('soon' as '1s')).message).to.match(/^Expected `duration` to be a duration, /);
      expect(cacheErrorIn(() => proxy.delay('2d')).code).to.equal('CACHE_OPTION_INVALID');
    });
  });

  describe('dropNext', () => {
    const publish = async (channel: string, ...bodies: string[]): Promise<void> => {
      for (const body of bodies) await server.cli('PUBLISH', channel, body);
    };
    const hears = (heard: readonly string[], last: string): Promise<void> =>
      waitFor(() => heard.at(-1)?.endsWith(last) === true, { what: `the message ${last}` });

    it('swallows the next messages, and nothing else', async () => {
      const { redis, heard } = await listener(key);
      await publish(key, '1');
      await hears(heard, '1');
      proxy.dropNext(2);
      await publish(key, '2', 'x'.repeat(500_000), '4', '5');
      await hears(heard, '5');
      expect(heard).to.deep.equal([`${key}: 1`, `${key}: 4`, `${key}: 5`]);
      expect([proxy.dropped, proxy.connections, redis.status]).to.deep.equal([2, 1, 'ready']);
    });

    it('swallows those of one channel alone, however they are subscribed, until it is healed', async () => {
      const { heard } = await listener(key, `${key}-o*`);
      proxy.dropNext(1, { channel: `${key}-other` });
      proxy.dropNext(0);
      await publish(key, '1');
      await publish(`${key}-other`, '2', '3');
      proxy.dropNext(1, { channel: `${key}-other` });
      proxy.heal();
      await publish(`${key}-other`, '4');
      await hears(heard, '4');
      expect(heard).to.deep.equal([`${key}: 1`, `${key}-o* ${key}-other: 3`, `${key}-o* ${key}-other: 4`]);
    });

    for (const RESP of [2, 3] as const) {
      it(`knows the messages of RESP ${RESP}, also of sharded channels`, async () => {
        const redis = createClient({ url: proxy.url, RESP });
        redis.on('error', () => undefined);
        await redis.connect();
        const heard: string[] = [];
        await redis.subscribe(key, (body) => void heard.push(body));
        await redis.pSubscribe(`${key}-o*`, (body) => void heard.push(body));
        await redis.sSubscribe(`${key}-shard`, (body) => void heard.push(body));
        proxy.dropNext(3);
        await publish(key, '1');
        await publish(`${key}-other`, '2');
        await server.cli('SPUBLISH', `${key}-shard`, '3');
        await publish(key, '4');
        await hears(heard, '4');
        expect([heard, proxy.dropped]).to.deep.equal([['4'], 3]);
        await redis.close();
      });
    }

    it('does not take a reply for a message', async () => {
      const redis = await client();
      await redis.rpush(key, 'message', key, 'Dune');
      proxy.dropNext(1);
      expect(await redis.lrange(key, 0, -1)).to.deep.equal(['message', key, 'Dune']);
      expect(proxy.dropped).to.equal(0);
    });

    it('refuses what is no count', () => {
      for (const count of [-1, 1.5, NaN, '1'])
        expect(cacheErrorIn(() => proxy.dropNext(count as number)).message).to.equal(
          `Expected \`count\` to be an integer of 0 or more, got \`${count}\` (${typeof count}).`,
        );
    });
  });

  describe('cut', () => {
    it('closes what is open, and lets new connections be made', async () => {
      const redis = await client();
      const closed = isClosed(redis);
      proxy.cut();
      await closed;
      expect(await redis.ping()).to.equal('PONG');
      expect([proxy.connections, proxy.accepted]).to.deep.equal([1, 2]);
    });

    for (const [link, other] of [
      ['command', 'subscriber'],
      ['subscriber', 'command'],
    ] as const satisfies [RedisLink, RedisLink][]) {
      it(`of the ${link} connections leaves the ${other} connections alone`, async () => {
        const redis = { command: await client(), subscriber: (await listener(key)).redis };
        await redis.command.get(key);
        const closed = isClosed(redis[link]);
        let isOtherClosed = false;
        redis[other].once('close', () => (isOtherClosed = true));
        proxy.cut({ of: link });
        await closed;
        await waitFor(async () => ((await server.cli('PUBSUB', 'NUMSUB', key)) as unknown[])[1] === 1, { what: 'the subscription' });
        expect(await redis.command.get(key)).to.equal(null);
        expect([isOtherClosed, proxy.accepted]).to.deep.equal([false, 3]);
      });
    }

    it('refuses another kind', () => {
      expect(cacheErrorIn(() => proxy.cut({ of: 'publisher' as RedisLink })).message).to.equal(
        "Expected `of` to be 'command' or 'subscriber', got `publisher` (string).",
      );
      expect(cacheErrorIn(() => proxy.halfOpen({ direction: 'up' as 'to-server' })).message).to.equal(
        "Expected `direction` to be 'to-server' or 'to-client', got `up` (string).",
      );
    });
  });

  describe('refuse', () => {
    it('closes each new connection, and leaves the open ones', async () => {
      const before = await client();
      proxy.refuse();
      const socket = connect(proxy.port, '127.0.0.1').resume();
      await once(socket, 'close');
      expect(await before.ping()).to.equal('PONG');
      proxy.heal();
      expect(await (await client()).ping()).to.equal('PONG');
    });

    it('of subscribers closes a connection that subscribes', async () => {
      proxy.refuse({ of: 'subscriber' });
      const redis = await client();
      expect(await redis.get(key)).to.equal(null);
      const closed = isClosed(redis);
      const subscribed = redis.subscribe(key);
      await closed;
      proxy.heal();
      expect(await subscribed).to.equal(1);
    });
  });

  it('is away until it is healed', async () => {
    const redis = await client();
    const closed = isClosed(redis);
    proxy.away();
    await closed;
    const socket = connect(proxy.port, '127.0.0.1').resume();
    await once(socket, 'close');
    expect(proxy.connections).to.equal(0);
    proxy.heal();
    expect(await redis.ping()).to.equal('PONG');
  });

  it('ends everything when it is stopped, twice too, and frees the port', async () => {
    const redis = await client(false);
    proxy.halfOpen();
    void redis.ping().catch(() => undefined);
    await arrival('PING');
    const closed = isClosed(redis);
    await Promise.all([proxy.stop(), proxy.stop()]);
    await proxy.stop();
    await closed;
    const [error] = (await once(connect(proxy.port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
    expect([error.code, proxy.connections]).to.deep.equal(['ECONNREFUSED', 0]);
  });

  describe('in front of an instance', () => {
    const BOUND_MS = 1_000;
    let namespace: string;
    let instances: CacheInstance[];
    let price: number;

    beforeEach(() => {
      [namespace, instances, price] = [ownNamespace('faulty'), [], 12];
    });

    afterEach(() => Promise.all(instances.map((instance) => instance.stop())));

    const start = async (redis: string): Promise<CacheInstance> => {
      const instance = createInstance({ ...PATIENT, redis, namespace, bound: BOUND_MS, caches: { book: {} } });
      instances.push(instance);
      await instance.start();
      await waitFor(() => instance.manager.health().status === 'up', { what: 'the instance to serve' });
      return instance;
    };
    const bookOf = (instance: CacheInstance): Cache => instance.manager.getCache('book')!;
    const read = (instance: CacheInstance): Promise<unknown> => bookOf(instance).getOrLoad('Dune', () => price);
    /** Reads until the new price comes. No read that begins a bound after the eviction may return the old one. */
    const becomesNew = async (instance: CacheInstance, evictedAt: number): Promise<void> => {
      await waitFor(
        async () => {
          const [at, seen] = [performance.now(), await read(instance)];
          if (seen !== price) expect(at - evictedAt, 'age of a stale read').to.be.at.most(BOUND_MS);
          return seen === price;
        },
        { what: 'the new price' },
      );
    };
    const update = async (instance: CacheInstance): Promise<number> => {
      price = 15;
      await bookOf(instance).evict('Dune');
      return performance.now();
    };

    it('lets an eviction get lost, which the instance notices by the gap', async () => {
      const [here, there] = [await start(server.url), await start(proxy.url)];
      expect([await read(here), await read(there)]).to.deep.equal([12, 12]);
      let gaps = 0;
      there.events.on('gap', () => (gaps += 1));
      proxy.dropNext(1, { channel: `${namespace}:book-channel` });
      const evictedAt = await update(here);
      await waitFor(() => proxy.dropped === 1, { what: 'the message to be lost' });
      await becomesNew(there, evictedAt);
      expect(gaps).to.be.at.least(1);
    });

    it('can silence the instance, which then serves nothing older than its bound, and comes back', async () => {
      const [here, there] = [await start(server.url), await start(proxy.url)];
      expect([await read(here), await read(there)]).to.deep.equal([12, 12]);
      proxy.halfOpen({ of: 'subscriber' });
      await becomesNew(there, await update(here));
      proxy.heal();
      await waitFor(() => there.manager.health().status === 'up', { what: 'the instance to serve again' });
    });
  });
});
