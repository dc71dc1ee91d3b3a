import { expect } from 'chai';
import type { CacheKey, LoadOptions, TwoTierCache } from '../../lib/cache/index.js';
import type { CacheEventMap } from '../../lib/event/index.js';
import { gate } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import { cacheErrorOf } from './rejection.js';
import { describeBadTags, describeWithoutTags } from './tag-refusals.js';
import { TagStage } from './tag-stage.js';

/** The part of the cache contract that is about tags. */
export function describeTagContract(stage: CacheStage): void {
  describe('a cache with tags', () => {
    const tagged = new TagStage(stage);

    beforeEach(() => tagged.setUp());

    describeEvictions(tagged);
    describeTaggedWrites(tagged);
    describeOvertakenLoads(tagged);
    describeBadTags(tagged);
    describeLifecycle(tagged);
  });

  describeWithoutTags(stage);
}

function describeEvictions(tagged: TagStage): void {
  it('evicts what carries a tag, and nothing else, here and in other instances', async () => {
    const keys = ['Dune', 'Emma', 'Kim', 'Walden'];
    for (const { cache } of tagged.both) {
      await cache.getOrLoad('Dune', () => 1, { tags: ['herbert', 'science fiction'] });
      await cache.getOrLoad('Emma', () => 2, { tags: ['austen'] });
      await cache.getOrLoad('Kim', () => 3);
      await cache.getOrLoad('Walden', () => 4, { tags: [] });
    }
    expect(await tagged.held(keys, tagged.there)).to.deep.equal(keys);
    await tagged.evict(['herbert', 'nobody']);
    for (const { cache } of tagged.both) expect(await tagged.held(keys, cache)).to.deep.equal(['Emma', 'Kim', 'Walden']);
    await tagged.evict(['austen'], 'there');
    for (const { cache } of tagged.both) expect(await tagged.held(keys, cache)).to.deep.equal(['Kim', 'Walden']);
  });

  it('evicts all entries of several tags at once, those with several of them included', async () => {
    for (let i = 0; i < 20; i += 1) await tagged.here.getOrLoad(i, () => i, { tags: [`of ${i % 4}`, `also ${i % 5}`] });
    await tagged.evict(['of 0', 'of 1', 'of 0', 'also 2']);
    const left = Array.from({ length: 20 }, (_, i) => i).filter((i) => i % 4 > 1 && i % 5 !== 2);
    const keys = Array.from({ length: 20 }, (_, i) => i);
    expect(await tagged.held(keys)).to.deep.equal(left);
    if (tagged.stage.hasRemote) expect(await tagged.held(keys, tagged.there)).to.deep.equal(left);
  });

  it('tells tags apart by type, and takes equal ones for one', async () => {
    const tags: CacheKey[] = [
      1,
      '1',
      [1],
      ['1'],
      1n,
      true,
      'true',
      null,
      'null',
      { a: 1, b: [2] },
      [['a', 1]],
      '~1',
      '',
      ':1',
      '*',
      new Date(1),
    ];
    const keys = tags.map((_, i) => i);
    await tagged.here.evictTagged(tags);
    for (const [i, tag] of tags.entries()) await tagged.here.getOrLoad(i, () => i, { tags: [tag] });
    expect(await tagged.held(keys)).to.deep.equal(keys);
    await tagged.evict([{ b: [2], a: 1 }]);
    expect(await tagged.held(keys)).to.deep.equal(keys.filter((i) => i !== 9));
    for (const [i, tag] of tags.entries()) {
      await tagged.evict([tag]);
      expect(await tagged.held(keys)).to.deep.equal(keys.filter((key) => key > i && key !== 9));
    }
  });

  it('takes an empty list for nothing to do', async () => {
    await tagged.here.getOrLoad('Dune', () => 1, { tags: ['herbert'] });
    await tagged.here.evictTagged([]);
    expect(await tagged.held(['Dune'])).to.deep.equal(['Dune']);
    expect(tagged.here.statistics()).to.include({ tagEvictions: 0, messagesApplied: 0 });
  });

  it('is followed by loads that are stored again', async () => {
    const load = (value: number): Promise<number> => tagged.here.getOrLoad('Dune', () => value, { tags: ['herbert'] });
    expect([await load(1), await load(2)]).to.deep.equal([1, 1]);
    await tagged.here.evictTagged(['herbert']);
    expect([await load(3), await load(4)]).to.deep.equal([3, 3]);
    await tagged.here.invalidateTagged(['herbert']);
    expect([await load(5), await load(6)]).to.deep.equal([5, 5]);
  });

  it('has been applied everywhere once it resolves, where that was asked for', async () => {
    const { stage } = tagged;
    await stage.fleet.stop();
    const fleet = await stage.renewFleet();
    const members = await Promise.all([1, 2, 3].map(() => fleet.join({ tiers: stage.tiers, tags: true }, { bound: '200ms' })));
    for (const { cache } of members) await cache.getOrLoad('Dune', () => 'old', { tags: ['herbert'] });
    await members[0]!.cache.evictTagged(['herbert'], { acks: 'all' });
    expect(members.slice(1).map(({ cache }) => cache.statistics().messagesApplied)).to.deep.equal([1, 1]);
    expect(await Promise.all(members.map(({ cache }) => cache.get('Dune')))).to.deep.equal([undefined, undefined, undefined]);
  });

  it('is told to other instances as an event, and counted', async () => {
    const told: CacheEventMap['tagsEvicted'][] = [];
    tagged.both[1]!.runtime.events.on('tagsEvicted', (event) => void told.push(event));
    for (const { cache } of tagged.both) await cache.getOrLoad('Dune', () => 1, { tags: [1, 'herbert'] });
    await tagged.evict([1, 'herbert', 'nobody']);
    expect(told.map(({ cache, tags }) => ({ cache, tags }))).to.deep.equal([{ cache: 'book', tags: ['~1', 'herbert', 'nobody'] }]);
    const { hasLocal, hasRemote } = tagged.stage;
    expect(tagged.here.statistics()).to.include({ tagEvictions: 3, evictions: 0, clears: 0, explicitRemovals: hasLocal ? 1 : 0 });
    expect(tagged.there.statistics()).to.include({ tagEvictions: 0, messagesApplied: 1, remoteRemovals: hasLocal ? 1 : 0 });
    for (const { cache } of tagged.both) {
      await cache.get('Dune');
      expect(cache.statistics()).to.include({ overtaken: hasRemote ? 1 : 0, remoteFailures: 0, refusedFills: 0 });
    }
  });
}

