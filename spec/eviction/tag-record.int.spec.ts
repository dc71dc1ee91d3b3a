/** What the server notes of tags: how long it is kept, and what happens when it is not. */
import { expect } from 'chai';
import { MAXIMUM_TAGS_NOTED, type TwoTierCache } from '../../lib/cache/index.js';
import { RedisServer } from '../support/redis-server.js';
import { TagServers } from '../support/tag-servers.js';
import { waitFor } from '../support/wait.js';

const DAY_MS = 86_400_000;

describe('the record of tags in Redis', function () {
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
    [here, there] = [await servers.join(), await servers.join()];
    for (const by of [here, there, here]) await servers.read(by);
  });

  afterEach(() => servers.stop());

  const tagsKey = (): string => servers.book.keys.tags;
  const ttl = (): Promise<unknown> => server.cli('PTTL', tagsKey());
  /** Evicts what was read, and looks that nobody serves it any more. */
  const evicts = async (by: TwoTierCache = here): Promise<void> => {
    const { version } = servers;
    servers.version += 1;
    await by.evictTagged(['herbert'], { acks: 'all' });
    for (const each of [here, there, await servers.join()]) {
      expect(await servers.read(each), `the eviction of ${version}`).to.equal(servers.version);
    }
    await servers.leave();
  };

  it('is begun with the generation, and notes the number of each eviction', async () => {
    const [gen, first] = [await servers.book.gen(), await servers.floor()];
    expect([await servers.isPure(), first! <= (await servers.book.seq())]).to.deep.equal([true, true]);
    await here.evictTagged(['herbert', 'austen']);
    const one = await servers.book.seq();
    await there.evictTagged(['herbert', '*', '']);
    const two = await servers.book.seq();
    expect(await servers.record()).to.deep.equal([
      [`*${gen}`, -first!],
      [':austen', one],
      ...[':', ':*', ':herbert'].map((member) => [member, two]),
    ]);
    expect(await servers.book.gen()).to.equal(gen);
  });

  it('begins anew with a clear', async () => {
    const gen = await servers.book.gen();
    await here.evictTagged(['herbert']);
    await there.clear();
    expect(await servers.book.gen()).to.not.equal(gen);
    expect([await servers.isPure(), await servers.floor(), (await servers.record()).length]).to.deep.equal([
      true,
      await servers.book.seq(),
      1,
    ]);
    await evicts();
  });

  it('has no end while an instance lives, ends 31 days after the last one, and not if another comes', async () => {
    await here.evictTagged(['austen']);
    expect(await ttl()).to.equal(-1);
    await servers.leave();
    expect(await ttl()).to.equal(-1);
    await servers.leave();
    expect(await ttl()).to.be.within(31 * DAY_MS - 60_000, 31 * DAY_MS);
    const record = await servers.record();
    [here, there] = [await servers.join(), await servers.join()];
    expect([await ttl(), await servers.record()]).to.deep.equal([-1, record]);
    expect(await servers.read(here)).to.equal(1);
    await evicts();
  });

  for (const policy of ['noeviction', 'volatile-lru', 'volatile-ttl', 'volatile-random'] as const) {
    it(`is written and kept while the memory of the server is full (${policy})`, async () => {
      await server.cli('CONFIG', 'SET', 'maxmemory-policy', policy);
      await server.cli('CONFIG', 'SET', 'maxmemory', 1);
      try {
        const gen = await servers.book.gen();
        await evicts();
        await there.put('another', 'value').catch(() => undefined);
        await there.evictTagged(['austen']);
        const members = (await servers.record()).map(([member]) => member);
        expect(members).to.deep.equal([`*${gen}`, ':herbert', ':austen']);
        // A new generation has room as well.
        await server.cli('DEL', tagsKey());
        await evicts(there);
        expect(await servers.book.gen()).to.not.equal(gen);
      } finally {
        await server.cli('CONFIG', 'SET', 'maxmemory', 0);
        await server.cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      }
    });
  }

  it(`is cut back beyond ${MAXIMUM_TAGS_NOTED} tags, and what is older than those forgotten counts as evicted`, async () => {
    const tags = (count: number, label: string): string[] => Array.from({ length: count }, (_, i) => `${label} ${i}`);
    const first = await servers.floor();
    await here.evictTagged(tags(1_000, 'early'));
    await servers.read(here, ['quiet'], 'between');
    await here.evictTagged(tags(MAXIMUM_TAGS_NOTED - 1_000, 'late'));
    expect([(await servers.record()).length, await servers.floor()]).to.deep.equal([1 + MAXIMUM_TAGS_NOTED, first]);
    const early = await servers.join();
    expect([await servers.read(early), await servers.read(early, ['quiet'], 'between')]).to.deep.equal([1, 1]);

    await servers.read(here, ['quiet'], 'after');
    await here.evictTagged(['one more']);
    expect((await servers.record()).length).to.equal(1 + MAXIMUM_TAGS_NOTED - 1_000);
    const floor = await servers.floor();
    expect(floor).to.be.greaterThan(first!);
    servers.version = 2;
    const late = await servers.join();
    expect(await servers.read(late), 'older than the floor').to.equal(2);
    expect(await servers.read(late, ['quiet'], 'after'), 'newer').to.equal(1);
    expect(await servers.read(late, [], 'untagged')).to.equal(2);
    for (const by of [here, there, early]) expect(await servers.read(by, ['quiet'], 'after')).to.equal(1);
    await evicts();
  });

  it('begins a new generation at the next eviction if somebody has deleted it', async () => {
    const gen = await servers.book.gen();
    await server.cli('DEL', tagsKey());
    const late = await servers.join();
    servers.version = 2;
    expect(await servers.read(late), 'nothing is known of older entries').to.equal(2);
    await evicts();
    expect(await servers.book.gen()).to.not.equal(gen);
    expect([await servers.isPure(), (await servers.floor()) !== undefined]).to.deep.equal([true, true]);
    const now = await servers.book.gen();
    await evicts(there);
    expect(await servers.book.gen()).to.equal(now);
  });

  it('begins a new generation, at a heartbeat, if an instance without tags has cleared the cache', async () => {
    const untagged = await servers.join({ tags: false });
    await untagged.clear();
    await waitFor(async () => (await servers.floor()) !== undefined, { what: 'the record' });
    expect(await servers.isPure()).to.equal(true);
    await servers.leave();
    await evicts();
  });

  it('begins a new generation at the next heartbeat of one that joins, if somebody has deleted it', async () => {
    await server.cli('DEL', tagsKey());
    await servers.join({}, { bound: '500ms' });
    await waitFor(async () => (await servers.floor()) !== undefined, { what: 'the record' });
    await evicts(there);
  });

  for (const [what, put] of Object.entries({
    'a string': () => server.cli('SET', tagsKey(), 'something else'),
    'a list': () => server.cli('RPUSH', tagsKey(), 'something else'),
    'a record of another generation': () => server.cli('ZADD', tagsKey(), -1, '*42', 7, ':herbert'),
  })) {
    it(`begins a new generation if another program has put ${what} there`, async () => {
      await here.evictTagged(['austen']); // One who joins later cannot know of it.
      await server.cli('DEL', tagsKey());
      await put();
      const late = await servers.join();
      servers.version = 2;
      expect(await servers.read(late)).to.equal(2);
      await evicts();
      const now = await servers.book.gen();
      await evicts(there);
      expect([await servers.book.gen(), await server.cli('TYPE', tagsKey())]).to.deep.equal([now, 'zset']);
    });
  }

  it('begins anew with the state, if another program has written there', async () => {
    await server.cli('SET', servers.book.keys.state, 'something else');
    await here.evictTagged(['herbert']).catch(() => undefined);
    await waitFor(async () => servers.isPure(), { what: 'a heartbeat' });
    await evicts();
    // A number so high that the next ones would have no room.
    await servers.book.set({ seq: String(2 ** 53 - 2 ** 32 - 1), run: `${await servers.book.run()}:t` });
    await evicts();
    await evicts(there);
    expect(await servers.book.seq()).to.be.lessThan(2 ** 52);
  });

  for (const [what, lose] of Object.entries({
    FLUSHALL: () => server.cli('FLUSHALL'),
    'the loss of its state': () => server.cli('DEL', servers.book.keys.state),
  })) {
    it(`begins anew after ${what}, whoever notices first`, async () => {
      for (let i = 0; i < 3; i += 1) {
        await lose();
        await evicts(i % 2 === 0 ? here : there);
        expect([await servers.isPure(), (await servers.floor()) !== undefined]).to.deep.equal([true, true]);
      }
      await lose();
      await waitFor(async () => (await servers.isPure()) && (await servers.floor()) !== undefined, { what: 'a heartbeat' });
      await evicts();
    });
  }
});
