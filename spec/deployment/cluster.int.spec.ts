/**
 * Caches on a Redis Cluster of three primaries with a replica each. What faults do to them is in `spec/faults`.
 */
import 'reflect-metadata';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { Container } from 'inversify';
import type { Cluster } from 'ioredis';
import { bucketTags, slotOf, SLOTS } from '../../lib/eviction/cluster-slots.js';
import { bucketOf, originOf } from '../../lib/eviction/index.js';
import { CacheConfigurationError, CacheEvictError } from '../../lib/errors/index.js';
import {
  Cacheable,
  CacheEvict,
  CacheManager,
  type CachingOptions,
  ChannelTopic,
  enableCaching,
  MessageListenerContainer,
  MessagePublisher,
} from '../../lib/index.js';
import { type Cache, encodeKey, hitNow } from '../../lib/cache/index.js';
import { CommandConnection, Script, ClusterTopology } from '../../lib/redis/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import { CacheEvents } from '../../lib/event/index.js';
import { RedisTransport } from '../../lib/topic/redis/index.js';
import { cacheErrorOf, rejectionOf } from '../contract/rejection.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import type { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { ClusterDeployment } from './cluster-deployment.js';
import { loseSubscriptions } from './lost-subscriptions.js';

const BUCKETS = 8;

/** One key for each bucket. */
const KEYS = Array.from({ length: BUCKETS }, (_, bucket) => {
  for (let i = 0; ; i += 1) if (bucketOf(`book-${i}`, BUCKETS) === bucket) return `book-${i}`;
});

