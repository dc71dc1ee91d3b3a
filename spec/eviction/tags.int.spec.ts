/** What tags cost on Redis, counted by the server, and what an instance asks it after it may have missed an eviction. */
import { expect } from 'chai';
import type { TwoTierCache } from '../../lib/cache/index.js';
import { createInstance } from '../../lib/instance/cache-instance.js';
import { PATIENT } from '../support/patient.js';
import { RedisServer } from '../support/redis-server.js';
import { TagServers } from '../support/tag-servers.js';
import { waitFor } from '../support/wait.js';

/** So long that no heartbeat falls into what is counted. */
const QUIET = { bound: '10m' } as const;

/** What an eviction of tags executes inside the server, beside its one EVALSHA. */
const EVICTION = { evalsha: 1, mget: 1, zrem: 1, zscore: 1, time: 1, set: 1, publish: 1, zadd: 1, zcard: 1 };

describe('tags on Redis', function () {
  this.timeout(120_000);
  let server: RedisServer;
  let servers: TagServers;
  let here: TwoTierCache;
  let there: TwoTierCache;

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  beforeEach(async () => {
    servers = new TagServers(server);
    here = await servers.join({}, QUIET);
    there = await servers.join({}, QUIET);
    // The scripts are known to the server from here on.
    await servers.read(here, ['warm'], 'warm');
    await heard(() => here.evictTagged(['warm']));
    await heard(() => here.evict('warm'));
  });

  afterEach(() => servers.stop());

  /** Waits until the other instance has applied what is announced. */
  const heard = async (act: () => Promise<unknown>, by = there): Promise<void> => {
    const before = by.statistics().messagesApplied;
    await act();
    await waitFor(() => by.statistics().messagesApplied > before, { what: 'the message' });
  };
  /** What `action` made the server execute. */
  const counted = async (action: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> => {
    await server.cli('CONFIG', 'RESETSTAT');
    await action();
    const { 'config|resetstat': _own, ...executed } = await server.commandCalls();
    return executed;
  };
  /** Loads many entries in one instance, and reads them in the other. */
  const fill = async (count: number): Promise<readonly string[]> => {
    const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
    await Promise.all(keys.map((key) => servers.read(here, ['herbert', `of ${key}`], key)));
    expect(await there.getAll(keys)).to.deep.equal(keys.map(() => ({ value: servers.version })));
    return keys;
  };

  describe('cost', () => {
    for (const count of [10, 1_000]) {
      it(`one script for an eviction that ${count} entries carry the tag of`, async () => {
        const keys = await fill(count);
        const executed = await counted(() => heard(() => here.evictTagged(['herbert'])));
        expect(executed).to.deep.equal(EVICTION);
        for (const by of [here, there]) expect((await by.getAll(keys)).every((found) => found === undefined)).to.equal(true);
        expect(here.statistics()).to.include({ overtaken: count, tagReads: 0 });
      });
    }

    it('one script for an eviction of 1000 tags, and for those of one turn', async () => {
      const tags = Array.from({ length: 1_000 }, (_, i) => `tag ${i}`);
      expect(await counted(() => here.evictTagged(tags))).to.deep.equal(EVICTION);
      expect(await counted(() => Promise.all(tags.slice(0, 20).map((tag) => here.evictTagged([tag]))))).to.deep.equal(EVICTION);
    });

    it('one GET for an entry that another instance has stored, while this one has heard every eviction since', async () => {
      await servers.read(here);
      await servers.read(here, [], 'Emma');
      expect(await counted(() => servers.read(there))).to.deep.equal({ get: 1 });
      expect(await counted(() => servers.read(there, [], 'Emma'))).to.deep.equal({ get: 1 });
      expect(await counted(() => servers.read(there))).to.deep.equal({});
      expect(there.statistics()).to.include({ remoteHits: 2, tagReads: 0 });
    });

    it('one GET and the asking for the right to fill for an entry that an eviction has overtaken', async () => {
      await servers.read(here);
      await heard(() => here.evictTagged(['herbert']));
      servers.version = 2;
      const executed = await counted(() => servers.read(there));
      expect(executed).to.include({ evalsha: 2, unlink: 2 });
      expect(executed).to.not.have.property('zmscore');
      expect(await counted(() => servers.read(here))).to.deep.equal({ get: 1 });
    });
  });

  describe('an instance that may have missed evictions', () => {
    const zmscores = async (action: () => Promise<unknown>): Promise<number> => (await counted(action))['zmscore'] ?? 0;
    /** The others lose their subscriptions, while messages are numbered that nobody hears. */
    const miss = async (): Promise<void> => {
      const epochs = servers.instances.map(() => 0);
      servers.instances.forEach(({ events }, i) => events.on('bypass', ({ active }) => void (epochs[i]! += active ? 0 : 1)));
      await servers.book.skip(3);
      await server.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await waitFor(() => epochs.every((epoch) => epoch > 0), { what: 'the leases to hold again' });
      await servers.up();
    };

    it('asks once for each tag of an older entry, and no more', async () => {
      for (const key of ['Dune', 'Emma', 'Kim']) await servers.read(here, key === 'Kim' ? ['herbert', 'kipling'] : ['herbert'], key);
      await servers.read(here, [], 'Walden');
      await miss();
      expect(there.statistics().localSize).to.equal(0);
      expect(await counted(() => there.get('Dune'))).to.deep.equal({ get: 1, zmscore: 1 });
      expect(await counted(() => there.get('Emma'))).to.deep.equal({ get: 1 });
      expect(await counted(() => there.get('Kim'))).to.deep.equal({ get: 1, zmscore: 1 });
      expect(await counted(() => there.get('Walden'))).to.deep.equal({ get: 1 });
      expect(there.statistics()).to.include({ tagReads: 2, remoteHits: 4, overtaken: 0, localSize: 4 });
      expect(await counted(() => there.getAll(['Dune', 'Emma', 'Kim']))).to.deep.equal({});
    });

    it('asks nothing about what was loaded since', async () => {
      await miss();
      await servers.read(here);
      expect(await counted(() => servers.read(there))).to.deep.equal({ get: 1 });
    });

    it('asks once for all the entries that it reads together', async () => {
      const keys = await fill(200);
      await miss();
      expect(await zmscores(() => there.getAll(keys))).to.equal(1);
      expect(there.statistics()).to.include({ localSize: 200, overtaken: 0 });
    });

    it('learns so of the evictions that it has missed', async () => {
      for (const key of ['Dune', 'Emma']) await servers.read(here, [key], key);
      await servers.read(there, ['Dune'], 'Dune');
      // Only what the server notes tells of this one.
      const seq = await servers.book.skip(1);
      await server.cli('ZADD', servers.book.keys.tags, seq, ':Dune');
      await miss();
      servers.version = 2;
      expect([await servers.read(there, ['Dune'], 'Dune'), await servers.read(there, ['Emma'], 'Emma')]).to.deep.equal([2, 1]);
      expect(there.statistics()).to.include({ overtaken: 1, tagReads: 2 });
    });

    it('as one that joins later does', async () => {
      await servers.read(here);
      await servers.read(here, ['austen'], 'Emma');
      await heard(() => here.evictTagged(['austen']));
      servers.version = 2;
      const late = await servers.join({}, QUIET);
      expect([await servers.read(late), await servers.read(late, ['austen'], 'Emma')]).to.deep.equal([1, 2]);
      expect(late.statistics()).to.include({ overtaken: 1, tagReads: 2 });
    });

    it('hears of evictions while it asks', async () => {
      await servers.read(here);
      const late = await servers.join({}, QUIET);
      await servers.read(late);
      servers.version = 2;
      await heard(() => here.evictTagged(['herbert']), late);
      expect(await servers.read(late)).to.equal(2);
    });
  });

  it('are evicted by an instance that does not keep the cache, and the record has an end then if nobody has', async () => {
    const instance = createInstance({
      ...PATIENT,
      redis: server.url,
      namespace: servers.namespace,
      defaults: { tags: true },
      dynamic: true,
      maximumDynamicCaches: 1,
    });
    await instance.start();
    instance.manager.getCache('another'); // There is no room for one more.
    const passing = instance.manager.getCache('book')!;
    for (const by of [here, there]) await servers.read(by);
    servers.version = 2;
    await heard(() => heard(() => passing.evictTagged(['herbert']), here));
    expect([await servers.read(here), await servers.read(there)]).to.deep.equal([2, 2]);
    expect(await server.cli('PTTL', servers.book.keys.tags)).to.equal(-1);
    await servers.stop();
    servers.instances.push(instance);
    await server.cli('DEL', servers.book.keys.tags, servers.book.keys.state);
    await passing.evictTagged(['herbert']);
    for (const key of [servers.book.keys.tags, servers.book.keys.state])
      expect(await server.cli('PTTL', key)).to.be.greaterThan(30 * 86_400_000);
  });
});
