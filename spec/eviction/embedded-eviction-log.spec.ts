import { expect } from 'chai';
import sinon from 'sinon';
import { EmbeddedEvictionLog } from '../../lib/eviction/embedded-eviction-log.js';
import { EMBEDDED_MAXIMUM_SIZE, EmbeddedStore } from '../../lib/eviction/embedded-store.js';
import { EmbeddedRemote } from '../../lib/eviction/index.js';

/** What is answered about the one key that was asked for. */
const one = async <T>(answers: Promise<readonly T[]>): Promise<T> => (await answers)[0] as T;

describe(EmbeddedEvictionLog.name, () => {
  let store: EmbeddedStore;
  let log: EmbeddedEvictionLog;
  let published: [string, Record<string, unknown>][];

  beforeEach(() => {
    store = new EmbeddedStore();
    published = [];
    const publish = (channel: string, body: string): unknown => published.push([channel, JSON.parse(body) as Record<string, unknown>]);
    log = new EmbeddedEvictionLog({
      store,
      namespace: 'cache',
      cache: 'book',
      channel: 'book-channel',
      origin: 'one~0123456789ab',
      fillLeaseMs: 100,
      publish,
    });
  });

  afterEach(() => sinon.restore());

  const granted = async (key: string): Promise<string> => {
    const reply = await one(log.acquire([{ key }]));
    if (reply.kind !== 'granted') throw new Error(`Expected the lease of ${key}, got ${reply.kind}.`);
    return reply.token;
  };

  it('grants the right to fill a key to one at a time, and tells who has filled it since', async () => {
    const token = await granted('Dune');
    expect(await one(log.acquire([{ key: 'Dune' }]))).to.deep.equal({ kind: 'busy' });
    expect(await one(log.fill([{ key: 'Dune', token: token, raw: 'raw', ttlMs: 60_000 }]))).to.equal(true);
    expect(await one(log.acquire([{ key: 'Dune' }]))).to.deep.equal({ kind: 'present', entry: store.entries.get('Dune') });
    expect(await one(log.fill([{ key: 'Dune', token: token, raw: 'again', ttlMs: 60_000 }])), 'a token is good once').to.equal(false);
    expect(published, 'loads publish nothing').to.deep.equal([]);
  });

  it('ends the right after its time, and when it is given back', async () => {
    const timers = sinon.useFakeTimers({ toFake: ['Date'] });
    const late = await granted('Dune');
    timers.tick(100);
    expect(await one(log.fill([{ key: 'Dune', token: late, raw: 'raw', ttlMs: 60_000 }]))).to.equal(false);
    const unused = await granted('Dune');
    await log.release([{ key: 'Dune', token: late }]);
    expect(await one(log.acquire([{ key: 'Dune' }])), 'another token does not give it back').to.deep.equal({ kind: 'busy' });
    await log.release([{ key: 'Dune', token: unused }]);
    await granted('Dune');
  });

  for (const [verb, act] of [
    ['evict', () => log.evict({ keys: ['Dune'] }, false)],
    ['put', () => log.put([{ key: 'Dune', raw: 'put', ttlMs: 60_000 }])],
    ['clear', () => log.evict('all', false)],
  ] as const) {
    it(`ends the right with ${verb}`, async () => {
      const token = await granted('Dune');
      await act();
      expect(await one(log.fill([{ key: 'Dune', token: token, raw: 'old', ttlMs: 60_000 }]))).to.equal(false);
      expect(store.entries.get('Dune')?.slice(0, 2)).to.equal(verb === 'put' ? 'pu' : undefined);
    });
  }

  it('announces writes with numbers without gaps, and never a value', async () => {
    const before = Date.now() * 1_000;
    await log.put([{ key: 'Dune', raw: 'secret', ttlMs: 60_000 }]);
    await log.putIfAbsent({ key: 'Dune', raw: 'secret', ttlMs: 60_000 });
    await log.putIfAbsent({ key: 'Emma', raw: 'secret', ttlMs: 60_000 });
    expect((await log.evict({ keys: ['Dune', 'Emma', 'none'] }, true)).removed).to.equal(2);
    await log.evict('all', false);
    const about = { v: 2, cache: 'book', gen: '1', origin: 'one~0123456789ab', ns: 'cache' };
    const times = published.map(([, message]) => message['at'] as number);
    expect(times.filter((at) => !(at >= before && at <= Date.now() * 1_000))).to.deep.equal([]);
    expect(published.map(([channel, { at: _, ...message }]) => [channel, message])).to.deep.equal([
      ['book-channel', { ...about, seq: 1, op: 'put', keys: ['Dune'] }],
      ['book-channel', { ...about, seq: 2, op: 'put', keys: ['Emma'] }],
      ['book-channel', { ...about, seq: 3, op: 'evict', keys: ['Dune', 'Emma', 'none'] }],
      ['book-channel', { ...about, seq: 4, op: 'clear', keys: [] }],
    ]);
  });

  it('drops what cannot be read before it grants the right to replace it', async () => {
    await log.put([{ key: 'Dune', raw: 'unreadable', ttlMs: 60_000 }]);
    expect((await one(log.acquire([{ key: 'Dune', drops: true }]))).kind).to.equal('granted');
    expect(store.entries.size).to.equal(0);
  });

  it('keeps at most so many entries, the oldest going first', () => {
    for (let i = 0; i <= EMBEDDED_MAXIMUM_SIZE; i += 1) store.entries.set(`${i}`, 'raw');
    expect([store.entries.size, store.entries.get('0'), store.entries.get('1')]).to.deep.equal([EMBEDDED_MAXIMUM_SIZE, undefined, 'raw']);
  });
});

describe(EmbeddedRemote.name, () => {
  it('is shared by namespace until its last user has gone', () => {
    const one = EmbeddedRemote.of('embedded-spec', 'one');
    one.store('book').entries.set('Dune', 'raw');
    const two = EmbeddedRemote.of('embedded-spec', 'two');
    const other = EmbeddedRemote.of('embedded-spec-other', 'one');
    one.release('one');
    expect([two.store('book').entries.size, two.store('author').entries.size, other.store('book').entries.size]).to.deep.equal([1, 0, 0]);
    two.release('two');
    other.release('one');
    const fresh = EmbeddedRemote.of('embedded-spec', 'one');
    expect(fresh.store('book').entries.size).to.equal(0);
    fresh.release('one');
  });
});