describe('A Redis Cluster', function () {
  this.timeout(180_000);

  let deployment: ClusterDeployment;
  let namespace: string;
  let runs = 0;
  const stopping: (() => Promise<unknown>)[] = [];
  const clients: Cluster[] = [];

  before(async () => {
    deployment = await ClusterDeployment.start();
  });

  beforeEach(() => {
    namespace = `books${(runs += 1)}`;
  });

  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop();
    const statuses = clients.splice(0).map(({ status }) => status);
    expect(new Set([...statuses, 'wait'])).to.deep.equal(new Set(['wait'])); // The clients given were never used.
  });

  after(() => deployment.stop());

  const given = (): Cluster => {
    const client = deployment.client();
    clients.push(client);
    return client;
  };
  const instanceOf = (options: CachingOptions = {}): CacheInstance => {
    const runtime = createInstance({ redis: given(), namespace, caches: { book: { ttl: '1h' } }, ...options });
    stopping.push(() => runtime.stop());
    return runtime;
  };
  const joined = async (options?: CachingOptions): Promise<CacheInstance> => {
    const runtime = instanceOf(options);
    await runtime.start();
    return runtime;
  };
  const bookOf = (runtime: CacheInstance): Cache => runtime.manager.getCache('book') as Cache;
  const tagOf = (key: string): string => bucketTags(namespace, BUCKETS)[bucketOf(key, BUCKETS)] as string;
  const ownerOf = (key: string): Promise<RedisServer> => deployment.owner(slotOf(tagOf(key)));
  /** Has both tiers of `runtime` hold `value` under each of `keys`. */
  const fill = async (runtime: CacheInstance, value: unknown, keys: readonly string[] = KEYS): Promise<void> => {
    for (const key of keys) expect(await bookOf(runtime).getOrLoad(key, () => value)).to.equal(value);
  };
  const localHits = (runtime: CacheInstance): number => bookOf(runtime).statistics().localHits;

  it('carries decorated methods of two containers: what one evicts, the other reads anew', async () => {
    class Books {
      price = 12;

      @Cacheable('book')
      async priceOf(_title: string): Promise<number> {
        return this.price;
      }

      @CacheEvict('book', { key: (title: string) => title, acks: 'all' })
      async reprice(_title: string, price: number): Promise<void> {
        this.price = price;
      }
    }
    const [here, there] = await Promise.all(
      [0, 1].map(async () => {
        const container = new Container();
        stopping.push(() => container.unbindAllAsync());
        container.bind(Books).toSelf().inSingletonScope();
        await enableCaching(container, { redis: given(), namespace, caches: { book: {} } });
        const { caches, ...health } = container.get(CacheManager).health();
        expect(health).to.deep.equal({ status: 'up', links: { command: 'up', subscriber: 'up' } });
        expect(caches['book']).to.include({ status: 'up', boundMs: 1_000 });
        expect(caches['book']?.provenMs).to.be.greaterThan(0);
        return container.get(Books);
      }),
    );
    if (here === undefined || there === undefined) throw new Error('Both must be there.');
    expect([await here.priceOf('Dune'), await there.priceOf('Dune')]).to.deep.equal([12, 12]);
    there.price = 15;
    expect(await there.priceOf('Dune')).to.equal(12);
    await here.reprice('Dune', 15);
    expect([await there.priceOf('Dune'), await here.priceOf('Dune')]).to.deep.equal([15, 15]);
  });

  it('keeps everything of a bucket in one slot, whatever is in the keys, and the buckets on all primaries', async () => {
    const strange = ['{', '}', '{}', 'a{b}c', '}{', `{${namespace}:0}`, 'line\nbreak', '\0', '\u{1f4da}', '~tagged', ' '];
    const [here, there] = [await joined(), await joined()];
    await fill(here, 1, [...KEYS, ...strange]);
    await fill(there, 1, [...KEYS, ...strange]);
    await bookOf(here).evictAll(strange, { acks: 'all' });
    await fill(there, 2, strange);
    await fill(there, 1);

    const tags = bucketTags(namespace, BUCKETS);
    const primaries = new Set<RedisServer>();
    for (const [bucket, tag] of tags.entries()) {
      const owner = await deployment.owner(slotOf(tag));
      primaries.add(owner);
      expect(await owner.cli('CLUSTER', 'KEYSLOT', `{${tag}}:any{thing}`)).to.equal(slotOf(tag));
      const keys = (await owner.cli('CLUSTER', 'GETKEYSINSLOT', slotOf(tag), 1_000)) as string[];
      const entries = [...KEYS, ...strange].map(encodeKey).filter((key) => bucketOf(key, BUCKETS) === bucket);
      for (const entry of entries)
        expect(keys.some((key) => key.startsWith(`{${tag}}:2:book:`) && key.endsWith(`::${entry}`))).to.equal(true);
    }
    expect(primaries.size).to.equal(3);
    const own = await Promise.all([...primaries].map(async (server) => (await server.cli('KEYS', `*${namespace}*`)) as string[]));
    const slots = new Set(own.flat().map((key) => slotOf(/^\{([^}]+)\}:/.exec(key)?.[1] ?? '')));
    expect(slots).to.deep.equal(new Set(tags.map(slotOf)));
    expect([...slots].every((slot) => slot < SLOTS)).to.equal(true);
  });

  it('serves and evicts many keys of many buckets at once, in the order asked for', async () => {
    const [here, there] = [await joined(), await joined()];
    for (const [i, key] of KEYS.entries()) await bookOf(here).put(key, i);
    expect(await bookOf(there).getAll([...KEYS, 'nowhere'])).to.deep.equal([...KEYS.map((_, i) => ({ value: i })), undefined]);
    expect(await bookOf(there).getAll([...KEYS].reverse())).to.deep.equal(KEYS.map((_, i) => ({ value: i })).reverse());
    expect(localHits(there)).to.equal(KEYS.length);
    await bookOf(here).evictAll(KEYS.slice(1), { acks: 'all' });
    expect(await bookOf(there).getAll(KEYS)).to.deep.equal(KEYS.map((_, i) => (i === 0 ? { value: 0 } : undefined)));
    expect(await bookOf(here).evictIfPresent(KEYS[0])).to.equal(true);
    expect(await bookOf(here).evictIfPresent(KEYS[0])).to.equal(false);
  });

  it('puts, once', async () => {
    const [here, there] = [await joined(), await joined()];
    await fill(there, 'old');
    await bookOf(here).put(KEYS[3], 'new');
    await waitFor(async () => (await bookOf(there).getOrLoad(KEYS[3], () => 'loaded')) === 'new', { what: 'the other to hear of it' });
    expect(await bookOf(there).putIfAbsent(KEYS[3], 'newer')).to.deep.equal({ value: 'new' });
    expect(await bookOf(there).putIfAbsent('another', 'first')).to.equal(undefined);
    expect(await bookOf(here).get('another')).to.deep.equal({ value: 'first' });
  });

  it('clears every bucket, which is told and counted once', async () => {
    const [here, there] = [await joined(), await joined()];
    await fill(here, 1);
    await fill(there, 1);
    const told: string[] = [];
    for (const [name, runtime] of Object.entries({ here, there })) runtime.events.on('cleared', () => void told.push(name));
    await bookOf(here).clear({ acks: 'all' });
    await fill(there, 2);
    await waitFor(() => told.length === 2, { what: 'both to tell' });
    await fill(here, 2);
    expect(told.sort()).to.deep.equal(['here', 'there']);
    const [origin, other] = [bookOf(here).statistics(), bookOf(there).statistics()];
    expect([origin.clears, origin.messagesApplied, other.messagesApplied]).to.deep.equal([1, 1, 1]);
    expect([other.remoteRemovals, other.coherenceRemovals, other.gaps, other.localSize]).to.deep.equal([BUCKETS, 0, 0, BUCKETS]);
  });

  it("waits, with acks: 'all', for the living of each bucket", async () => {
    const [here, there] = [await joined({ instanceId: 'here' }), await joined()];
    await bookOf(here).evictAll(KEYS, { acks: 'all' }); // The lists of the living are old enough from now on.
    const key = KEYS[5] as string;
    const owner = await ownerOf(key);
    const prefix = `{${tagOf(key)}}`;
    await fill(there, 1);
    const ghost = originOf('ghost');
    await owner.cli('ZADD', new Bookkeeping(owner, prefix).keys.members, Date.now() + 60_000, ghost); // Lives in this bucket only.
    const [inbox] = (await owner.cli('PUBSUB', 'SHARDCHANNELS', `${prefix}:inbox:here~*`)) as [string];
    let isOver = false;
    const evicted = bookOf(here)
      .evictAll(KEYS, { acks: 'all' })
      .then(() => (isOver = true));
    await waitFor(() => KEYS.every((each) => hitNow(bookOf(there), each) === undefined), {
      what: 'every part of the eviction to be applied',
    });
    await fill(there, 2);
    await bookOf(here).evict(KEYS[0], { acks: 'all' }); // Begun later, and over.
    expect(isOver).to.equal(false);
    await waitFor(
      async () => {
        const seq = await new Bookkeeping(owner, prefix).seq();
        for (let back = 0; back < 3; back += 1) {
          await owner.cli('SPUBLISH', inbox, JSON.stringify({ v: 2, acked: ['book', seq - back], from: ghost }));
        }
        return isOver;
      },
      { what: 'the eviction to be over' },
    );
    await evicted;
  });

  it('loses no entry with its subscriptions, unless something was evicted meanwhile, in whichever bucket', async () => {
    const [here, there] = [await joined(), await joined()];
    for (const runtime of [here, there]) await fill(runtime, 1);
    const before = [here, there].map((runtime) => bookOf(runtime).statistics().remoteHits);
    const held = (): unknown[] => KEYS.filter((key) => hitNow(bookOf(here), key) !== undefined);
    await loseSubscriptions(deployment.servers, [here, there]);
    for (const runtime of [here, there]) await fill(runtime, 1);
    expect([here, there].map((runtime) => bookOf(runtime).statistics().remoteHits)).to.deep.equal(before);
    expect(held()).to.deep.equal(KEYS);
    const owner = await ownerOf('Dune');
    await Promise.all([loseSubscriptions(deployment.servers, [here, there]), new Bookkeeping(owner, `{${tagOf('Dune')}}`).skip()]);
    expect(held(), 'all buckets share one local tier').to.deep.equal([]);
  });

  it('lets users listen and publish, on every node', async () => {
    const [here, there] = [await joined(), await joined()];
    const heard: string[] = [];
    const listener: MessageListenerContainer = there.listenerContainer;
    await listener.addMessageListener(({ body }) => void heard.push(body), ChannelTopic.of('news'));
    const publisher: MessagePublisher = here.publisher;
    await publisher.publish('news', 'hello');
    await waitFor(() => heard.length > 0, { what: 'the message' });
    expect(heard).to.deep.equal(['hello']);
    const seen = new Set<string>();
    const unwatch = here.fleet.watch({ onStatus: ({ id }) => void seen.add(id) });
    await waitFor(() => seen.size === 2, { what: 'both instances to be seen' });
    unwatch();
  });

  it('announces evictions on a sharded channel of the cache’s own name', async () => {
    const here = await joined({ caches: { book: { topic: 'titles' } } });
    const owner = await ownerOf('Dune');
    const channel = `{${tagOf('Dune')}}:titles`;
    expect(await owner.cli('PUBSUB', 'SHARDNUMSUB', channel)).to.deep.equal([channel, 1]);
    await bookOf(here).evict('Dune');
    expect(bookOf(here).statistics().pendingEvictions).to.equal(0);
  });

  it('works with one bucket, and with caches that come later', async () => {
    const [here, there] = [await joined({ buckets: 1 }), await joined({ buckets: 1 })];
    const [late, later] = [here, there].map(({ manager }) => manager.getCache('late') as Cache);
    for (const key of KEYS) expect([await late?.getOrLoad(key, () => 1), await later?.getOrLoad(key, () => 2)]).to.deep.equal([1, 1]);
    await late?.evictAll(KEYS, { acks: 'all' });
    for (const key of KEYS) expect(await later?.getOrLoad(key, () => 2)).to.equal(2);
  });

  describe('the number of buckets', () => {
    const key = (): string => `{${namespace}:0}:2:buckets`;

    it('must be the same for all: who has another is refused at start, and uses nothing', async () => {
      await fill(await joined(), 1);
      const other = instanceOf({ buckets: 4 });
      const error = await cacheErrorOf(other.start());
      expect(error).to.be.instanceOf(CacheConfigurationError);
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_OPTION_INVALID',
        `Expected \`buckets\` to be 8, as other instances of namespace '${namespace}' have it, got \`4\`. ` +
          `To change it for good, stop every instance of the namespace, delete the key '${key()}', and start them again.`,
      ]);
      const health = other.manager.health();
      expect([health.status, health.links['command']]).to.deep.equal(['degraded', 'down']);
      expect(await bookOf(other).getOrLoad(KEYS[1], () => 'own')).to.equal('own');
      expect((await cacheErrorOf(bookOf(other).evict(KEYS[1]))).code).to.equal('CACHE_EVICT_UNACKNOWLEDGED');
    });

    it('is held to while they run: those who come to disagree use nothing until they agree again', async () => {
      const runtime = await joined({ bound: '200ms' });
      await fill(runtime, 1);
      const owner = await deployment.owner(slotOf(`${namespace}:0`));
      await owner.cli('SET', key(), 4);
      await waitFor(() => runtime.manager.health().links['command'] === 'down', { what: 'every bucket to be out of use' });
      await waitFor(() => runtime.manager.health().caches['book']?.status === 'degraded', { what: 'the lease to run out' });
      await owner.cli('SET', key(), 8);
      await waitFor(() => runtime.manager.health().status === 'up', { what: 'it to be used again' });
    });
  });

  it('costs no more than the bucket while a primary hangs: others go on, and what was evicted is made good', async () => {
    const runtime = await joined({ bound: '500ms' });
    await fill(runtime, 1);
    const told: string[] = [];
    for (const name of ['evictPending', 'evictRecovered'] as const) runtime.events.on(name, () => void told.push(name));
    const [key] = KEYS as [string, ...string[]];
    const owner = await ownerOf(key);
    const others = await Promise.all(KEYS.map(async (each) => ((await ownerOf(each)) === owner ? [] : [each])));
    const [elsewhere] = others.flat();
    owner.pause();
    try {
      const error = await cacheErrorOf(bookOf(runtime).evict(key));
      expect(error).to.be.instanceOf(CacheEvictError);
      expect(await bookOf(runtime).getOrLoad(key, () => 2)).to.equal(2);
      expect(runtime.manager.health().links['command']).to.equal('degraded');
      await bookOf(runtime).evict(elsewhere);
      expect(await bookOf(runtime).getOrLoad(elsewhere, () => 2)).to.equal(2);
      expect(told).to.deep.equal(['evictPending']);
    } finally {
      owner.resume();
    }
    await waitFor(() => told.includes('evictRecovered') && runtime.manager.health().status === 'up', {
      what: 'the eviction to be made good',
      timeoutMs: 30_000,
    });
    expect(await bookOf(runtime).getOrLoad(key, () => 3)).to.equal(3);
    await deployment.whole();
  });

  it('is followed away from a primary that hangs, long before its connections are given up for their silence', async () => {
    const runtime = await joined({ bound: '24s' });
    const [key] = KEYS as [string, ...string[]];
    const owner = await ownerOf(key);
    owner.pause();
    try {
      await deployment.failOver(owner, 'takeover');
      await deployment.movedFrom(owner, slotOf(tagOf(key)));
      const isUp = (): boolean => runtime.manager.health().status === 'up';
      const subscribers = async (): Promise<unknown> => {
        const channel = `{${tagOf(key)}}:book-channel`;
        return ((await (await ownerOf(key)).cli('PUBSUB', 'SHARDNUMSUB', channel)) as unknown[])[1];
      };
      await waitFor(async () => (await subscribers()) === 1 && isUp(), {
        what: 'the new primary to be used',
        timeoutMs: 18_000,
        everyMs: 20,
      });
    } finally {
      owner.resume();
    }
    await deployment.whole();
    expect(await bookOf(runtime).getOrLoad(key, () => 1)).to.equal(1);
  });

  describe('the connections to a slot that moves', () => {
    let topology: ClusterTopology;
    const slot = slotOf('wanderer');

    beforeEach(() => {
      topology = ClusterTopology.of(given(), 5_000) as ClusterTopology;
      stopping.push(async () => topology.close());
    });

    it('are told by the server that their subscriptions have ended, and subscribe where the slot is', async () => {
      const container = new MessageListenerContainer(new RedisTransport(topology.source(slot, 'wanderer')));
      stopping.push(() => container.stop());
      const heard: string[] = [];
      await container.addMessageListener(({ body }) => void heard.push(body), ChannelTopic.of('{wanderer}:news'));
      await container.start();
      await deployment.migrate(slot);
      await waitFor(() => container.epoch > 0 && container.isListening, { what: 'the loss, and the new subscription' });
      await (await deployment.owner(slot)).cli('SPUBLISH', '{wanderer}:news', 'hello');
      await waitFor(() => heard.length > 0, { what: 'the message' });
    });

    it('are given up when a heartbeat is told that the slot has moved, and lead to where it is', async () => {
      const endpoint = topology.endpoint('wanderer');
      const events = new CacheEvents();
      const patience = { timeoutMs: 5_000, connectTimeoutMs: 5_000, socketTimeoutMs: 10_000 };
      const connection = new CommandConnection({ endpoint, events, ...patience, locate: () => topology.locate(slot), isSharded: true });
      stopping.push(() => connection.stop());
      await connection.start();
      const heartbeat = new Script('heartbeat', `return redis.call('PUBLISH', KEYS[1], 'alive')`);
      const beat = (): Promise<number> => connection.runUnguarded(heartbeat, ['{wanderer}:echo'], []);
      expect(await beat()).to.equal(0);
      await deployment.migrate(slot);
      expect(((await rejectionOf(beat())) as Error).message).to.match(/^MOVED /);
      expect(connection.acceptsSteps).to.equal(false);
      await waitFor(() => connection.acceptsSteps, { what: 'the next connection' });
      expect([await beat(), connection.address?.port]).to.deep.equal([0, (await deployment.owner(slot)).port]);
    });
  });

  it('tells that it cannot be reached, or entered, without a credential', async () => {
    const client = deployment.client({ password: 's3cret' });
    clients.push(client);
    const errors: unknown[] = [];
    const runtime = instanceOf({ redis: client, connectTimeout: '2s' });
    runtime.events.on('error', (event) => void errors.push(event));
    runtime.events.on('failed', (event) => void errors.push(event));
    const error = await cacheErrorOf(runtime.start());
    const [first] = deployment.servers as [RedisServer];
    expect(error.message).to.equal(
      `Could not reach Redis at bucket 0 of cluster of 127.0.0.1:${first.port} within 2000 ms. Check host, port, credentials and that the server accepts connections.`,
    );
    expect((error.cause as Error).message).to.match(
      /^Node 127\.0\.0\.1:\d+ of the cluster could not tell which slots are whose: WRONGPASS .+\.$/,
    );

    expect(inspect([error, errors], { depth: 10 })).not.to.include('s3cret');
  });

  it('is warned of by its nodes, each by its address and once, and not for its replicas', async () => {
    const warnings: (Error & { readonly code?: string })[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    const owner = await ownerOf(KEYS[6] as string);
    for (const [setting, value] of Object.entries({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' }))
      await owner.cli('CONFIG', 'SET', setting, value);
    process.on('warning', listen);
    try {
      await joined();
      await new Promise((resolve) => process.nextTick(resolve)); // Node tells warnings a tick later.
      const told = warnings.map(({ code, message }) => [code, /^Redis at \S+/.exec(message)?.[0]]);
      expect(told).to.deep.equal([['CACHE_SERVER_EVICTION_POLICY', `Redis at 127.0.0.1:${owner.port}`]]);
    } finally {
      process.off('warning', listen);
      await owner.cli('CONFIG', 'SET', 'maxmemory', 0);
    }
  });

  it('is left with no connection when all have stopped', async () => {
    const connections = async (): Promise<number> => {
      const lists = await Promise.all(
        deployment.servers.map(async (server) => String(await server.cli('CLIENT', 'LIST', 'TYPE', 'normal'))),
      );
      const pubsub = await Promise.all(
        deployment.servers.map(async (server) => String(await server.cli('CLIENT', 'LIST', 'TYPE', 'pubsub'))),
      );
      // The one that asks is among the former.
      return [...lists, ...pubsub].flatMap((list) => list.split('\n').filter((line) => line.startsWith('id='))).length - lists.length;
    };
    const runtime = await joined();
    expect(await connections()).to.be.at.least(2 * BUCKETS);
    await runtime.stop();
    await waitFor(async () => (await connections()) === 0, { what: 'every connection to be gone' });
  });
});
