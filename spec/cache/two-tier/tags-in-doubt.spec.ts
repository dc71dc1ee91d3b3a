/** An eviction of tags that was not acknowledged: what carries one of them is served from neither tier until it is. */
import { expect } from 'chai';
import { Keyv } from 'keyv';
import sinon from 'sinon';
import {
  alwaysOpen,
  bucketsOf,
  EntryCodec,
  type EvictionReceipt,
  Generation,
  LocalCache,
  RemoteCache,
  TagClock,
  TagIndex,
  type TwoTierCache,
  ValueCodec,
} from '../../../lib/cache/index.js';
import { RemoteCacheError } from '../../../lib/errors/index.js';
import { CacheCounters, CacheEvents } from '../../../lib/event/index.js';
import { EmbeddedEvictionLog } from '../../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore, embeddedTime } from '../../../lib/eviction/embedded-store.js';
import { cacheErrorOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { gate } from '../../support/promises.js';
import { makeTwoTierCache } from '../../support/two-tier-cache.js';
import { waitFor } from '../../support/wait.js';

describe('tags in doubt', () => {
  let store: EmbeddedStore;
  let log: EmbeddedEvictionLog;
  let cache: TwoTierCache;
  let told: unknown[];

  const make = (tiers: 'both' | 'local' | 'remote'): void => {
    const clock = new FakeClock();
    const [events, counters] = [new CacheEvents(), new CacheCounters()];
    told = [];
    events.on('evictPending', ({ error: _error, ...event }) => void told.push(event));
    store = new EmbeddedStore();
    const tags = new TagClock(clock, () => store.seq);
    const codec = new EntryCodec({ codec: new ValueCodec(), clock, time: embeddedTime(clock), tags });
    const origin = 'one~0123456789ab';
    log = new EmbeddedEvictionLog({
      store,
      namespace: 'cache',
      cache: 'book',
      channel: 'c',
      origin,
      fillLeaseMs: 60_000,
      publish: () => 0,
      tags,
    });
    const keyv = new Keyv({ store: store.entries, useKeyPrefix: false, deserialize: (raw) => codec.read(raw) as never });
    const generation = new Generation('1');
    cache = makeTwoTierCache({
      // No time to try again: what fails once is in doubt at once.
      settings: { tiers, tags: true, timeoutMs: 1, deadlineMs: 2 },
      local: new LocalCache({ maximumSize: 100, clock, counters, tags: new TagIndex() }),
      remote: new RemoteCache({ keyv, log, codec, guard: alwaysOpen, generation, tags, counters }),
      clock,
      events,
      counters,
    });
    for (const bucket of bucketsOf(cache, [{ generation, tags }])) bucket.holdLeaseUntil(Infinity);
  };

  afterEach(async () => {
    sinon.restore();
    await cache.stop();
  });

  const load = (key: string, value: unknown, ...tags: string[]): Promise<unknown> => cache.getOrLoad(key, () => value, { tags });
  /** Redis does not answer evictions any more. */
  const away = (): sinon.SinonStub =>
    sinon.stub(log, 'evict').rejects(new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.'));
  const evictInVain = async (...tags: string[]): Promise<void> => {
    away();
    expect((await cacheErrorOf(cache.evictTagged(tags))).code).to.equal('CACHE_EVICT_UNACKNOWLEDGED');
  };
  const recovered = async (): Promise<void> => {
    sinon.restore();
    cache.reconnected();
    await waitFor(() => cache.pendingEvictions === 0, { what: 'the acknowledgement' });
  };

  for (const tiers of ['both', 'local', 'remote'] as const) {
    describe(`with tiers: '${tiers}'`, () => {
      beforeEach(() => make(tiers));

      it('keep what carries one of them out of both tiers, and nothing else', async () => {
        for (const key of ['Dune', 'Emma']) await load(key, 'old', key === 'Dune' ? 'herbert' : 'austen', 'novel');
        await evictInVain('herbert', 'nobody');
        expect(told).to.deep.equal([{ cache: 'book', keys: [], tags: ['herbert', 'nobody'] }]);
        for (let i = 0; i < 2; i += 1) {
          expect([await cache.get('Dune'), await cache.get('Emma')]).to.deep.equal([undefined, { value: 'old' }]);
          expect(await cache.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, { value: 'old' }]);
          expect([await load('Dune', `new ${i}`, 'herbert'), await load('Emma', 'never')]).to.deep.equal([`new ${i}`, 'old']);
        }
        expect(cache.statistics().pendingEvictions).to.equal(2);
        await recovered();
        expect([await cache.get('Dune'), await cache.get('Emma')]).to.deep.equal([undefined, { value: 'old' }]);
        expect([await load('Dune', 'newer', 'herbert'), await load('Dune', 'never')]).to.deep.equal(['newer', 'newer']);
      });

      it('are not served by a put either, until the acknowledgement', async () => {
        await evictInVain('herbert');
        sinon.restore();
        away().callsFake(async (eviction) => {
          if (eviction !== 'all' && 'tags' in eviction) throw new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');
          return { removed: 0, acknowledged: undefined };
        });
        await cache.put('Dune', 'put', { tags: ['herbert'] });
        await cache.put('Emma', 'put', { tags: ['austen'] });
        expect([await cache.get('Dune'), await cache.get('Emma')]).to.deep.equal([undefined, { value: 'put' }]);
      });

      it('have those who join a load share a new one', async () => {
        const { promise, open } = gate<string>();
        const first = cache.getOrLoad('Dune', () => promise, { tags: ['herbert'] });
        await waitFor(() => cache.statistics().loads === 1, { what: 'the load' });
        await evictInVain('herbert');
        const late = [1, 2].map((i) => cache.getOrLoad('Dune', () => `new ${i}`, { tags: ['herbert'] }));
        open('old');
        expect(await first).to.equal('old');
        expect(await Promise.all(late)).to.deep.equal(['new 1', 'new 1']);
        expect(await cache.get('Dune')).to.equal(undefined);
      });
    });
  }

  it('keep a read that was under way out of the local tier', async () => {
    make('both');
    await cache.put('Dune', 'old', { tags: ['herbert'] });
    const { promise, open } = gate<string>();
    const raw = store.entries.get('Dune') as string;
    sinon.stub(store.entries, 'get').returns(promise as never);
    const read = cache.get('Dune');
    await evictInVain('herbert');
    open(raw);
    expect(await read).to.equal(undefined);
    expect(cache.statistics().localSize).to.equal(0);
  });

  it('are fenced again at the acknowledgement: a read may have brought the old value back', async () => {
    make('both');
    await cache.put('Dune', 'old', { tags: ['herbert'] });
    let acknowledge!: (receipt: EvictionReceipt) => void;
    sinon.stub(log, 'evict').returns(new Promise((resolve) => (acknowledge = resolve)));
    const evicted = cache.evictTagged(['herbert']);
    expect(await cache.get('Dune')).to.deep.equal({ value: 'old' });
    expect(cache.statistics().localSize).to.equal(1);
    await waitFor(() => (log.evict as sinon.SinonStub).callCount === 1, { what: 'the eviction to be sent' });
    acknowledge({ removed: -1, acknowledged: undefined });
    await evicted;
    expect(cache.statistics().localSize).to.equal(0);
  });

  it('do not keep a value from being put in the place of what carries one', async () => {
    make('both');
    await load('Dune', 'old', 'herbert');
    await evictInVain('herbert');
    expect(await cache.putIfAbsent('Dune', 'new', { tags: ['other'] })).to.equal(undefined);
    expect(store.entries.get('Dune')).to.match(/"new"/);
    expect(await cache.get('Dune')).to.deep.equal({ value: 'new' });
  });
});
