import { expect } from 'chai';
import { Keyv } from 'keyv';
import sinon from 'sinon';
import {
  Generation,
  alwaysOpen,
  BucketedRemoteCache,
  bucketsOf,
  type CoherentCache,
  EntryCodec,
  type EvictionReceipt,
  LocalCache,
  type Reading,
  RemoteCache,
  TagClock,
  TwoTierCache,
  UNREADABLE,
  ValueCodec,
} from '../../../lib/cache/index.js';
import { CacheEvictError, RemoteCacheError } from '../../../lib/errors/index.js';
import { EmbeddedEvictionLog } from '../../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore, embeddedTime } from '../../../lib/eviction/embedded-store.js';
import { CacheCounters, CacheEvents } from '../../../lib/event/index.js';
import { cacheErrorOf, rejectionOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { turn } from '../../support/promises.js';

const BUCKETS = 3;

/** `'1:Dune'` lies in the bucket 1. */
const bucketOf = (key: string): number => Number(key[0]);

/** What was found, without its end. */
const valueIn = (reading: Reading): unknown => (typeof reading === 'object' ? { value: reading.value } : reading);

const away = (): RemoteCacheError => new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');

describe(BucketedRemoteCache.name, () => {
  let clock: FakeClock;
  let stores: EmbeddedStore[];
  let logs: EmbeddedEvictionLog[];
  let generations: Generation[];
  let remotes: RemoteCache[];
  let guard: { acceptsSteps: boolean; isTripped: boolean; run: typeof alwaysOpen.run };
  let remote: BucketedRemoteCache;
  let cache: TwoTierCache;
  let views: readonly CoherentCache[];

  const cacheWith = (whenDisconnected: 'bypass' | 'serve'): TwoTierCache => {
    const [events, counters] = [new CacheEvents(), new CacheCounters()];
    return new TwoTierCache({
      name: 'book',
      settings: {
        tiers: 'both',
        ttlMs: 0,
        localTtlMs: 0,
        nullTtlMs: 0,
        allowNullValues: true,
        whenDisconnected,
        timeoutMs: 1,
        deadlineMs: 2,
      },
      local: new LocalCache({ maximumSize: 100, clock, counters }),
      remote,
      clock,
      events,
      counters,
    });
  };

  beforeEach(() => {
    clock = new FakeClock();
    const codec = new EntryCodec({ codec: new ValueCodec(), clock, time: embeddedTime(clock) });
    const numbers = Array.from({ length: BUCKETS }, (_, i) => i);
    stores = numbers.map(() => new EmbeddedStore());
    generations = numbers.map(() => new Generation());
    guard = { acceptsSteps: true, isTripped: false, run: (_step, action) => action() };
    logs = stores.map(
      (store) =>
        new EmbeddedEvictionLog({
          store,
          namespace: 'cache',
          cache: 'book',
          channel: 'c',
          origin: 'one~0123456789ab',
          fillLeaseMs: 1_000,
          publish: () => 0,
        }),
    );
    remotes = stores.map((store, i) => {
      const keyv = new Keyv({ store: store.entries, useKeyPrefix: false, deserialize: (raw) => codec.read(raw) as never });
      return new RemoteCache({
        keyv,
        log: logs[i] as EmbeddedEvictionLog,
        codec,
        guard: i === 0 ? guard : alwaysOpen,
        generation: generations[i]!,
      });
    });
    remote = new BucketedRemoteCache(remotes, bucketOf);
    cache = cacheWith('bypass');
    views = bucketsOf(
      cache,
      generations.map((generation) => ({ generation })),
    );
    for (const view of views) view.holdLeaseUntil(Number.POSITIVE_INFINITY);
  });

  afterEach(async () => {
    sinon.restore();
    await cache.stop();
  });

  const keys = ['2:Walden', '0:Dune', '1:Emma', '0:Ulysses'];

  it('keeps each key in its bucket', async () => {
    for (const key of keys) await cache.getOrLoad(key, () => key);
    expect(stores.map(({ entries }) => [...entries.keys()])).to.deep.equal([['0:Dune', '0:Ulysses'], ['1:Emma'], ['2:Walden']]);
    await cache.put('1:Emma', 'put');
    expect(await cache.putIfAbsent('1:Emma', 'late')).to.deep.equal({ value: 'put' });
    expect(valueIn(await remote.get('1:Emma'))).to.deep.equal({ value: 'put' });
  });

  it('answers several keys in the order asked for, from one question to each bucket', async () => {
    for (const key of keys.slice(1)) await cache.put(key, key);
    const asked = remotes.map((bucket) => sinon.spy(bucket, 'getAll'));
    const found = await remote.getAll([...keys, 'again'].map((key) => (key === 'again' ? '1:nowhere' : key)));
    expect(found.map(valueIn)).to.deep.equal([undefined, ...keys.slice(1).map((value) => ({ value })), undefined]);
    expect(asked.map((spy) => spy.args)).to.deep.equal([[[['0:Dune', '0:Ulysses']]], [[['1:Emma', '1:nowhere']]], [[['2:Walden']]]]);
  });

  /** Each bucket's keys, by the steps that were sent to it. */
  const byBucket = [[['0:Dune', '0:Ulysses']], [['1:Emma']], [['2:Walden']]];
  const ofBuckets = (verb: 'acquire' | 'fill' | 'release'): (() => string[][][]) => {
    const spies = logs.map((log) => sinon.spy(log, verb));
    return () => spies.map(({ args }) => args.map(([items]) => items.map(({ key }) => key).sort()));
  };

  it('loads several keys with one step for each bucket to read them, one to take their leases, and one to fill them', async () => {
    const get = sinon.spy(Keyv.prototype, 'getMany');
    const [acquired, filled, released] = [ofBuckets('acquire'), ofBuckets('fill'), ofBuckets('release')];
    const asked: (readonly string[])[] = [];
    const found = await cache.getAllOrLoad(keys, (missing) => (asked.push(missing), missing.map((key) => `${key}!`)));
    expect([...found]).to.deep.equal(keys.map((key) => [key, `${key}!`]));
    expect(asked).to.deep.equal([keys]);
    expect(get.args.map(([some]) => [[...some].sort()]).sort()).to.deep.equal(byBucket);
    expect([acquired(), filled(), released()]).to.deep.equal([byBucket, byBucket, [[], [], []]]);
  });

  it('gives the leases of several keys back with one step for each bucket, if they cannot be loaded', async () => {
    const [filled, released] = [ofBuckets('fill'), ofBuckets('release')];
    const failure = new Error('The database is away.');
    expect(await rejectionOf(cache.getAllOrLoad(keys, () => Promise.reject(failure)))).to.equal(failure);
    await turn();
    expect([filled(), released()]).to.deep.equal([[[], [], []], byBucket]);
    expect(stores.map(({ leases }) => leases.size)).to.deep.equal([0, 0, 0]);
  });

  it('loads the keys of a bucket that is away with the others, in one call, and does not store them', async () => {
    const asked: (readonly string[])[] = [];
    const load = (): Promise<Map<string, number>> => cache.getAllOrLoad(keys, (missing) => missing.map(() => asked.push(missing)));
    sinon.stub(guard, 'run').rejects(away());
    const acquire = sinon.stub(logs[0] as EmbeddedEvictionLog, 'acquire').rejects(away());
    expect([...(await load())]).to.deep.equal(keys.map((key, i) => [key, i + 1]));
    expect(asked.splice(0)).to.deep.equal(keys.map(() => keys));
    expect(stores.map(({ entries }) => [...entries.keys()])).to.deep.equal([[], ['1:Emma'], ['2:Walden']]);
    expect(keys.map((key) => cache.hitNow(key) !== undefined)).to.deep.equal(keys.map((key) => bucketOf(key) !== 0));
    sinon.restore();
    expect(acquire.callCount).to.equal(0); // It did not answer when it was read.
    expect([...(await load()).keys()]).to.deep.equal(keys);
    expect(asked.splice(0)).to.deep.equal(Array.from({ length: 2 }, () => ['0:Dune', '0:Ulysses']));
    expect([...(await load()).keys(), ...asked]).to.deep.equal(keys);
  });

  it('tells which of several keys are unreadable, whichever bucket they are in', async () => {
    for (const key of keys) await cache.put(key, key);
    for (const key of ['0:Dune', '2:Walden']) stores[bucketOf(key)]?.entries.set(key, 'garbage');
    for (const found of [await remote.getAll(keys), await remote.getAllCurrent(keys)]) {
      expect(found.map(valueIn)).to.deep.equal([UNREADABLE, UNREADABLE, { value: '1:Emma' }, { value: '0:Ulysses' }]);
    }
    for (const view of views) view.missed('gap');
    expect(await cache.getAll(keys)).to.deep.equal([undefined, undefined, { value: '1:Emma' }, { value: '0:Ulysses' }]);
    expect(cache.statistics()).to.include({ remoteFailures: 2, misses: 2, remoteHits: 2 });
    expect(await cache.putIfAbsent('0:Dune', 'healed')).to.equal(undefined);
    expect(await cache.getOrLoad('2:Walden', () => 'healed')).to.equal('healed');
    expect((await remote.getAll(['0:Dune', '2:Walden'])).map(valueIn)).to.deep.equal([{ value: 'healed' }, { value: 'healed' }]);
  });

  it('fails to read several keys when one of their buckets fails', async () => {
    const lost = away();
    sinon.stub(remotes[1] as RemoteCache, 'getAll').rejects(lost);
    expect(await rejectionOf(remote.getAll(keys))).to.equal(lost);
  });

  it('evicts keys of several buckets, counts them together, and waits for everybody', async () => {
    for (const key of keys) await cache.put(key, 1);
    let go: () => void = () => undefined;
    const slow: EvictionReceipt = { removed: 1, acknowledged: new Promise((resolve) => (go = resolve)) };
    sinon.stub(logs[2] as EmbeddedEvictionLog, 'evict').resolves(slow);
    const { removed, acknowledged } = await remote.evict({ keys }, true);
    expect(removed).to.equal(4);
    let isOver = false;
    const over = acknowledged?.then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).to.equal(false);
    go();
    await over;
    expect((await remote.evict({ keys: ['0:Dune'] }, false)).acknowledged).to.equal(undefined);
  });

  it('is done with a failed eviction only when every bucket has answered, and leaves all its keys in doubt', async () => {
    for (const key of keys) await cache.getOrLoad(key, () => 1);
    let answer: (error: Error) => void = () => undefined;
    sinon.stub(logs[0] as EmbeddedEvictionLog, 'evict').rejects(away());
    sinon.stub(logs[2] as EmbeddedEvictionLog, 'evict').returns(new Promise((_resolve, reject) => (answer = reject)));
    let failed: unknown;
    const evicted = remote.evict({ keys }, false).catch((error: unknown) => (failed = error));
    await new Promise((resolve) => setImmediate(resolve));
    expect(failed).to.equal(undefined);
    answer(away());
    await evicted;
    expect(failed).to.be.instanceOf(RemoteCacheError);

    expect(await cacheErrorOf(cache.evictAll(keys))).to.be.instanceOf(CacheEvictError);
    expect(stores[1]?.entries.size).to.equal(0);
    expect(cache.pendingEvictions).to.equal(4);
    for (const key of keys) expect(await cache.getOrLoad(key, () => 2)).to.equal(2);
    sinon.restore();
    cache.reconnected();
    await cache.evict('0:other');
    expect(stores.map(({ entries }) => entries.size)).to.deep.equal([0, 0, 0]);
  });

  it('evicts tags in every bucket, in one step each, and waits for everybody', async () => {
    const steps = logs.map((log) => sinon.spy(log, 'evict'));
    const { removed, acknowledged } = await remote.evict({ tags: ['herbert', 'austen'] }, true);
    expect(steps.map((spy) => spy.args)).to.deep.equal(logs.map(() => [[{ tags: ['herbert', 'austen'] }, true, undefined]]));
    expect([removed < 0, stores.map(({ seq }) => seq)]).to.deep.equal([true, [1, 1, 1]]);
    await acknowledged;
    steps[1]!.restore();
    sinon.stub(logs[1] as EmbeddedEvictionLog, 'evict').rejects(away());
    expect(await rejectionOf(remote.evict({ tags: ['herbert'] }, false))).to.be.instanceOf(RemoteCacheError);
    expect([steps[0]!.callCount, steps[2]!.callCount]).to.deep.equal([2, 2]);
  });

  it('clears every bucket', async () => {
    for (const key of keys) await cache.put(key, 1);
    const { removed } = await remote.evict('all', false);
    expect([removed, ...stores.map(({ entries }) => entries.size)]).to.deep.equal([-1, 0, 0, 0]);
  });

  it('is usable with one bucket, broken with one, and gives nothing back to one that is away', async () => {
    const release = sinon.spy(logs[0] as EmbeddedEvictionLog, 'release');
    await remote.release({ key: '0:Dune', token: 't' });
    expect(release.callCount).to.equal(1);
    Object.assign(guard, { acceptsSteps: false, isTripped: true });
    expect([remote.acceptsSteps, remote.isTripped]).to.deep.equal([true, true]);
    await remote.release({ key: '0:Dune', token: 't' });
    expect(release.callCount).to.equal(1);
  });

  describe(bucketsOf.name, () => {
    const isServing = (): boolean => cache.isServing(clock.now());
    const fill = async (): Promise<void> => {
      for (const key of keys) await cache.getOrLoad(key, () => 1);
      expect(cache.statistics().localSize).to.equal(keys.length);
    };

    it('serves the local tier only while every lease holds', () => {
      const [first, second, third] = views as [CoherentCache, CoherentCache, CoherentCache];
      const now = clock.now();
      first.holdLeaseUntil(now + 10);
      second.holdLeaseUntil(now + 20);
      third.holdLeaseUntil(now + 30);
      expect([isServing(), ...views.map((view) => view.isServing(now + 10))]).to.deep.equal([true, true, true, true]);
      clock.advance(11);
      expect([isServing(), ...views.map((view) => view.isServing(clock.now()))]).to.deep.equal([false, false, true, true]);
      first.holdLeaseUntil(now + 40);
      expect(isServing()).to.equal(true);
      second.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      expect(isServing()).to.equal(false);
    });

    it('serves without a lease what is to be served so', async () => {
      await cache.stop();
      cache = cacheWith('serve');
      const [view] = bucketsOf(
        cache,
        generations.map((generation) => ({ generation })),
      ) as [CoherentCache];
      view.holdLeaseUntil(Number.NEGATIVE_INFINITY);
      expect([isServing(), view.isServing(clock.now())]).to.deep.equal([true, true]);
    });

    it('moves one bucket to a newer generation, and drops what is held of all', async () => {
      const [first, second] = views as [CoherentCache, CoherentCache];
      first.generation.follow('7');
      await fill();
      first.generation.follow('6');
      first.generation.follow('7');
      expect(cache.statistics().localSize).to.equal(keys.length);
      second.generation.doubt('8', 'remote');
      await fill();
      second.generation.follow('8'); // What was read since it was heard of is of this one.
      expect(cache.statistics().localSize).to.equal(keys.length);
      second.generation.doubt('9', 'remote');
      expect([generations.map(({ current }) => current), first.generation.current, second.generation.current]).to.deep.equal([
        ['7', '8', undefined],
        '7',
        '8',
      ]);
      const { localSize, remoteRemovals, messagesApplied } = cache.statistics();
      expect([localSize, remoteRemovals, messagesApplied]).to.deep.equal([0, 2 * keys.length, 0]);
    });

    it('drops everything for the clear of any bucket, and counts that of the first', async () => {
      const [first, second] = views as [CoherentCache, CoherentCache];
      await fill();
      second.apply('all', { own: false, seq: 1, lagMs: 5 });
      expect(cache.statistics()).to.include({ localSize: 0, remoteRemovals: keys.length, messagesApplied: 0 });
      await fill();
      first.apply('all', { own: false, seq: 1, lagMs: 5 });
      expect(cache.statistics()).to.include({ localSize: 0, messagesApplied: 1, lastLagMs: 5 });
      await fill();
      second.apply('all', { own: true, seq: 2 });
      expect(cache.statistics()).to.include({ localSize: keys.length, messagesApplied: 1 });
      second.missed('gap');
      expect(cache.statistics()).to.include({ localSize: 0, gaps: 1 });
    });

    it('keeps a clock of tags for each bucket', () => {
      const clocks = generations.map(() => new TagClock(clock));
      const tagged = bucketsOf(
        cache,
        generations.map((generation, i) => ({ generation, tags: clocks[i] })),
      );
      for (const view of tagged) {
        expect(view.hasTags).to.equal(true);
        view.holdLeaseUntil(clock.now());
        view.heard(5);
      }
      expect(views.map(({ hasTags }) => hasTags)).to.deep.equal([false, false, false]);
      tagged[1]!.apply({ tags: ['herbert'] }, { own: false, seq: 7 });
      expect(clocks.map((each) => each.isOvertaken(['herbert'], 6))).to.deep.equal([false, true, false]);
      tagged[2]!.missed('gap');
      expect(clocks.map((each) => each.knows(['austen'], 6))).to.deep.equal([true, true, false]);
      const eras = clocks.map(({ era }) => era);
      generations[1]!.follow('7');
      expect(clocks.map(({ era }, i) => era !== eras[i])).to.deep.equal([false, true, false]);
      expect([clocks[1]!.isOvertaken(['herbert'], 6), clocks[1]!.knows(['herbert'], 8)]).to.deep.equal([false, false]);
      // An eviction of tags has one message in each bucket. That of the first is counted.
      const { messagesApplied } = cache.statistics();
      tagged[2]!.apply({ tags: ['herbert'] }, { own: false, seq: 7 });
      tagged[0]!.apply({ tags: ['herbert'] }, { own: false, seq: 7 });
      expect(cache.statistics().messagesApplied).to.equal(messagesApplied + 1);
    });

    it('applies evictions to the one local tier', async () => {
      await fill();
      const [, , third] = views as [CoherentCache, CoherentCache, CoherentCache];
      third.apply({ keys: ['2:Walden'] }, { own: false, seq: 1, lagMs: 3 });
      expect(cache.statistics()).to.include({ localSize: keys.length - 1, remoteRemovals: 1, lastLagMs: 3 });
      expect(views.map(({ name }) => name)).to.deep.equal(['book', 'book', 'book']);
    });
  });
});
