/**
 * The least a Redis user must be allowed, as `docs/deployment.md` lists it: with exactly these rights everything works and the server
 * refuses nothing; without any single one of them it does not.
 */
import { inspect } from 'node:util';
import { expect } from 'chai';
import { type Cache, MAXIMUM_TAGS_NOTED } from '../../lib/cache/index.js';
import { type CacheError, RemoteCacheError } from '../../lib/errors/index.js';
import { createInstance, type CacheInstance } from '../../lib/instance/cache-instance.js';
import type { Duration } from '../../lib/time/index.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { documentedRights } from './documented-rights.js';
import { grant, type Outcome, PASSWORD, refusalFor, tryRights, USER } from './rights-trial.js';

const NAMESPACE = 'app';

/** Whatever else is refused, these do not hinder the caches: clients that name themselves, and a sign of life that is answered either way. */
const COURTESIES = ['+client|setname', '+ping'];

describe('The rights of a Redis user', function () {
  this.timeout(180_000);

  const rights = documentedRights();
  let server: RedisServer;
  const runtimes: CacheInstance[] = [];

  before(async () => {
    server = await RedisServer.start();
  });

  afterEach(stop);

  after(() => server.stop());

  async function stop(): Promise<void> {
    await Promise.all(runtimes.splice(0).map((runtime) => runtime.stop()));
  }

  const joined = async (connectTimeout: Duration): Promise<{ runtime: CacheInstance; book: Cache }> => {
    const runtime = createInstance({
      redis: { host: '127.0.0.1', port: server.port, username: USER, password: PASSWORD },
      namespace: NAMESPACE,
      caches: { book: { tags: true } },
      bound: '200ms',
      timeout: '1s',
      deadline: '3s',
      connectTimeout,
    });
    runtimes.push(runtime);
    await runtime.start();
    return { runtime, book: runtime.manager.getCache('book') as Cache };
  };

  /** Everything that caches do on Redis, by two instances. Rejects where something did not work. */
  const useEverything = async (connectTimeout: Duration): Promise<void> => {
    const { runtime: here, book } = await joined(connectTimeout);
    const { book: elsewhere } = await joined(connectTimeout);

    // Filled by one, read by the other.
    expect(await book.getOrLoad('Dune', () => 12)).to.equal(12);
    expect(await elsewhere.getOrLoad('Dune', () => expect.fail('loaded, though it was stored'))).to.equal(12);
    expect(await elsewhere.getAll(['Dune', 'Emma', 'Ulysses'])).to.deep.equal([{ value: 12 }, undefined, undefined]);

    // Loaded by one of them only, though both ask: who comes second looks whether the first is alive.
    const before = (await server.commandCalls())['zscore'] ?? 0;
    let finish: (price: number) => void = () => {};
    let begun: () => void = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const first = book.getOrLoad('Emma', () => {
      begun();
      return new Promise<number>((resolve) => (finish = resolve));
    });
    await hasBegun;
    let loadedTwice = false;
    const second = elsewhere.getOrLoad('Emma', () => {
      loadedTwice = true;
      return 0;
    });
    try {
      await waitFor(async () => ((await server.commandCalls())['zscore'] ?? 0) > before || loadedTwice, { what: 'the second to ask' });
    } finally {
      finish(7);
    }
    expect([await first, await second, loadedTwice]).to.deep.equal([7, 7, false]);

    // Put, and evicted everywhere.
    await book.put('Dune', 15);
    expect(await elsewhere.getOrLoad('Dune', () => expect.fail('loaded, though it was put'))).to.equal(15);
    expect(await book.putIfAbsent('Ulysses', 20)).to.equal(undefined);
    expect(await elsewhere.putIfAbsent('Ulysses', 21)).to.deep.equal({ value: 20 });
    await book.evictAround(['Dune'], async () => {
      await waitFor(async () => (await elsewhere.get('Dune')) === undefined, { what: 'the eviction' });
      expect(await elsewhere.getOrLoad('Dune', () => 'not stored')).to.equal('not stored');
    });
    expect(await elsewhere.get('Dune')).to.equal(undefined);
    await book.put('Dune', 15);
    await book.evictAll(['Dune', 'Emma'], { acks: 'all' });
    expect(await elsewhere.getOrLoad('Dune', () => 16)).to.equal(16);
    expect(await book.evictIfPresent('Dune')).to.equal(true);
    await book.clear({ acks: 'all' });
    expect(await elsewhere.get('Ulysses')).to.equal(undefined);

    // Evicted by tag: also when there are more tags than are remembered, and by one who must ask which they were.
    await book.put('Dune', 17, { tags: ['author:1'] });
    await book.put('Kim', 18, { tags: ['author:2'] });
    await book.evictTagged(['author:1'], { acks: 'all' });
    const { book: late } = await joined(connectTimeout);
    expect(await late.getAll(['Dune', 'Kim'])).to.deep.equal([undefined, { value: 18 }]);
    expect(late.statistics().tagReads).to.be.greaterThan(0);
    await book.evictTagged(Array.from({ length: MAXIMUM_TAGS_NOTED + 1 }, (_, i) => i));
    expect(await server.cli('ZCARD', new Bookkeeping(server, NAMESPACE).keys.tags)).to.be.lessThan(MAXIMUM_TAGS_NOTED);

    // A load that fails gives its right back, and the other may load at once.
    const failure = new Error('no such book');
    expect(await book.getOrLoad('Ulysses', () => Promise.reject(failure)).catch((error: unknown) => error)).to.equal(failure);

    // Heartbeats go on: the lease is won anew with an echo that was sent later.
    const served = (book as Cache & { readonly leaseEndsAt: number }).leaseEndsAt;
    await waitFor(() => (book as Cache & { readonly leaseEndsAt: number }).leaseEndsAt > served, { what: 'the next heartbeat' });

    // Without its subscriber connection an instance reads in bypass, which takes the generation along.
    await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await waitFor(() => here.manager.health().links['subscriber'] === 'down', { what: 'the loss to be noticed' });
    expect(await book.get('nowhere')).to.equal(undefined);
    await waitFor(() => here.manager.health().status === 'up', { what: 'the subscriber to be back' });

    // Those who watch the fleet are answered by all of it, and leave its topics when they have seen enough.
    const seen = new Set<string>();
    const unwatch = here.fleet.watch({ onStatus: ({ id }) => void seen.add(id) });
    await waitFor(() => seen.size === 3, { what: 'all instances to be seen' });
    unwatch();
    await waitFor(async () => ((await server.cli('PUBSUB', 'NUMSUB', `${NAMESPACE}:fleet:answer`)) as [string, number])[1] === 0, {
      what: 'the topic of the answers to be left',
      timeoutMs: 1_000,
    });

    // A topic of the application's own, within the namespace.
    expect(await here.publisher.publish(`${NAMESPACE}:news`, 'hello')).to.equal(0);

    // A connection on which nothing comes asks whether the server is there.
    await server.cli('CONFIG', 'RESETSTAT');
    await waitFor(async () => String(await server.cli('INFO', 'commandstats')).includes('cmdstat_ping:'), { what: 'a PING' });

    // Who ends is no longer waited for.
    await stop();
    const left = new Bookkeeping(server, NAMESPACE);
    expect([await left.members(), await server.cli('EXISTS', left.keys.hosts)]).to.deep.equal([[], 0]);
    for (const key of [left.keys.state, left.keys.members, left.keys.tags]) expect(await server.cli('PTTL', key), key).to.be.greaterThan(0);
  };

  const tryWith = async (granted: readonly string[], connectTimeout: Duration): Promise<Outcome> => {
    await server.cli('FLUSHALL');
    await server.cli('SCRIPT', 'FLUSH');
    return tryRights([server], granted, () => useEverything(connectTimeout).finally(stop));
  };

  it('are enough: everything works, and nothing is refused', async () => {
    const { failure, refusals } = await tryWith(rights, '5s');
    expect([failure, refusals]).to.deep.equal([undefined, []]);
  });

  it('are more for the default namespace, whose topics bear the names of the caches, and for a database', async () => {
    const granted = rights.map((right) => right.replace('app:*', 'cache:*'));
    const start = async (more: readonly string[]): Promise<string> => {
      await grant([server], [...granted, ...more]);
      const redis = { host: '127.0.0.1', port: server.port, username: USER, password: PASSWORD, db: 1 };
      const runtime = createInstance({ redis, caches: { book: {} }, bound: '200ms', connectTimeout: '2s' });
      runtimes.push(runtime);
      try {
        await runtime.start();
        await runtime.manager.getCache('book')?.evict('Dune', { acks: 'all' });
        return 'works';
      } catch (error) {
        return (error as CacheError).code;
      }
    };
    expect(await start(['+select', '&book-channel@1'])).to.equal('works');
    expect(await start(['+select', '&*-channel*'])).to.equal('works');
    expect(await start(['+select'])).to.equal('TOPIC_SUBSCRIBE_FAILED');
    expect(await start(['&book-channel@1'])).to.equal('CACHE_REMOTE_CONNECT_FAILED');
  });

  it('are told when they are missing: which, and where, and no password', async () => {
    await server.cli('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, ...rights, '-evalsha');
    const error = await joined('2s').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(RemoteCacheError);
    // Since Redis 7.2, and in Valkey, the server names the user.
    expect((error as CacheError).message.replace(`User ${USER} has`, 'this user has')).to.equal(
      `Could not reach Redis at 127.0.0.1:${server.port} within 2000 ms (NOPERM this user has no permissions to run the 'evalsha' command). ` +
        'Give the user the rights that docs/deployment.md lists.',
    );
    expect(inspect(error, { depth: 10 })).not.to.include(PASSWORD);
  });

  describe('are needed, each of them:', () => {
    for (const right of rights) {
      const isCourtesy = COURTESIES.includes(right);
      it(`without ${right} ${isCourtesy ? 'the server refuses something' : 'something fails'}`, async () => {
        const { failure, refusals } = await tryWith(
          rights.filter((other) => other !== right),
          isCourtesy ? '5s' : '600ms',
        );
        expect(refusals.filter((refusal) => refusal.startsWith(refusalFor(right)))).not.to.deep.equal([]);
        expect(failure === undefined).to.equal(isCourtesy);
      });
    }
  });
});
