/**
 * The option `credentials` with a Redis Cluster: see 5-expiring-credentials.int.spec.ts for what happened and what was decided. Each
 * connection to a node asks: those for commands and topics of each bucket, the one for topics of users, and those that read the slots.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Cluster } from 'ioredis';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import type { CachingOptions } from '../../lib/instance/options.js';
import { cacheErrorOf } from '../contract/rejection.js';
import { PATIENT } from '../support/patient.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';

const [USER, FIRST, SECOND, STALE] = ['app', 'Zq7x/hxrs3@bxtt3ry', 'Wq8v?mnrs5#kxdd6zu', 'Yq9w:jjrs4&pxgg7ro'];

describe('Issue 5: credentials of a cluster that expire', () => {
  let node: RedisServer;
  let instance: CacheInstance | undefined;

  beforeEach(async () => {
    node = await RedisServer.start({ args: ['--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`] });
    await node.cli('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    const isOk = async (): Promise<boolean> => String(await node.cli('CLUSTER', 'INFO')).includes('cluster_state:ok');
    await waitFor(isOk, { what: 'the node to serve its slots' });
    await node.cli('ACL', 'SETUSER', USER, 'on', `>${FIRST}`, '~*', '&*', '+@all');
  });

  afterEach(async () => {
    await instance?.stop();
    instance = undefined;
    await node.stop();
  });

  const make = (credentials: CachingOptions['credentials'], options: CachingOptions = {}): CacheInstance => {
    const redisOptions = { username: 'nobody', password: STALE };
    const redis = new Cluster([{ host: '127.0.0.1', port: node.port }], { lazyConnect: true, redisOptions });
    instance = createInstance({ ...PATIENT, redis, credentials, buckets: 2, bound: '200ms', caches: { book: {} }, ...options });
    return instance;
  };

  it('are asked for at each connection to a node', async () => {
    let current = FIRST;
    const runtime = make(async () => ({ username: USER, password: current }));
    const isUp = (): boolean => runtime.manager.health().status === 'up';
    const told: unknown[] = [];
    const lost = new Set<string>();
    runtime.events.on('failed', (event) => void told.push(event));
    runtime.events.on('lost', ({ link, endpoint, error }) => (told.push(error), void lost.add(`${link} ${endpoint}`)));
    await runtime.start();
    await waitFor(isUp, { what: 'the first lease' });

    current = SECOND;
    await node.cli('ACL', 'SETUSER', USER, 'resetpass', `>${SECOND}`);
    await node.cli('CLIENT', 'KILL', 'USER', USER);
    await waitFor(() => lost.size >= 5 && isUp(), { what: 'all connections to be back' });
    const book = runtime.manager.getCache('book') as TwoTierCache;
    await book.evictAll(['Dune', 'Emma', 'Ulysses', 'Faust'], { acks: 'all' });
    expect(await book.getOrLoad('Dune', () => 1)).to.equal(1);
    const text = inspect(told, { depth: 12, showHidden: true });
    for (const secret of [FIRST, SECOND, STALE]) expect(text).not.to.include(secret);
  });

  it('end the start with the reason when they are not given', async () => {
    const runtime = make(() => Promise.reject(new Error('No token today.')), { connectTimeout: '300ms' });
    expect((await cacheErrorOf(runtime.start())).message).to.match(
      /^Could not reach Redis at bucket \d of cluster of 127\.0\.0\.1:\d+ within 300 ms \(`credentials` rejected \(No token today\)\)\. Check the function/,
    );
  });
});