function describeTaggedWrites(tagged: TagStage): void {
  const loads = (options: (tag: string) => LoadOptions<string>) => (cache: TwoTierCache, tag: string) =>
    cache.getOrLoad('Dune', () => tag, options(tag));
  const ways: Readonly<Record<string, (cache: TwoTierCache, tag: string) => Promise<unknown>>> = {
    'a put': (cache, tag) => cache.put('Dune', tag, { tags: ['more', tag] }),
    putAll: (cache, tag) => cache.putAll([['Dune', tag], ['Emma', tag]], { tags: [tag] }),
    putIfAbsent: (cache, tag) => cache.putIfAbsent('Dune', tag, { tags: [tag] }),
    'a load': loads((tag) => ({ tags: [tag] })),
    'a load, made of its value': loads(() => ({ tags: (value) => [value, `of ${value}`] })),
  }; // prettier-ignore
  for (const [way, write] of Object.entries(ways)) {
    it(`evicts by the tags of ${way}`, async () => {
      await write(tagged.here, 'herbert');
      await tagged.evict(['austen']);
      expect(await tagged.here.get('Dune')).to.deep.equal({ value: 'herbert' });
      await tagged.evict(['herbert']);
      for (const { cache } of tagged.both) expect(await cache.get('Dune')).to.equal(undefined);
      await write(tagged.here, 'herbert');
      await tagged.here.get('Dune');
      await tagged.evict(['herbert'], 'there');
      for (const { cache } of tagged.both) expect(await cache.get('Dune')).to.equal(undefined);
    });

    it(`forgets the tags of a value that ${way} replaces`, async () => {
      await write(tagged.here, 'old');
      await tagged.here.get('Dune');
      if (!way.startsWith('put') || way === 'putIfAbsent') await tagged.here.evict('Dune');
      await write(tagged.here, 'new');
      await tagged.here.get('Dune');
      await tagged.evict(['old']);
      expect(await tagged.here.get('Dune')).to.deep.equal({ value: 'new' });
      await tagged.evict(['new']);
      expect(await tagged.here.get('Dune')).to.equal(undefined);
    });
  }

  it('stores in the place of a value that an eviction of its tag has removed, where there must be none', async () => {
    await tagged.here.put('Dune', 'old', { tags: ['herbert'] });
    await tagged.evict(['herbert']);
    expect(await tagged.here.putIfAbsent('Dune', 'new')).to.equal(undefined);
    expect(await tagged.here.get('Dune')).to.deep.equal({ value: 'new' });
    expect(await tagged.here.putIfAbsent('Dune', 'newer', { tags: ['herbert'] })).to.deep.equal({ value: 'new' });
  });

  it('asks for the tags of a loaded value once, and of none that is not stored', async () => {
    let asked = 0;
    const tags = (): string[] => [`${(asked += 1)}`];
    await tagged.here.getOrLoad('Dune', () => 1, { tags });
    await tagged.here.getOrLoad('Dune', () => 1, { tags });
    expect(asked).to.equal(1);
    expect(await tagged.here.getOrLoad('Emma', () => 2, { tags, unless: () => true })).to.equal(2);
    expect([asked, await tagged.here.get('Emma')]).to.deep.equal([1, undefined]);
  });

  it('tells the tags of an entry to who inspects it', async () => {
    await tagged.here.put('Dune', 1, { tags: ['herbert', { id: 1 }] });
    await tagged.here.put('Emma', 2);
    expect((await tagged.here.inspect('Dune')).tags).to.deep.equal(['herbert', '~{"id":1}']);
    await tagged.here.get('Dune');
    expect((await tagged.here.inspect('Dune')).tags).to.deep.equal(['herbert', '~{"id":1}']);
    expect((await tagged.here.inspect('Emma')).tags ?? []).to.deep.equal([]);
    await tagged.evict(['herbert']);
    const { tags, local, remote } = await tagged.here.inspect('Dune');
    expect([tags, local.state, remote.state].filter((state) => state !== 'unused' && state !== 'absent')).to.deep.equal([undefined]);
  });
}

