/**
 * Two servers that both take themselves for the primary, as during a failover: one instance has moved to the new one, the other has not yet,
 * and evicts on the old one. What the old one acknowledged is lost with it, so the evicting instance must see to it itself.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import type { Cache } from '../../lib/cache/index.js';
import { ChannelTopic } from '../../lib/topic/index.js';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import { cacheErrorIn, cacheErrorOf } from '../contract/rejection.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { ScriptedSentinel } from './scripted-sentinel.js';

describe('An instance behind Sentinel', function () {
  this.timeout(180_000);

  const stopping: (() => Promise<void>)[] = [];
  const kept = <T extends { stop(): Promise<void> }>(resource: T): T => (stopping.unshift(() => resource.stop()), resource);
  const bookOf = (runtime: CacheInstance): Cache => runtime.manager.getCache('book') as Cache;
  const join = async (sentinel: ScriptedSentinel, connections: string[] = []): Promise<CacheInstance> => {
    const redis = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'books' };
    const runtime = kept(createInstance({ redis, caches: { book: { ttl: '1h' } } }));
    for (const name of ['connected', 'lost'] as const) runtime.events.on(name, ({ link }) => void connections.push(`${name} ${link}`));
    await runtime.start();
    return runtime;
  };
  const membersOf = async (server: RedisServer): Promise<number> => (await new Bookkeeping(server).members()).length;

  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop();
  });

  it('repeats for the new primary what only the old one has acknowledged', async () => {
    const old = kept(await RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] })); // Else it waits 5 s for more replicas.
    const promoted = kept(await RedisServer.start({ args: ['--replicaof', '127.0.0.1', `${old.port}`] }));
    await waitFor(async () => (await promoted.info('replication'))['master_link_status'] === 'up', { what: 'the replica to follow' });
    const [early, late] = [kept(await ScriptedSentinel.start(old.port)), kept(await ScriptedSentinel.start(old.port))];
    const [ahead, behind] = [await join(early), await join(late)];
    let price = 1;
    for (const runtime of [ahead, behind]) expect(await bookOf(runtime).getOrLoad('Dune', () => price)).to.equal(1);

    await promoted.cli('REPLICAOF', 'NO', 'ONE');
    early.switchTo(promoted.port);
    const isAhead = async (): Promise<boolean> =>
      ahead.manager.health().status === 'up' && ((await promoted.cli('PUBSUB', 'NUMSUB', 'book-channel')) as unknown[])[1] === 1;
    await waitFor(isAhead, { what: 'the first to move' });
    expect(await bookOf(ahead).getOrLoad('Dune', () => price)).to.equal(1);

    price = 2;
    await bookOf(behind).evict('Dune'); // Acknowledged, by a server that nobody else listens to any more.
    expect(await bookOf(ahead).getOrLoad('Dune', () => price)).to.equal(1); // It cannot know. (Why a primary must refuse to write without replicas.)

    late.switchTo(promoted.port);
    await waitFor(async () => (await membersOf(promoted)) === 2, { what: 'the second to move' });
    await waitFor(() => behind.manager.health().status === 'up', { what: 'the second to be of use again' });
    expect(await bookOf(behind).getOrLoad('Dune', () => price)).to.equal(2);
    await waitFor(async () => (await bookOf(ahead).getOrLoad('Dune', () => price)) === 2, { what: 'the first to hear of it' });
  });

  it('moves every connection when a Sentinel names another primary, though the old one is well', async () => {
    const [first, second] = [kept(await RedisServer.start()), kept(await RedisServer.start())];
    const sentinel = kept(await ScriptedSentinel.start(first.port));
    const connections: string[] = [];
    const runtime = await join(sentinel, connections);
    expect([await membersOf(first), await membersOf(second)]).to.deep.equal([1, 0]);
    const heard: string[] = [];
    await runtime.listenerContainer.addMessageListener(({ body }) => void heard.push(body), ChannelTopic.of('news'));
    await runtime.publisher.publish('news', 'before');
    sentinel.switchTo(second.port);
    await waitFor(async () => (await membersOf(second)) === 1 && runtime.manager.health().status === 'up', {
      what: 'the instance to move',
    });
    for (const link of ['command', 'subscriber']) {
      const own = connections.filter((each) => each.endsWith(link));
      expect(own).to.deep.equal([`connected ${link}`, `lost ${link}`, `connected ${link}`]);
    }
    expect(await runtime.publisher.publish('news', 'after')).to.equal(1);
    await waitFor(() => heard.length === 2, { what: 'what was published before and after' });
    expect(String(await first.cli('CLIENT', 'LIST'))).not.to.match(/name=cache-topic-/);
    await bookOf(runtime).put('Dune', 1);
    expect(String(await second.cli('KEYS', 'cache:2:book:*::Dune'))).to.include('::Dune');
    expect(await first.cli('KEYS', 'cache:2:book:*::Dune')).to.deep.equal([]);
    await waitFor(async () => !String(await first.cli('CLIENT', 'LIST')).includes('cmd=evalsha'), {
      what: 'the old connection to be closed',
    });
  });

  it('uses a primary that has lost its replicas for nothing, and goes on when they are back', async () => {
    const server = kept(await RedisServer.start());
    const runtime = await join(kept(await ScriptedSentinel.start(server.port)));
    expect(await bookOf(runtime).getOrLoad('Dune', () => 1)).to.equal(1);
    await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    await waitFor(() => runtime.manager.health().links['command'] === 'down', { what: 'the heartbeat to be refused' });
    expect((await cacheErrorOf(bookOf(runtime).get('Emma'))).code).to.equal('CACHE_REMOTE_UNAVAILABLE');
    await server.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await waitFor(() => runtime.manager.health().status === 'up', { what: 'the heartbeat to be accepted' });
  });

  it('tells that no Sentinel can be reached, without a credential, and stops at once', async () => {
    const port = await freePort();
    const redis = { sentinels: [{ host: '127.0.0.1', port }], name: 'books', sentinelPassword: 's3cret', password: 's3cret' };
    const runtime = kept(createInstance({ redis, connectTimeout: '2s' }));
    runtime.manager.getCache('book');
    const error = await cacheErrorOf(runtime.start());
    expect(error.message).to.equal(
      `Could not reach Redis at books of sentinel 127.0.0.1:${port} within 2000 ms (ECONNREFUSED). Check host, port, credentials and that the server accepts connections.`,
    );
    expect((error.cause as Error).message).to.equal(
      `Sentinel 127.0.0.1:${port} could not tell where 'books' is: connect ECONNREFUSED 127.0.0.1:${port}.`,
    );
  });

  it('never tells a password, though the Sentinel repeats it', async () => {
    const sentinel = kept(await ScriptedSentinel.start(1));
    const redis = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'books', sentinelPassword: 's3cret' };
    const runtime = kept(createInstance({ redis, connectTimeout: '2s' }));
    const told: unknown[] = [];
    for (const name of ['failed', 'error', 'reconnecting'] as const) runtime.events.on(name, (event) => void told.push(event));
    const error = await cacheErrorOf(runtime.start());
    expect((error.cause as Error).message).to.equal(
      `Sentinel 127.0.0.1:${sentinel.port} could not tell where 'books' is: ERR unknown command 'auth'.`,
    );
    await waitFor(() => ['command', 'subscriber', 'sentinel'].every((link) => inspect(told).includes(`link: '${link}'`)), {
      what: 'all to fail',
    });
    expect(inspect([told, error], { depth: 10, showHidden: true })).not.to.include('s3cret');
  });

  it('wants to know the name of the primary', () => {
    const error = cacheErrorIn(() => createInstance({ redis: { sentinels: [{ host: 'h' }] } }));
    expect(error).to.be.instanceOf(CacheConfigurationError);
    expect(error.message).to.equal('Expected `redis.name` to be the name of the primary that the Sentinels watch, got `undefined`.');
  });

  it('wants to know whether TLS is meant for the servers too', () => {
    const error = cacheErrorIn(() => createInstance({ redis: { sentinels: [{ host: 'h' }], name: 'books', tls: {} } }));
    expect(error).to.be.instanceOf(CacheConfigurationError);
    expect(error.message).to.equal(
      'Expected `redis.enableTLSForSentinelMode` to be true or false beside `redis.tls`, which is not used without it, got `undefined`.',
    );
  });
});
