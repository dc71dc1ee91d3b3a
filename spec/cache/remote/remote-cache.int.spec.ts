import KeyvRedis from '@keyv/redis';
import { expect } from 'chai';
import { Keyv } from 'keyv';
import { createCacheCodec, ENDLESS_MS, RemoteCache, type TwoTierCache } from '../../../lib/cache/index.js';
import { cacheCodec } from '../../../lib/index.js'; // As README tells.
import { Book } from '../../contract/value-contract.js';
import { CommandLog, sentNames } from '../../contract/command-log.js';
import { Fleet, type Instance } from '../../contract/fleet.js';
import { cacheErrorOf } from '../../contract/rejection.js';
import { Bookkeeping } from '../../support/bookkeeping.js';
import { RedisServer } from '../../support/redis-server.js';
import { waitFor } from '../../support/wait.js';

describe(`${RemoteCache.name} on Redis`, () => {
  let server: RedisServer;
  let log: CommandLog;
  let fleet: Fleet;
  let here: Instance;
  let cache: TwoTierCache;

  before(async () => {
    server = await RedisServer.start();
    log = await CommandLog.open(server);
  });

  after(async () => {
    log.close();
    await server.stop();
  });

  beforeEach(async () => {
    fleet = new Fleet({ redis: server.url });
    here = await fleet.join();
    ({ cache } = here);
  });

  afterEach(async () => {
    await fleet.stop();
    await server.cli('FLUSHALL');
  });

  const generation = (): Promise<string> => new Bookkeeping(server).gen();
  const rawKey = (key: string): Promise<string> => new Bookkeeping(server).data(key);
  const dataKeys = async (): Promise<unknown> => [...((await server.cli('KEYS', '*::*')) as string[])].sort();

  describe('keys and values, as other programs see them', () => {
    it('lie under namespace, cache and generation', async () => {
      await cache.put('Dune', { title: 'Dune' }, { ttl: 0 });
      await cache.getOrLoad(['a', 1], () => 1, { ttl: 0 });
      const gen = await generation();
      expect(gen).to.match(/^\d{16,}$/);
      expect(await dataKeys()).to.deep.equal([`cache:2:book:${gen}::Dune`, `cache:2:book:${gen}::~["a",1]`]);
      expect(await server.cli('GET', `cache:2:book:${gen}::Dune`)).to.match(
        /^\{"value":\{"title":"Dune"\},"life":2592000000,"end":\d{13}\}$/,
      );
    });

    it('are read by a plain Keyv, as the README has it', async () => {
      await cache.getOrLoad('loaded', () => ({ title: 'Dune' }));
      await cache.put('put', [1, 'two', null]);
      const gen = await generation();
      const store = new KeyvRedis(server.url);
      const keyv = new Keyv(store, { namespace: `cache:2:book:${gen}`, useKeyPrefix: false });
      try {
        expect([await keyv.get('loaded'), await keyv.get('put'), await keyv.get('none')]).to.deep.equal([
          { title: 'Dune' },
          [1, 'two', null],
          undefined,
        ]);
        await cache.clear();
        expect(await generation()).not.to.equal(gen);
        keyv.namespace = `cache:2:book:${await generation()}`;
        expect(await keyv.get('put')).to.equal(undefined);
      } finally {
        await store.disconnect(true);
      }
    });

    it('are read by a Keyv with the codec, where JSON alone would lose them', async () => {
      const { cache: books } = await fleet.join({ type: Book });
      const rich = { at: new Date(5), tags: new Set(['a']), stock: 1n, nothing: undefined };
      await books.put('rich', rich);
      await books.put('Dune', new Book('Dune', new Date(0)));
      const namespace = `cache:2:book:${await generation()}`;
      const stores = [new KeyvRedis(server.url), new KeyvRedis(server.url)] as const;
      try {
        const plain = new Keyv(stores[0], { namespace, useKeyPrefix: false, ...cacheCodec });
        expect(await plain.get('rich')).to.deep.equal(rich);
        const typed = new Keyv(stores[1], { namespace, useKeyPrefix: false, ...createCacheCodec({ type: Book }) });
        expect((await typed.get<Book>('Dune'))?.year).to.equal(1970);
      } finally {
        for (const store of stores) await store.disconnect(true);
      }
    });

    it('live in Redis as long as they are told to', async () => {
      await cache.put('for ever', 1, { ttl: 0 });
      await cache.put('put', 1, { ttl: '50s' });
      await cache.getOrLoad('loaded', () => 30, { ttl: (seconds) => `${seconds}s` });
      await cache.putIfAbsent('absent', 1);
      const lives = await Promise.all(
        ['for ever', 'put', 'loaded', 'absent'].map(async (key) => Number(await server.cli('PTTL', await rawKey(key)))),
      );
      expect(lives[0]).to.be.within(ENDLESS_MS - 10_000, ENDLESS_MS);
      expect(lives[1]).to.be.within(40_000, 50_000);
      expect(lives[2]).to.be.within(20_000, 30_000);
      expect(lives[3]).to.be.within(50_000, 60_000);
    });

    it('get a new life, or an endless one, with each put', async () => {
      await cache.put('Dune', 1, { ttl: '10s' });
      await cache.put('Dune', 2, { ttl: 0 });
      expect(await server.cli('PTTL', await rawKey('Dune'))).to.be.within(ENDLESS_MS - 10_000, ENDLESS_MS);
      await cache.put('Dune', 3, { ttl: '10s' });
      expect(await server.cli('PTTL', await rawKey('Dune'))).to.be.within(1, 10_000);
    });

    it('leave no fill lease behind, whether the load was stored, vetoed or failed', async () => {
      await cache.getOrLoad('stored', () => 1);
      await cache.getOrLoad('vetoed', () => 1, { unless: () => true });
      await cache.getOrLoad('failed', () => Promise.reject(new Error('no'))).catch(() => undefined);
      await waitFor(async () => ((await server.cli('KEYS', '*:lease::*')) as string[]).length === 0, {
        what: 'the fill leases to be given back',
      });
    });

    it('live no longer in the local tier of a reader than they have left in Redis', async () => {
      const there = await fleet.join();
      await cache.put('Dune', 1, { ttl: '40s' });
      await waitFor(() => there.cache.statistics().messagesApplied === 1, { what: 'the message of the put, which cancels reads' });
      await there.cache.get('Dune');
      expect(there.cache.hitNow('Dune')).not.to.equal(undefined);
      there.clock.advance(40_000);
      expect(there.cache.hitNow('Dune')).to.equal(undefined);
    });
  });

  describe('commands', () => {
    it('are one GET for a hit', async () => {
      await cache.put('Dune', 1);
      const key = await rawKey('Dune');
      const sent = await log.during(() => cache.getOrLoad('Dune', () => 2));
      expect(sent).to.deep.equal([{ name: 'GET', args: [key], byScript: false }]);
      expect(await log.during(() => cache.getOrLoad('Dune', () => 2)), 'and none for a local one').to.deep.equal([]);
    });

    it('are a GET and two scripts for a miss that is filled, and publish nothing', async () => {
      await cache.getOrLoad('known scripts', () => 1);
      const sent = await log.during(() => cache.getOrLoad('Dune', () => 1));
      expect(sentNames(sent)).to.deep.equal(['GET', 'EVALSHA', 'EVALSHA']);
      expect(sent.filter(({ name }) => name === 'PUBLISH')).to.deep.equal([]);
    });

    it('are one script for each thousand keys of an eviction, that unlinks before it writes anything', async () => {
      await cache.evict('known script');
      const keys = Array.from({ length: 2_500 }, (_, i) => i);
      for (const [some, scripts] of [
        [['Dune'], 1],
        [['a', 'b'], 1],
        [keys.slice(0, 1_000), 1],
        [keys, 3],
      ] as const) {
        const sent = await log.during(() => cache.evictAll(some));
        expect(sentNames(sent)).to.deep.equal(Array.from({ length: scripts }, () => 'EVALSHA'));
        const writes = sent.filter(({ byScript, name }) => byScript && name !== 'MGET').map(({ name }) => name);
        expect(writes.slice(-3)).to.deep.equal(['TIME', 'SET', 'PUBLISH']);
        expect(writes[0]).to.equal('UNLINK');
        expect(new Set(writes)).to.deep.equal(new Set(['UNLINK', 'TIME', 'SET', 'PUBLISH']));
      }
    });

    for (const [verb, act] of [
      ['put', () => cache.put('Dune', 1)],
      ['putIfAbsent', () => cache.putIfAbsent('Emma', 1)],
    ] as const) {
      it(`are two scripts for ${verb}: one claims the key, one fills it`, async () => {
        await act();
        await cache.evict('Emma');
        expect(sentNames(await log.during(act))).to.deep.equal(['EVALSHA', 'EVALSHA']);
      });
    }

    for (const [verb, act] of [
      ['evictIfPresent', () => cache.evictIfPresent('Dune')],
      ['clear', () => cache.clear()],
    ] as const) {
      it(`are one script for ${verb}`, async () => {
        await act();
        await cache.evict('Emma');
        expect(sentNames(await log.during(act))).to.deep.equal(['EVALSHA']);
      });
    }

    it('are as many for clearing 500 entries as for none: nothing is scanned', async () => {
      await cache.clear();
      const none = await log.during(() => cache.clear());
      await Promise.all(Array.from({ length: 500 }, (_, i) => cache.put(i, i)));
      const many = await log.during(() => cache.clear());
      expect(many.map(({ name }) => name)).to.deep.equal(none.map(({ name }) => name));
      expect(many.some(({ name }) => ['SCAN', 'KEYS', 'FLUSHDB', 'FLUSHALL', 'DEL'].includes(name))).to.equal(false);
    });

    it('are one MGET for several keys, of those alone that the local tier lacks', async () => {
      for (const key of ['a', 'b', 'c']) await cache.put(key, key);
      await cache.get('a');
      const sent = await log.during(() => cache.getAll(['a', 'b', 'none', 'c', 'b']));
      expect(sent).to.deep.equal([{ name: 'MGET', args: await Promise.all(['b', 'none', 'c'].map(rawKey)), byScript: false }]);
    });

    it('are sent with their source when the server has forgotten the scripts', async () => {
      await cache.put('Dune', 1);
      await server.cli('SCRIPT', 'FLUSH');
      const sent = await log.during(() => cache.evict('Dune'));
      expect(sentNames(sent)).to.deep.equal(['EVALSHA', 'EVAL']);
      expect([await cache.get('Dune'), sentNames(await log.during(() => cache.evict('Dune')))]).to.deep.equal([undefined, ['EVALSHA']]);
    });
  });

  describe('entries that cannot be read', () => {
    for (const [what, raw] of [
      ['no JSON', 'garbage'],
      ['no envelope', '[1]'],
      ['an envelope without value', '{"life":5}'],
      ['of another codec', '{"devalue":"?"}'],
    ] as const) {
      it(`are misses, and replaced by the next load (${what})`, async () => {
        await server.cli('SET', await rawKey('Dune'), raw);
        expect(await cache.get('Dune')).to.equal(undefined);
        expect(await cache.getAll(['Dune'])).to.deep.equal([undefined]);
        expect(await cache.getOrLoad('Dune', () => 'healed')).to.equal('healed');
        expect(await server.cli('GET', await rawKey('Dune'))).to.match(/^\{"value":"healed","life":60000,"end":\d{13}\}$/);
      });
    }

    it('do not hide the good ones beside them, and cost no further question', async () => {
      const there = await fleet.join();
      await cache.put('good', 1);
      await server.cli('SET', await rawKey('bad'), 'garbage');
      await server.cli('HSET', await rawKey('hash'), 'a', 1);
      const keys = ['good', 'bad', 'none', 'hash', 'bad'];
      const found = [{ value: 1 }, undefined, undefined, undefined, undefined];
      const before = there.cache.statistics();
      const sent = await log.during(async () => expect(await there.cache.getAll(keys)).to.deep.equal(found));
      expect(sentNames(sent)).to.deep.equal(['MGET']);
      const { remoteHits, misses, remoteFailures } = there.cache.statistics();
      expect([remoteHits - before.remoteHits, misses - before.misses, remoteFailures - before.remoteFailures]).to.deep.equal([1, 4, 1]);
    });

    it('do not hide the good ones in bypass either', async () => {
      await cache.put('good', 1);
      await server.cli('SET', await rawKey('bad'), 'garbage');
      cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      expect(await cache.getAll(['good', 'bad'])).to.deep.equal([{ value: 1 }, undefined]);
      expect(await cache.getOrLoad('bad', () => 'healed')).to.equal('healed');
      expect(await cache.get('bad')).to.deep.equal({ value: 'healed' });
    });

    it('count as misses, and as failures', async () => {
      await server.cli('SET', await rawKey('Dune'), 'garbage');
      await cache.get('Dune');
      expect(cache.statistics()).to.include({ misses: 1, remoteFailures: 1, remoteHits: 0 });
      await cache.getOrLoad('Dune', () => 1);
      expect(cache.statistics()).to.include({ misses: 2, remoteFailures: 2, remoteHits: 0, loads: 1, fills: 1 });
    });

    it('make room for what is put if absent', async () => {
      for (const [key, set] of [
        ['garbage', ['SET', await rawKey('garbage'), 'garbage']],
        ['list', ['RPUSH', await rawKey('list'), 'a']],
      ] as const) {
        await server.cli(...set);
        expect(await cache.putIfAbsent(key, 'new')).to.equal(undefined);
        expect(await cache.putIfAbsent(key, 'newer')).to.deep.equal({ value: 'new' });
      }
      expect(cache.statistics()).to.include({ puts: 2, remoteFailures: 1 });
    });

    it('are no room for what the server has none for', async () => {
      await server.cli('SET', await rawKey('Dune'), 'garbage');
      await server.cli('CONFIG', 'SET', 'maxmemory', 1);
      try {
        const error = await cacheErrorOf(cache.putIfAbsent('Dune', 'new'));
        expect([error.code, /OOM/.test(error.message)]).to.deep.equal(['CACHE_REMOTE_FAILED', true]);
      } finally {
        await server.cli('CONFIG', 'SET', 'maxmemory', 0);
      }
    });

    it('are held, to those who inspect them', async () => {
      await server.cli('SET', await rawKey('Dune'), 'garbage');
      expect((await cache.inspect('Dune')).remote).to.deep.equal({ state: 'held' });
    });

    it('may be evicted and put over', async () => {
      for (const act of [() => cache.evict('Dune'), () => cache.put('Dune', 'new')]) {
        await server.cli('SET', await rawKey('Dune'), 'garbage');
        await act();
      }
      expect(await cache.get('Dune')).to.deep.equal({ value: 'new' });
    });
  });

  describe('keys of another type', () => {
    const others: readonly (readonly [string, ...(string | number)[]])[] = [
      ['HSET', 'a', 1],
      ['RPUSH', 'a'],
      ['SADD', 'a'],
      ['ZADD', 1, 'a'],
      ['XADD', '*', 'a', 1],
    ];
    const lay = async ([command, ...args]: (typeof others)[number], key: string): Promise<unknown> => server.cli(command, key, ...args);
    const leaseKey = async (key: string): Promise<string> => `cache:2:book:${await generation()}:lease::${key}`;

    for (const other of others) {
      it(`are misses, and replaced by the next load, in the place of a value (${other[0]})`, async () => {
        const told: string[] = [];
        for (const bypass of [false, true]) {
          await lay(other, await rawKey('Dune'));
          if (bypass) cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
          expect(await cache.get('Dune')).to.equal(undefined);
          expect(await cache.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, undefined]);
          expect(await cache.getOrLoad('Dune', () => 'healed', { onError: (verb) => void told.push(verb) })).to.equal('healed');
          expect(await server.cli('GET', await rawKey('Dune'))).to.match(/^\{"value":"healed"/);
          await cache.evict('Dune');
        }
        expect(told).to.deep.equal([]);
        expect(cache.statistics()).to.include({ breaker: 'closed', fills: 2 });
      });
    }

    it('are taken away where a miss is expected, and where a value is put', async () => {
      const [hash] = others as [(typeof others)[number]];
      await cache.evict('Dune'); // The next load asks for the fill lease at once.
      await lay(hash, await rawKey('Dune'));
      expect(await cache.getOrLoad('Dune', () => 'loaded')).to.equal('loaded');
      expect(await cache.get('Dune')).to.deep.equal({ value: 'loaded' });
      await cache.evict('Dune');
      await lay(hash, await rawKey('Dune'));
      await cache.put('Dune', 'put');
      expect(await cache.get('Dune')).to.deep.equal({ value: 'put' });
    });

    it('are taken away in the place of a fill lease', async () => {
      for (const other of others) {
        await lay(other, await leaseKey('Dune'));
        expect(await cache.getOrLoad('Dune', () => 'loaded')).to.equal('loaded');
        expect(await cache.get('Dune')).to.deep.equal({ value: 'loaded' });
        await cache.evict('Dune');
        await lay(other, await leaseKey('Dune'));
        await cache.put('Dune', 'put');
        expect(await cache.get('Dune')).to.deep.equal({ value: 'put' });
        await cache.evict('Dune');
        await lay(other, await leaseKey('Dune'));
        expect(await cache.putIfAbsent('Dune', 'put')).to.equal(undefined);
        await cache.evict('Dune');
      }
    });

    it('refuse the fill whose lease they took the place of, and its return', async () => {
      const told: unknown[] = [];
      for (const unless of [() => false, () => true]) {
        const loader = async (): Promise<string> => {
          await server.cli('DEL', await leaseKey('Dune'));
          await server.cli('HSET', await leaseKey('Dune'), 'a', 1);
          return 'loaded';
        };
        expect(await cache.getOrLoad('Dune', loader, { unless, onError: (_verb, error) => void told.push(error) })).to.equal('loaded');
        await waitFor(async () => (await server.cli('EXISTS', await leaseKey('Dune'))) === 0, { what: 'the hash to be taken away' });
      }
      expect([told, await dataKeys(), cache.statistics().refusedFills]).to.deep.equal([[], [], 1]);
    });
  });

  it('removes the old value everywhere when the server has no room for the new one', async () => {
    const there = await fleet.join();
    await cache.put('Dune', 'old');
    await waitFor(() => there.cache.statistics().messagesApplied === 1, { what: 'the message of the put, which cancels reads' });
    await there.cache.get('Dune');
    expect(there.cache.hitNow('Dune')).not.to.equal(undefined);
    await server.cli('CONFIG', 'SET', 'maxmemory', 1);
    try {
      const error = await cacheErrorOf(cache.put('Dune', 'new'));
      expect(error.code).to.equal('CACHE_REMOTE_FAILED');
      expect(error.message).to.match(
        /^Redis did not store a value put into cache 'book': .*OOM.* The old value was removed everywhere nevertheless\.$/,
      );
      await waitFor(() => there.cache.hitNow('Dune') === undefined, { what: 'the copy to be dropped' });
      await cache.evict('Emma');
    } finally {
      await server.cli('CONFIG', 'SET', 'maxmemory', 0);
    }
    expect([await cache.get('Dune'), await there.cache.get('Dune')]).to.deep.equal([undefined, undefined]);
  });
});
