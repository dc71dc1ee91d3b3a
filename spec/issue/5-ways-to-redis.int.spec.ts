/**
 * What happened: `redis://h/0/`, `valkey://h`, `unix:///run/redis.sock` and host `'[::1]'` were refused or led nowhere, and `family` was
 * followed by the client for topics alone: with two addresses of one name, the commands could go to another server than the messages.
 *
 * Decided: each of these works, through both clients. This is tried on a real server; spec/issue/5-options-of-redis.spec.ts has all forms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { redisOptionsFromEnv } from '../../lib/redis/index.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';
import { ownNamespace } from '../support/shared-redis.js';

describe('Issue 5: the ways to a Redis', () => {
  const instances: CacheInstance[] = [];
  let server: RedisServer;
  let dir: string;
  let socket: string;
  let hasIpv6: boolean;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'inversify-cache-socket-'));
    socket = join(dir, 'redis.sock');
    // `-` before an address: it may be missing.
    server = await RedisServer.start({ args: ['--unixsocket', socket, '--bind', '127.0.0.1', '-::1'] });
    await server.cli('ACL', 'SETUSER', 'app', 'on', '>p@ss/w', '~*', '&*', '+@all');
    hasIpv6 = await new Promise((resolve) => {
      const probe = connect({ host: '::1', port: server.port }, () => (probe.destroy(), resolve(true)));
      probe.on('error', () => resolve(false));
    });
  });

  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  afterEach(async () => {
    await Promise.all(instances.splice(0).map((each) => each.stop()));
  });

  const make = (redis: CachingOptions['redis'], options: CachingOptions = {}): CacheInstance => {
    const instance = createInstance({ ...PATIENT, redis, bound: '200ms', caches: { book: {} }, ...options });
    instances.push(instance);
    return instance;
  };

  /** The fields of each connection of ours. */
  const connections = async (): Promise<readonly Readonly<Record<string, string>>[]> => {
    const lines = String(await server.cli('CLIENT', 'LIST'))
      .trim()
      .split('\n')
      .filter((line) => !line.includes('cmd=client|list'));
    return lines.map((line) => Object.fromEntries(line.split(' ').map((field) => field.split(/=(.*)/s, 2) as [string, string])));
  };

  /** Starts, and has an eviction of one instance reach the other: both connections of both carry traffic. */
  const expectToWork = async (redis: CachingOptions['redis'], address: RegExp, db = 0): Promise<void> => {
    const namespace = ownNamespace('ways');
    const [here, there] = [make(redis, { namespace }), make(redis, { namespace })];
    await Promise.all([here.start(), there.start()]);
    const [hereBook, thereBook] = [here, there].map(({ manager }) => manager.getCache('book') as TwoTierCache) as [
      TwoTierCache,
      TwoTierCache,
    ];
    expect(await thereBook.getOrLoad('Dune', () => 1)).to.equal(1);
    await hereBook.evict('Dune', { acks: 'all' });
    expect(await thereBook.getOrLoad('Dune', () => 2)).to.equal(2);
    const open = await connections();
    expect(open, 'a command and a subscriber connection of each').to.have.lengthOf(4);
    expect(open.filter((each) => !address.test(each['addr'] as string))).to.deep.equal([]);
    const subscribed = open.filter((each) => each['name'] !== '');
    expect([subscribed.length, ...open.filter((each) => !subscribed.includes(each)).map((each) => each['db'])]).to.deep.equal([
      2,
      `${db}`,
      `${db}`,
    ]);
    await Promise.all(instances.splice(0).map((each) => each.stop()));
  };

  it('is reached by a URL with a slash at the end, and by that of Valkey', async () => {
    await expectToWork(`redis://127.0.0.1:${server.port}/0/`, /^127\.0\.0\.1:/);
    await expectToWork(`redis://127.0.0.1:${server.port}/3/`, /^127\.0\.0\.1:/, 3);
    await expectToWork(`valkey://app:p%40ss%2Fw@127.0.0.1:${server.port}`, /^127\.0\.0\.1:/);
    await expectToWork(redisOptionsFromEnv({ REDIS_URL: `valkey://127.0.0.1:${server.port}/2/` }), /^127\.0\.0\.1:/, 2);
  });

  it('is reached by a Unix socket', async () => {
    await expectToWork(`unix://${socket}`, /^\//);
    await expectToWork(`unix://app:p%40ss%2Fw@${socket}?db=2`, /^\//, 2);
    await expectToWork(socket, /^\//);
    await expectToWork({ path: socket, db: 1 }, /^\//, 1);
  });

  it('is reached at an IPv6 address in brackets, where the machine has one; else it is looked for there, and nowhere else', async () => {
    const { port } = server;
    if (!hasIpv6) {
      const error = await cacheErrorOf(make({ host: '[::1]', port }, { connectTimeout: '500ms' }).start());
      return expect(error.message).to.include(`Could not reach Redis at [::1]:${port} `);
    }
    await expectToWork({ host: '[::1]', port }, /^\[::1\]:/);
    await expectToWork(`redis://[::1]:${port}?family=6`, /^\[::1\]:/);
    await expectToWork(new Redis({ host: '[::1]', port, lazyConnect: true }), /^\[::1\]:/);
  });

  it('is reached by both clients over the version of IP that `family` asks for', async () => {
    await expectToWork({ host: 'localhost', port: server.port, family: 4 }, /^127\.0\.0\.1:/);
    await expectToWork(`redis://localhost:${server.port}?family=4`, /^127\.0\.0\.1:/);

    // Nobody listens on the IPv6 loopback of this server, if there is one: neither client may fall back to the other address.
    const other = await RedisServer.start();
    try {
      for (const redis of [{ host: 'localhost', port: other.port, family: 6 }, `redis://localhost:${other.port}?family=6`]) {
        const instance = make(redis, { connectTimeout: '500ms' });
        const failed = new Set<string>();
        const connected = new Set<string>();
        instance.events.on('failed', ({ link }) => void failed.add(link));
        instance.events.on('connected', ({ link }) => void connected.add(link));
        await rejectionOf(instance.start());
        expect([[...failed].sort(), [...connected]]).to.deep.equal([['command', 'subscriber'], []]);
      }
    } finally {
      await other.stop();
    }
  });
});
