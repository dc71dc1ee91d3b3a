import { expect } from 'chai';
import { Generation } from '../../lib/cache/index.js';
import { CommandConnection, redisEndpoint } from '../../lib/redis/index.js';
import { Acknowledgements } from '../../lib/eviction/acknowledgements.js';
import { RedisHeartbeat } from '../../lib/eviction/heartbeat.js';
import { RedisEvictionLog } from '../../lib/eviction/index.js';
import { MARK } from '../../lib/eviction/script-prelude.js';
import type { RemoteKeys } from '../../lib/eviction/remote-keys.js';
import { CacheEvents } from '../../lib/event/index.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import type { RedisServer } from '../support/redis-server.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

const BOUND = 60_000;

/** What is answered about the one key that was asked for. */
const one = async <T>(answers: Promise<readonly T[]>): Promise<T> => (await answers)[0] as T;

/** A raw entry as it was handed over, before the server wrote its end into it. */
const withoutEnd = (raw: string | undefined): string | undefined => raw?.replace(/,"end":\d{13}\}$/, '}');

describe(RedisEvictionLog.name, () => {
  let server: RedisServer;
  let namespace: string;
  let keys: RemoteKeys;
  let book: Bookkeeping;
  let connections: CommandConnection[];
  let log: RedisEvictionLog;
  let heartbeat: RedisHeartbeat;
  let generation: string | undefined;

  /** The writing half of one instance, which has sent no heartbeat yet. */
  const join = async (origin: string, fillLeaseMs = 30_000): Promise<{ log: RedisEvictionLog; heartbeat: RedisHeartbeat }> => {
    const connection = new CommandConnection({
      endpoint: redisEndpoint(server.url),
      events: new CacheEvents(),
      timeoutMs: 2_000,
      connectTimeoutMs: 5_000,
      socketTimeoutMs: 5_000,
    });
    connections.push(connection);
    await connection.start();
    const ownGeneration = new Generation();
    ownGeneration.onChange(() => (generation = ownGeneration.current));
    const joined = new RedisEvictionLog({
      connection,
      namespace,
      cache: 'book',
      channel: `${namespace}:book-channel`,
      origin,
      boundMs: BOUND,
      fillLeaseMs,
      acknowledgements: new Acknowledgements(origin, BOUND),
      generation: ownGeneration,
    });
    return { log: joined, heartbeat: new RedisHeartbeat({ connection, namespace, origin, boundMs: BOUND }) };
  };
  const beat = async (by = heartbeat, known: string | undefined = generation): Promise<{ seq: number; gen: string }> =>
    (await by.pulse([{ name: 'book', generation: known }], '{"v":2,"beat":1,"states":"')).states[0]!;
  const granted = async (by: RedisEvictionLog, key: string): Promise<string> => {
    const reply = await one(by.acquire([{ key }]));
    if (reply.kind !== 'granted') throw new Error(`Expected the lease of ${key}, got ${reply.kind}.`);
    return reply.token;
  };
  /** What is stored, without its end. */
  const stored = async (key: string): Promise<unknown> => {
    const raw = await server.cli('GET', await book.data(key));
    return typeof raw === 'string' ? withoutEnd(raw) : raw;
  };

  beforeEach(async () => {
    server = await sharedRedis();
    namespace = ownNamespace('log');
    book = new Bookkeeping(server, namespace);
    keys = book.keys;
    [connections, generation] = [[], undefined];
    ({ log, heartbeat } = await join('one'));
  });

  afterEach(() => Promise.all(connections.map((connection) => connection.stop())));

  describe('generations', () => {
    for (const [verb, act] of [
      ['put', () => log.put([{ key: 'Dune', raw: 'raw}', ttlMs: 60_000 }])],
      ['putIfAbsent', () => log.putIfAbsent({ key: 'Dune', raw: 'raw}', ttlMs: 60_000 })],
      ['acquire', () => one(log.acquire([{ key: 'Dune' }]))],
      ['evict', () => log.evict({ keys: ['Dune'] }, false)],
      ['clear', () => log.evict('all', false)],
    ] as const) {
      it(`begun by ${verb} are kept by the first heartbeat`, async () => {
        await act();
        const begun = await book.gen();
        expect(begun)
          .to.equal(generation)
          .and.match(/^\d{16}$/);
        expect((await beat()).gen).to.equal(begun);
        expect((await beat((await join('two')).heartbeat, undefined)).gen).to.equal(begun);
      });
    }

    it('are abandoned on a server with another run id, with the list of the living', async () => {
      await beat();
      await log.put([{ key: 'Dune', raw: 'raw}', ttlMs: 60_000 }]);
      const before = String(generation);
      const { born } = await book.age();
      const run = await book.run();
      await server.cli('ZREM', keys.members, `:born:${run}`);
      await server.cli('ZADD', keys.members, MARK + 1, ':born:abc');
      await book.set({ run: 'abc' });
      const numbered = await book.seq();
      const { gen, seq } = await beat();
      expect(Number(gen)).to.be.greaterThan(Number(before));
      expect([seq, await stored('Dune')]).to.deep.equal([numbered, null]);
      expect((await book.age()).born).to.be.at.least(born);
      expect(await book.run())
        .to.equal(run)
        .and.match(/^[0-9a-f]{12}$/);
    });

    it('only ever grow, whatever the clock of the server says', async () => {
      await log.evict('all', false);
      const ahead = '9000000000000000';
      await book.set({ gen: ahead });
      await log.evict('all', false);
      expect(generation).to.equal('9000000000000001');
      expect((await beat(heartbeat, '9000000000000005')).gen).to.equal('9000000000000006');
      await server.cli('DEL', keys.state);
      expect((await beat(heartbeat, '9000000000000006')).gen).to.equal('9000000000000007');
    });

    it('that have moved on are followed within the call', async () => {
      const { log: other } = await join('two');
      await log.put([{ key: 'Dune', raw: 'old}', ttlMs: 60_000 }]);
      await other.evict('all', false);
      await log.put([{ key: 'Dune', raw: 'new}', ttlMs: 60_000 }]);
      expect(await stored('Dune')).to.equal('new}');
    });

    it('are made sure of by a read without a lease, which follows them', async () => {
      const { log: other } = await join('two');
      await log.put([{ key: 'Dune', raw: 'raw}', ttlMs: 60_000 }]);
      expect((await log.readCurrent(['Dune', 'none'])).map(withoutEnd)).to.deep.equal(['raw}', undefined]);
      await other.evict('all', false);
      expect(await log.readCurrent(['Dune'])).to.deep.equal([undefined]);
      await other.put([{ key: 'Dune', raw: 'new}', ttlMs: 60_000 }]);
      expect((await log.readCurrent(['Dune'])).map(withoutEnd)).to.deep.equal(['new}']);
    });
  });

  describe('fill leases', () => {
    beforeEach(async () => {
      await beat();
    });

    it('are granted to one instance at a time, across instances', async () => {
      const two = await join('two');
      const token = await granted(log, 'Dune');
      expect(await one(two.log.acquire([{ key: 'Dune' }]))).to.deep.equal({ kind: 'busy' });
      expect(await one(log.fill([{ key: 'Dune', token: token, raw: 'raw}', ttlMs: 60_000 }]))).to.equal(true);
      const there = await one(two.log.acquire([{ key: 'Dune' }]));
      expect({ ...there, entry: withoutEnd('entry' in there ? there.entry : '') }).to.deep.equal({ kind: 'present', entry: 'raw}' });
      expect([await one(log.fill([{ key: 'Dune', token: token, raw: 'again}', ttlMs: 60_000 }])), await stored('Dune')]).to.deep.equal([
        false,
        'raw}',
      ]);
    });

    it('of an instance that is not on the list of the living are taken over; it can then fill no more', async () => {
      const two = await join('two');
      const dead = await granted(two.log, 'Dune'); // It never sent a heartbeat.
      const token = await granted(log, 'Dune');
      expect(await one(two.log.fill([{ key: 'Dune', token: dead, raw: 'stale}', ttlMs: 60_000 }]))).to.equal(false);
      expect([await one(log.fill([{ key: 'Dune', token: token, raw: 'raw}', ttlMs: 60_000 }])), await stored('Dune')]).to.deep.equal([
        true,
        'raw}',
      ]);
    });

    const overtakers: Readonly<Record<string, (by: RedisEvictionLog) => Promise<unknown>>> = {
      evict: (by) => by.evict({ keys: ['Emma', 'Dune'] }, false),
      put: (by) => by.put([{ key: 'Dune', raw: 'put}', ttlMs: 60_000 }]),
      putIfAbsent: (by) => by.putIfAbsent({ key: 'Dune', raw: 'put}', ttlMs: 60_000 }),
      clear: (by) => by.evict('all', false),
    };
    for (const [verb, overtake] of Object.entries(overtakers)) {
      it(`are ended by ${verb} of another instance`, async () => {
        const token = await granted(log, 'Dune');
        await overtake((await join('two')).log);
        expect(await one(log.fill([{ key: 'Dune', token: token, raw: 'old}', ttlMs: 60_000 }]))).to.equal(false);
        expect(await stored('Dune')).to.equal(verb.startsWith('put') ? 'put}' : null);
      });
    }

    it('end after their time', async () => {
      const { log: hasty, heartbeat: beats } = await join('hasty', 1);
      await beat(beats);
      const token = await granted(hasty, 'Dune');
      await waitFor(async () => (await server.cli('EXISTS', keys.lease(String(generation), 'Dune'))) === 0, {
        what: 'the lease to run out',
      });
      expect(await one(hasty.fill([{ key: 'Dune', token: token, raw: 'late}', ttlMs: 60_000 }]))).to.equal(false);
    });

    it('are given back by their holder only', async () => {
      const two = await join('two');
      const [since, gen, right] = (await granted(log, 'Dune')).split('/') as [string, string, string];
      await two.log.release([{ key: 'Dune', token: `${since}/${gen}/two|1` }]);
      expect(await one(two.log.acquire([{ key: 'Dune' }]))).to.deep.equal({ kind: 'busy' });
      await log.release([{ key: 'Dune', token: `${since}/${gen}/${right}` }]);
      expect((await one(two.log.acquire([{ key: 'Dune' }]))).kind).to.equal('granted');
    });
  });

  it('is asked about the run of the server where no heartbeat has named the cache yet', async () => {
    await beat();
    await log.put([{ key: 'Dune', raw: 'raw}', ttlMs: 60_000 }]);
    await book.set({ run: 'abc' }); // As after a restart from a snapshot.
    for (const [verb, act] of Object.entries({
      read: (by: RedisEvictionLog) => by.readCurrent(['Dune']).then(([raw]) => raw),
      acquire: (by: RedisEvictionLog) => one(by.acquire([{ key: 'Dune' }])).then((reply) => ('entry' in reply ? reply.entry : undefined)),
      putIfAbsent: (by: RedisEvictionLog) => by.putIfAbsent({ key: 'Dune', raw: 'new}', ttlMs: 60_000 }),
    })) {
      const before = await book.gen();
      expect(await act((await join('late')).log), verb).to.equal(undefined);
      if (verb !== 'read') expect(Number(await book.gen()), verb).to.be.greaterThan(Number(before));
      await book.set({ gen: before, run: 'abc' });
    }
  });

  it('tells how many of the keys were there', async () => {
    await log.put([{ key: 'Dune', raw: 'raw}', ttlMs: 60_000 }]);
    await log.put([{ key: 'Emma', raw: 'raw}', ttlMs: 60_000 }]);
    expect((await log.evict({ keys: ['Dune', 'none', 'Emma'] }, false)).removed).to.equal(2);
    expect(await log.evict({ keys: ['Dune'] }, false)).to.deep.equal({ removed: 0, acknowledged: undefined });
  });

  it('says which caches the instance has; a beat that is executed late takes none away', async () => {
    const names = async (): Promise<unknown> => server.cli('HGET', keys.hosts, `one:${BOUND}`);
    const beatWith = (...caches: readonly string[]): Promise<unknown> =>
      heartbeat.pulse(
        caches.map((name) => ({ name, generation: undefined })),
        '{"v":2,"beat":1,"states":"',
      );
    for (const [caches, expected] of [
      [[], ''],
      [['book'], 'book'],
      [['book', 'film'], 'book,film'],
      [['book'], 'book,film'],
      [[], 'book,film'],
      [['book', 'film', 'books'], 'book,film,books'],
    ] as const) {
      await beatWith(...caches);
      expect(await names()).to.equal(expected);
    }
    for (const damage of ['bookish', 'film', ',', 'x'.repeat(100)]) {
      await server.cli('HSET', keys.hosts, `one:${BOUND}`, damage);
      await beatWith('book');
      expect(await names(), damage).to.equal('book');
    }
  });

  it('takes itself off the list of the living', async () => {
    await beat();
    expect(await book.members()).to.deep.equal([`one:${BOUND}`]);
    await heartbeat.leave(['book']);
    expect(await book.members()).to.deep.equal([]);
  });
});