function describeOvertakenLoads(tagged: TagStage): void {
  for (const by of ['here', 'there'] as const) {
    const whose = by === 'here' ? 'its own instance' : 'another instance';

    it(`hands a load that an eviction by ${whose} overtakes to its caller, and to nobody later`, async () => {
      const { promise, open } = gate<string>();
      const load = tagged.here.getOrLoad('Dune', () => promise, { tags: ['herbert'] });
      await waitFor(() => tagged.here.statistics().loads === 1, { what: 'the load' });
      await tagged.evict(['herbert'], by);
      open('old');
      expect(await load).to.equal('old');
      for (const { cache } of tagged.both) {
        expect(await cache.get('Dune')).to.equal(undefined);
        expect(await cache.getAll(['Dune'])).to.deep.equal([undefined]);
      }
      expect(await tagged.here.getOrLoad('Dune', () => 'new', { tags: ['herbert'] })).to.equal('new');
      expect(await tagged.here.get('Dune')).to.deep.equal({ value: 'new' });
    });

    it(`loads anew, once, for all who join a load after an eviction by ${whose} has overtaken it`, async () => {
      const { promise, open } = gate<string>();
      const load = tagged.here.getOrLoad('Dune', () => promise, { tags: ['herbert'] });
      await waitFor(() => tagged.here.statistics().loads === 1, { what: 'the load' });
      await tagged.evict(['herbert'], by);
      let runs = 0;
      const late = Array.from({ length: 5 }, () => tagged.here.getOrLoad('Dune', () => `new ${(runs += 1)}`, { tags: ['herbert'] }));
      open('old');
      expect(await load).to.equal('old');
      expect(await Promise.all(late)).to.deep.equal(Array.from({ length: 5 }, () => 'new 1'));
      expect([runs, await tagged.here.get('Dune')]).to.deep.equal([1, { value: 'new 1' }]);
    });
  }

  it('shares a load with those who come after an eviction of other tags', async () => {
    const { promise, open } = gate<string>();
    const load = tagged.here.getOrLoad('Dune', () => promise, { tags: ['herbert'] });
    await waitFor(() => tagged.here.statistics().loads === 1, { what: 'the load' });
    await tagged.evict(['austen'], 'there');
    const late = tagged.here.getOrLoad('Dune', () => 'a second load', { tags: ['herbert'] });
    open('shared');
    expect(await Promise.all([load, late])).to.deep.equal(['shared', 'shared']);
    expect(await tagged.here.get('Dune')).to.deep.equal({ value: 'shared' });
  });

  it('loads anew for those who join a load without known tags after any eviction of tags', async () => {
    const { promise, open } = gate<string>();
    const load = tagged.here.getOrLoad('Dune', () => promise, { tags: ['herbert'], unless: () => true });
    await waitFor(() => tagged.here.statistics().loads === 1, { what: 'the load' });
    const early = tagged.here.getOrLoad('Dune', () => 'never');
    await tagged.evict(['austen'], 'there');
    const late = tagged.here.getOrLoad('Dune', () => 'new', { tags: ['herbert'] });
    open('old');
    expect(await load).to.equal('old');
    await early;
    expect(await late).not.to.equal('old');
  });

  it('drops a put that an eviction of its tag has overtaken', async () => {
    for (let i = 0; i < 20; i += 1) {
      const put = tagged.here.put('Dune', 'old', { tags: ['herbert'] });
      const evicted = tagged.there.evictTagged(['herbert']);
      await put;
      await evicted;
      await tagged.evict(['herbert']);
      for (const { cache } of tagged.both) expect(await cache.get('Dune')).to.equal(undefined);
    }
  });
}

function describeLifecycle(tagged: TagStage): void {
  it('refuses to evict tags once it was stopped', async () => {
    const { here } = tagged;
    await tagged.both[0]!.runtime.stop();
    const one = await cacheErrorOf(here.evictTagged(['herbert']));
    expect([one.code, one.message.startsWith("Cache 'book' was stopped: evicting tag 'herbert' was refused.")]).to.deep.equal([
      'CACHE_STOPPED',
      true,
    ]);
    const two = await cacheErrorOf(here.evictTagged(['herbert', 'austen']));
    expect(two.message).to.match(/^Cache 'book' was stopped: evicting 2 tags was refused\./);
  });

  it('waits with its shutdown for an eviction of tags under way', async () => {
    await tagged.there.getOrLoad('Dune', () => 1, { tags: ['herbert'] });
    const told = tagged.stage.applied(tagged.both[1]!);
    const evicted = tagged.here.evictTagged(['herbert']);
    await tagged.both[0]!.runtime.stop();
    await evicted;
    await told;
    expect(await tagged.there.get('Dune')).to.equal(undefined);
  });
}
