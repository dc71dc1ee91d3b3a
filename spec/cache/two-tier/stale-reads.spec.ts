import { expect } from 'chai';
import sinon from 'sinon';
import { Keyv } from 'keyv';
import { alwaysOpen, EntryCodec, Generation, RemoteCache, type TwoTierCache, ValueCodec } from '../../../lib/cache/index.js';
import { StaleReads } from '../../../lib/cache/two-tier/stale-reads.js';
import { RemoteCacheError } from '../../../lib/errors/index.js';
import { EmbeddedEvictionLog } from '../../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore, embeddedTime } from '../../../lib/eviction/embedded-store.js';
import { rejectionOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { gate, turns } from '../../support/promises.js';
import { makeTwoTierCache } from '../../support/two-tier-cache.js';

const MINUTE = 60_000;
const AWAY = new Error('The database is away.');

/** What the contract of all caches cannot show: evictions that are not heard of, or not acknowledged. */
describe(StaleReads.name, () => {
  let store: EmbeddedStore;
  let log: EmbeddedEvictionLog;
  let cache: TwoTierCache;
  let clock: FakeClock;

  beforeEach(async () => {
    sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    clock = new FakeClock();
    const codec = new EntryCodec({ codec: new ValueCodec(), clock, time: embeddedTime(clock) });
    store = new EmbeddedStore();
    log = new EmbeddedEvictionLog({
      store,
      namespace: 'cache',
      cache: 'book',
      channel: 'c',
      origin: 'one~0123456789ab',
      fillLeaseMs: MINUTE,
      publish: () => 0,
    });
    const deserialize = (raw: string): never => codec.read(raw) as never;
    const keyv = new Keyv({ store: store.entries, namespace: 'book', useKeyPrefix: false, deserialize });
    cache = makeTwoTierCache({
      settings: {
        ttlMs: 10 * MINUTE,
        staleIfError: { forMs: 20 * MINUTE, when: undefined, retryAfterMs: MINUTE },
        timeoutMs: 1,
        deadlineMs: 2,
      },
      remote: new RemoteCache({ keyv, log, codec, guard: alwaysOpen, generation: new Generation('1') }),
      clock,
    });
    cache.holdLeaseUntil(Infinity);
    await cache.getOrLoad('Dune', () => 'old');
    clock.advance(11 * MINUTE);
    (Date as unknown as { clock: sinon.SinonFakeTimers }).clock.tick(11 * MINUTE);
  });

  afterEach(async () => {
    sinon.restore();
    await cache.stop();
  });

  /** A load that has begun. It fails when it is told to. */
  const load = async (): Promise<{ readonly fail: () => void; readonly result: Promise<string> }> => {
    const begun = gate();
    const { promise, open } = gate();
    const result = cache.getOrLoad<string>('Dune', async () => {
      begun.open();
      await promise;
      throw AWAY;
    });
    result.catch(() => undefined);
    await begun.promise;
    return { result, fail: open };
  };

  it('serves what was found, without a second look', async () => {
    const { result, fail } = await load();
    store.entries.delete('Dune'); // Nobody says so: this is no eviction.
    fail();
    expect(await result).to.equal('old');
  });

  it('looks again without a read lease, because an eviction may not have been heard of', async () => {
    const { result, fail } = await load();
    cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
    store.entries.delete('Dune');
    fail();
    expect(await rejectionOf(result)).to.equal(AWAY);
  });

  it('looks again if the read lease has ended meanwhile', async () => {
    const { result, fail } = await load();
    cache.holdLeaseUntil(clock.now() + 5);
    clock.advance(6);
    store.entries.delete('Dune');
    fail();
    expect(await rejectionOf(result)).to.equal(AWAY);
  });

  it('serves nothing under a key in doubt, whatever the remote tier has', async () => {
    const { result, fail } = await load();
    sinon.stub(log, 'evict').rejects(new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.'));
    await rejectionOf(cache.evict('Dune'));
    expect([cache.pendingEvictions, store.entries.get('Dune') === undefined]).to.deep.equal([1, false]);
    fail();
    expect(await rejectionOf(result)).to.equal(AWAY);
    expect(await rejectionOf(cache.getOrLoad('Dune', () => Promise.reject(AWAY)))).to.equal(AWAY);
  });

  it('serves nothing that was evicted during the second look', async () => {
    const { result, fail } = await load();
    const raw = store.entries.get('Dune');
    const looking = gate();
    const { promise, open } = gate<(string | undefined)[]>();
    sinon.stub(log, 'readCurrent').callsFake(() => {
      looking.open();
      return promise;
    });
    cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
    fail();
    await looking.promise;
    cache.apply({ keys: ['Dune'] }, { own: false, lagMs: 0, seq: 1 });
    open([raw]);
    expect(await rejectionOf(result)).to.equal(AWAY);
  });

  it('asks for one lease for all who find at once that another value is due', async () => {
    await cache.put('Dune', 'due');
    cache.emptied('coherence');
    const acquire = sinon.spy(log, 'acquire');
    const { promise, open } = gate<string>();
    let runs = 0;
    const loader = (): Promise<string> => ((runs += 1), promise);
    clock.advance(6 * MINUTE);
    (Date as unknown as { clock: sinon.SinonFakeTimers }).clock.tick(6 * MINUTE);
    const read = (): Promise<string> => cache.getOrLoad('Dune', loader, { refreshAfter: 5 * MINUTE });
    expect(await Promise.all([read(), read(), read()])).to.deep.equal(['due', 'due', 'due']);
    await turns(5);
    expect([runs, acquire.callCount]).to.deep.equal([1, 1]);
    open('new');
  });

  it('hands over the error of the method, not that of the second look', async () => {
    const { result, fail } = await load();
    sinon.stub(log, 'readCurrent').rejects(new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.'));
    cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
    fail();
    expect(await rejectionOf(result)).to.equal(AWAY);
  });
});
