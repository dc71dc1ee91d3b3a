import { expect } from 'chai';
import { MAXIMUM_TAGS_NOTED, TagClock, type TwoTierCache } from '../../lib/cache/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { EmbeddedEvictionLog } from '../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore } from '../../lib/eviction/embedded-store.js';
import { FakeClock } from '../support/fake-clock.js';

let namespaces = 0;

describe(`${EmbeddedEvictionLog.name}, of a cache with tags`, () => {
  let store: EmbeddedStore;
  let tags: TagClock;
  let published: Record<string, unknown>[];
  let log: EmbeddedEvictionLog;
  /** Of an instance without tags. */
  let untagged: EmbeddedEvictionLog;

  beforeEach(() => {
    store = new EmbeddedStore();
    tags = new TagClock(new FakeClock(), () => store.seq);
    published = [];
    const options = {
      store,
      namespace: 'cache',
      cache: 'book',
      channel: 'book-channel',
      origin: 'one~0123456789ab',
      fillLeaseMs: 60_000,
      publish: (_channel: string, body: string): unknown => published.push(JSON.parse(body) as Record<string, unknown>),
    };
    log = new EmbeddedEvictionLog({ ...options, tags });
    untagged = new EmbeddedEvictionLog(options);
  });

  const load = async (by: EmbeddedEvictionLog, key: string, meanwhile?: () => Promise<unknown>): Promise<number | undefined> => {
    const [lease] = await by.acquire([{ key }]);
    if (lease?.kind !== 'granted') throw new Error('Expected a lease.');
    await meanwhile?.();
    await by.fill([{ key, token: lease.token, raw: '{"raw":1}', ttlMs: 60_000 }]);
    return lease.since;
  };
  const sinceOf = (key: string): unknown => (JSON.parse(store.entries.get(key) ?? '{}') as { since?: unknown }).since;

  it('notes the number of the last eviction before a load, and of a put itself', async () => {
    await log.evict({ keys: ['other'] }, false);
    expect(await load(log, 'Dune', () => log.evict({ tags: ['herbert'] }, false))).to.equal(1);
    await log.put([{ key: 'Emma', raw: '{"raw":1}', ttlMs: 60_000 }]);
    expect([sinceOf('Dune'), sinceOf('Emma'), store.seq]).to.deep.equal([1, 3, 3]);
    await load(untagged, 'Kim');
    expect(sinceOf('Kim')).to.equal(undefined);
  });

  it('takes no entry away, announces tags, and notes when they were evicted', async () => {
    await load(log, 'Dune');
    expect((await log.evict({ tags: ['herbert', 'austen'] }, true)).acknowledged).to.be.an.instanceOf(Promise);
    expect([store.entries.size, tags.isOvertaken(['austen'], 0)]).to.deep.equal([1, true]);
    const { at: _, ...message } = published[0]!;
    expect(message)
      .to.include({ seq: 1, op: 'evictTagged', gen: '1' })
      .and.deep.include({ keys: [], tags: ['herbert', 'austen'] });
    expect(await log.readTags(['austen', 'none'])).to.deep.equal({ floor: 0, numbers: [1, undefined] });
  });

  it('removes everything first if an instance without tags was allowed to store something', async () => {
    await load(log, 'Dune');
    await load(untagged, 'Emma');
    await log.evict({ tags: ['herbert'] }, false);
    expect(store.entries.size).to.equal(0);
    await load(log, 'Dune');
    await log.evict({ tags: ['herbert'] }, false);
    expect(store.entries.size).to.equal(1);
    await untagged.put([{ key: 'Kim', raw: '{"raw":1}', ttlMs: 60_000 }]);
    await log.evict({ tags: ['herbert'] }, false);
    expect(store.entries.size).to.equal(0);
  });

  it('does not let an instance without tags store what it began to load before that', async () => {
    await load(untagged, 'Emma', () => log.evict({ tags: ['herbert'] }, false));
    expect(store.entries.size).to.equal(0);
  });

  it(`forgets the oldest of more than ${MAXIMUM_TAGS_NOTED} tags, and what is older then counts as evicted`, async () => {
    for (let i = 0; i < MAXIMUM_TAGS_NOTED; i += 1) store.tags.evicted([`tag ${i}`], i + 1);
    expect(await log.readTags(['tag 0'])).to.deep.equal({ floor: 0, numbers: [1] });
    store.tags.evicted(['one more'], MAXIMUM_TAGS_NOTED + 1);
    const { floor, numbers } = await log.readTags(['tag 0', 'tag 9999', 'one more']);
    expect(floor).to.be.within(MAXIMUM_TAGS_NOTED / 10, MAXIMUM_TAGS_NOTED / 10 + 1);
    expect(numbers).to.deep.equal([undefined, MAXIMUM_TAGS_NOTED, MAXIMUM_TAGS_NOTED + 1]);
  });
});

describe('instances of one process, with and without tags', () => {
  let instances: CacheInstance[];
  let namespace: string;

  beforeEach(() => {
    instances = [];
    namespace = `embedded-tags-${(namespaces += 1)}`;
  });

  afterEach(() => Promise.all(instances.map((instance) => instance.stop())));

  const join = async (tags: boolean): Promise<TwoTierCache> => {
    const instance = createInstance({ namespace, caches: { book: { tags } } });
    instances.push(instance);
    await instance.start();
    return instance.manager.getCache('book') as TwoTierCache;
  };

  it('never serve what an eviction of a tag has removed', async () => {
    const [tagged, untagged] = [await join(true), await join(false)];
    const read = (by: TwoTierCache, value: number): Promise<number> =>
      by.getOrLoad('Dune', () => value, by === tagged ? { tags: ['herbert'] } : {});
    for (let version = 1; version < 6; version += 2) {
      expect([await read(tagged, version), await read(untagged, version)]).to.deep.equal([version, version]);
      await tagged.evictTagged(['herbert']);
      expect([await read(untagged, version + 1), await read(tagged, version + 1)]).to.deep.equal([version + 1, version + 1]);
      await tagged.evictTagged(['herbert']);
      const late = await join(false);
      expect(await read(late, version + 2)).to.equal(version + 2);
      await tagged.evictTagged(['herbert']);
    }
  });
});
