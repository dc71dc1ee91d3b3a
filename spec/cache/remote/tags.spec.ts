/** How {@link RemoteCache} judges the entries of a cache with tags. */
import { expect } from 'chai';
import { Keyv } from 'keyv';
import sinon from 'sinon';
import {
  alwaysOpen,
  EntryCodec,
  type EvictionLog,
  type FillLease,
  Generation,
  type Reading,
  RemoteCache,
  stamped,
  TagClock,
  type TagNumbers,
  UNREADABLE,
  ValueCodec,
} from '../../../lib/cache/index.js';
import { OVERTAKEN } from '../../../lib/cache/remote/entry-codec.js';
import { CacheCounters } from '../../../lib/event/index.js';
import { FakeClock } from '../../support/fake-clock.js';

describe(`${RemoteCache.name}, of a cache with tags`, () => {
  let tags: TagClock;
  let counters: CacheCounters;
  let generation: Generation;
  let store: Map<string, string>;
  let readTags: sinon.SinonStub<[readonly string[]], Promise<TagNumbers>>;
  let acquired: FillLease;
  let present: string | undefined;
  let put: sinon.SinonSpy;
  let remote: RemoteCache;
  let codec: EntryCodec;

  beforeEach(() => {
    const clock = new FakeClock();
    tags = new TagClock(clock);
    tags.holdLeaseUntil(Infinity);
    tags.heard(10);
    counters = new CacheCounters();
    generation = new Generation('1');
    generation.onChange(() => tags.restart());
    store = new Map();
    codec = new EntryCodec({ codec: new ValueCodec(), clock, time: { earliest: () => undefined }, tags });
    readTags = sinon.stub();
    readTags.callsFake(async (names) => ({ floor: 1, numbers: names.map(() => undefined) }));
    put = sinon.spy(async () => ({ withheld: 0 }));
    present = undefined;
    const log = {
      acquire: async () => [acquired],
      readTags,
      readCurrent: async (keys: readonly string[]) => keys.map((key) => store.get(key)),
      put,
      putIfAbsent: async () => present,
    } as unknown as EvictionLog;
    const keyv = new Keyv({ store, useKeyPrefix: false, deserialize: (raw) => codec.read(raw) as never });
    remote = new RemoteCache({ keyv, log, codec, guard: alwaysOpen, generation, tags, counters });
  });

  const raw = (value: unknown, since: number, ...of: string[]): string =>
    stamped(codec.encode(value, { ttlMs: 1_000, staleMs: 0 }, of), since);
  const set = (key: string, since: number, ...of: string[]): Map<string, string> => store.set(key, raw(key, since, ...of));
  const seen = (reading: Reading): unknown => (typeof reading === 'object' ? reading.value : reading);
  const asked = (): unknown => readTags.args.map(([names]) => names);

  it('asks nobody about an entry of which it has heard everything, or which has no tags', async () => {
    set('Dune', 10, 'herbert');
    set('Emma', 1);
    expect([seen(await remote.get('Dune')), seen(await remote.get('Emma'))]).to.deep.equal(['Dune', 'Emma']);
    tags.evicted(['herbert'], 11);
    expect([await remote.get('Dune'), asked(), counters.tagReads]).to.deep.equal([OVERTAKEN, [], 0]);
  });

  it('asks once about an older entry, and remembers the answer', async () => {
    set('Dune', 5, 'herbert', 'novel');
    expect(seen(await remote.get('Dune'))).to.equal('Dune');
    expect(seen(await remote.get('Dune'))).to.equal('Dune');
    expect([asked(), counters.tagReads]).to.deep.equal([[['herbert', 'novel']], 1]);
    readTags.resolves({ floor: 1, numbers: [7] });
    set('Emma', 6, 'austen');
    expect([await remote.get('Emma'), await remote.get('Emma')]).to.deep.equal([OVERTAKEN, OVERTAKEN]);
    expect(counters.tagReads, 'known from the first answer').to.equal(2);
  });

  it('asks again while there is no read lease', async () => {
    set('Dune', 10, 'herbert');
    tags.holdLeaseUntil(-Infinity);
    for (const read of [() => remote.get('Dune'), () => remote.getAllCurrent(['Dune']).then(([reading]) => reading)]) {
      expect(seen(await read())).to.equal('Dune');
    }
    expect(counters.tagReads).to.equal(2);
  });

  it('asks one question about all entries that are read together and that it does not know, each tag once', async () => {
    set('a', 5, 'x', 'y');
    set('b', 7, 'y');
    set('c', 5);
    set('d', 20, 'z');
    store.set('e', 'garbage');
    readTags.resolves({ floor: 1, numbers: [undefined, 6] });
    const keys = ['a', 'b', 'c', 'd', 'e', 'none'];
    const expected = [OVERTAKEN, 'b', 'c', 'd', UNREADABLE, undefined];
    expect((await remote.getAll(keys)).map(seen)).to.deep.equal(expected);
    expect([asked(), counters.tagReads]).to.deep.equal([[['x', 'y']], 1]);
    expect((await remote.getAllCurrent(keys)).map(seen)).to.deep.equal(expected);
    expect(counters.tagReads).to.equal(1);
  });

  it('takes entries for evicted that are older than the floor, or of which the remote tier knows nothing', async () => {
    set('a', 5, 'x');
    readTags.resolves({ floor: undefined, numbers: [undefined] });
    expect(await remote.get('a')).to.equal(OVERTAKEN);
    readTags.resolves({ floor: 6, numbers: [undefined] });
    expect(await remote.get('a')).to.equal(OVERTAKEN);
    set('b', 6, 'x');
    expect(seen(await remote.get('b'))).to.equal('b');
  });

  it('knows of an eviction that it hears of while it asks', async () => {
    set('a', 5, 'x');
    readTags.callsFake(async () => {
      tags.evicted(['x'], 11);
      return { floor: 1, numbers: [undefined] };
    });
    expect(await remote.get('a')).to.equal(OVERTAKEN);
  });

  it('rejects if it cannot ask', async () => {
    set('a', 5, 'x');
    readTags.rejects(new Error('away'));
    expect(await remote.get('a').catch((error: Error) => error.message)).to.equal('away');
  });

  it('takes what it reads for evicted if the generation has changed meanwhile: numbers of two cannot be compared', async () => {
    set('a', 20, 'x');
    set('b', 20);
    const reads = [remote.get('a'), remote.get('b'), remote.getAll(['a']).then(([reading]) => reading)];
    generation.follow('2');
    tags.heard(1);
    expect((await Promise.all(reads)).map(seen)).to.deep.equal([OVERTAKEN, OVERTAKEN, OVERTAKEN]);
    expect([asked(), seen(await remote.get('a'))]).to.deep.equal([[], 'a']);
  });

  it('tells an entry that the asking for the fill lease has found, and that is overtaken', async () => {
    acquired = { kind: 'present', entry: raw('Dune', 10, 'herbert') };
    const reply = await remote.acquire({ key: 'Dune' });
    expect(reply.kind === 'present' && reply.entry.value).to.equal('Dune');
    tags.evicted(['herbert'], 11);
    expect(await remote.acquire({ key: 'Dune' })).to.deep.equal({ kind: 'overtaken' });
    acquired = { kind: 'present', entry: 'garbage' };
    expect(await remote.acquire({ key: 'Dune' })).to.deep.equal({ kind: 'unreadable' });
    acquired = { kind: 'granted', token: 't', since: 12 };
    expect(await remote.acquire({ key: 'Dune' })).to.equal(acquired);
  });

  it('takes an entry that the asking for the fill lease has found for evicted if the generation has changed meanwhile', async () => {
    acquired = { kind: 'present', entry: raw('Dune', 20, 'herbert') };
    const reply = remote.acquire({ key: 'Dune' });
    generation.follow('2');
    expect(await reply).to.deep.equal({ kind: 'overtaken' });
  });

  it('puts in the place of an entry that is overtaken, where there must be none', async () => {
    const entry = { key: 'Dune', raw: 'new', ttlMs: 1 };
    present = raw('old', 10, 'herbert');
    expect([seen(await remote.putIfAbsent(entry)), put.callCount]).to.deep.equal(['old', 0]);
    tags.evicted(['herbert'], 11);
    expect([await remote.putIfAbsent(entry), put.callCount]).to.deep.equal([OVERTAKEN, 1]);
    put = sinon.spy();
  });
});
