import { expect } from 'chai';
import sinon from 'sinon';
import { Keyv } from 'keyv';
import {
  alwaysOpen,
  EntryCodec,
  Generation,
  LocalCache,
  RemoteCache,
  type RemoteGuard,
  TwoTierCache,
  ValueCodec,
} from '../../../lib/cache/index.js';
import { type CacheConfigurationError, CacheEvictError, RemoteCacheError } from '../../../lib/errors/index.js';
import { CacheEvents } from '../../../lib/event/index.js';
import { EmbeddedEvictionLog } from '../../../lib/eviction/embedded-eviction-log.js';
import { EmbeddedStore, embeddedTime } from '../../../lib/eviction/embedded-store.js';
import { describeCacheContract } from '../../contract/cache-contract.js';
import { noted, valuesBy } from '../../contract/collections-stage.js';
import { Fleet } from '../../contract/fleet.js';
import { ProcessTime } from '../../contract/fleet-time.js';
import { rejectionOf } from '../../contract/rejection.js';
import { FakeClock } from '../../support/fake-clock.js';
import { gate, turn } from '../../support/promises.js';
import { makeTwoTierCache } from '../../support/two-tier-cache.js';
import { waitFor } from '../../support/wait.js';

let fleets = 0;

for (const tiers of ['both', 'local', 'remote'] as const) {
  describeCacheContract(
    `${TwoTierCache.name}, embedded`,
    tiers,
    () => new Fleet({ namespace: `contract-${(fleets += 1)}` }, new ProcessTime()),
  );
}

describe(TwoTierCache.name, () => {
  let store: EmbeddedStore;
  let log: EmbeddedEvictionLog;
  let cache: TwoTierCache;
  let events: CacheEvents;
  let pending: unknown[];

  beforeEach(() => create());

  function create(deadlineMs = 2, guard: RemoteGuard = alwaysOpen): void {
    const clock = new FakeClock();
    const codec = new EntryCodec({ codec: new ValueCodec(), clock, time: embeddedTime(clock) });
    events = new CacheEvents();
    pending = [];
    events.on('evictPending', ({ keys }) => void pending.push(keys));
    store = new EmbeddedStore();
    log = new EmbeddedEvictionLog({
      store,
      namespace: 'cache',
      cache: 'book',
      channel: 'c',
      origin: 'one~0123456789ab',
      fillLeaseMs: 1_000,
      publish: () => 0,
    });
    const keyv = new Keyv({
      store: store.entries,
      namespace: 'book',
      useKeyPrefix: false,
      deserialize: (raw) => codec.read(raw) as never,
    });
    cache = makeTwoTierCache({
      // No time to try again: what fails once is in doubt at once.
      settings: { timeoutMs: 1, deadlineMs },
      remote: new RemoteCache({ keyv, log, codec, guard, generation: new Generation('1') }),
      clock,
      events,
    });
    cache.holdLeaseUntil(Infinity);
  }

  afterEach(async () => {
    sinon.restore();
    await cache.stop();
  });

  const away = (): RemoteCacheError => new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');

  describe('what the types rule out', () => {
    const refused = async (call: Promise<unknown>): Promise<unknown> => {
      const error = (await rejectionOf(call)) as CacheConfigurationError;
      return [error.code, error.message];
    };
    const got = (what: string): unknown => ['CACHE_OPTION_INVALID', `Expected ${what}.`];

    it('is refused before anything is done', async () => {
      await cache.put('Dune', 'old');
      const acks = { acks: 'some' as 'all' };
      expect(await refused(cache.getOrLoad('Emma', undefined as never))).to.deep.equal(got('`loader` to be a function, got undefined'));
      expect(await refused(cache.getAll('Dune' as never))).to.deep.equal(got("`keys` to be an array, got 'Dune'"));
      for (const call of [cache.evict('Dune', acks), cache.evictIfPresent('Dune', acks), cache.clear(acks)]) {
        expect(await refused(call)).to.deep.equal(got("`acks` to be 'none' or 'all', got 'some'"));
      }
      expect(await cache.get('Dune')).to.deep.equal({ value: 'old' });
      expect(cache.statistics()).to.include({ evictions: 0, clears: 0, loads: 0 });
    });
  });

  describe('what the local tier fails to keep', () => {
    const failure = new RangeError('Maximum call stack size exceeded');

    it('is returned from the remote tier all the same, and told', async () => {
      for (const key of ['Dune', 'Emma']) await log.put([{ key, raw: JSON.stringify({ value: key, life: 1_000 }), ttlMs: 1_000 }]);
      const told: unknown[] = [];
      events.on('error', (event) => void told.push(event));
      sinon.stub(LocalCache.prototype, 'set').throws(failure);
      expect(await cache.get('Dune')).to.deep.equal({ value: 'Dune' });
      expect(await cache.getAll(['Dune', 'Emma'])).to.deep.equal([{ value: 'Dune' }, { value: 'Emma' }]);
      expect(await cache.getOrLoad('Dune', () => expect.fail('It is there.'))).to.equal('Dune');
      expect(told).to.deep.equal(Array(4).fill({ where: "local tier of cache 'book'", error: failure, cache: 'book' }));
      expect(cache.statistics()).to.include({ remoteHits: 4, misses: 0, localSize: 0 });
    });

    it('is returned from the loader all the same, and told to who asked to be', async () => {
      const told: unknown[] = [];
      sinon.stub(LocalCache.prototype, 'set').throws(failure);
      expect(await cache.getOrLoad('Dune', () => 'loaded', { onError: (verb, error) => void told.push(verb, error) })).to.equal('loaded');
      expect(told).to.deep.equal(['put', failure]);
    });
  });

  it('says how often it found what cannot be read, though it was asked for the lease at once', async () => {
    await cache.evict('Dune');
    store.entries.set('Dune', 'garbage');
    expect(await cache.getOrLoad('Dune', () => 'healed')).to.equal('healed');
    expect(cache.statistics()).to.include({ remoteFailures: 1, misses: 1, fills: 1 });
    expect(store.entries.get('Dune')).to.match(/^\{"value":"healed","life":2592000000,"end":\d+\}$/);
  });

  it('drops an unreadable entry once, and not what another instance stores in its place', async () => {
    create(60_000); // A busy machine may need some of it.
    sinon.stub(log, 'readCurrent').resolves(['no JSON']);
    const acquire = sinon.stub(log, 'acquire');
    acquire.onFirstCall().resolves([{ kind: 'busy' }]);
    acquire.resolves([{ kind: 'present', entry: '{"value":"theirs"}' }]);
    cache.holdLeaseUntil(Number.NEGATIVE_INFINITY);
    expect(await cache.getOrLoad('Dune', () => 'ours')).to.equal('theirs');
    expect(acquire.args.map(([[request]]) => request?.drops === true)).to.deep.equal([true, false]);
  });

  describe('an eviction that Redis does not acknowledge', () => {
    it('C6: is told, and keeps its key out of both tiers until a repetition is acknowledged', async () => {
      await cache.put('Dune', 'old');
      await cache.put('Emma', 'other');
      await cache.get('Dune');
      const evict = sinon.stub(log, 'evict').rejects(away());
      expect(await rejectionOf(cache.evict('Dune'))).to.be.instanceOf(CacheEvictError);
      expect([pending, cache.pendingEvictions]).to.deep.equal([[['Dune']], 1]);
      const fill = sinon.spy(log, 'fill');
      expect([cache.hitNow('Dune'), await cache.get('Dune'), await cache.getAll(['Dune', 'Emma'])]).to.deep.equal([
        undefined,
        undefined,
        [undefined, { value: 'other' }],
      ]);
      expect([await cache.getOrLoad('Dune', () => 1), await cache.getOrLoad('Dune', () => 2)]).to.deep.equal([1, 2]);
      expect([fill.callCount, store.entries.get('Dune') !== undefined], 'the remote tier still has it').to.deep.equal([0, true]);
      evict.restore();
      cache.reconnected();
      await waitFor(() => cache.pendingEvictions === 0, { what: 'the repetition' });
      expect([await cache.getOrLoad('Dune', () => 3), await cache.getOrLoad('Dune', () => 4)]).to.deep.equal([3, 3]);
    });

    it('keeps a load that it overtook from being stored, executed or not', async () => {
      let finish!: (value: string) => void;
      let begun!: () => void;
      const loading = new Promise<void>((resolve) => (begun = resolve));
      const load = cache.getOrLoad('Dune', () => (begun(), new Promise<string>((resolve) => (finish = resolve))));
      await loading;
      sinon.stub(log, 'evict').rejects(away());
      await rejectionOf(cache.evict('Dune'));
      const fill = sinon.spy(log, 'fill');
      finish('old');
      expect(await load).to.equal('old');
      expect([fill.callCount, store.entries.size, cache.hitNow('Dune')]).to.deep.equal([0, 0, undefined]);
    });

    it('may be that of a put: the key is evicted, for nobody knows which value is there', async () => {
      await cache.put('Dune', 'old');
      const failed = away();
      sinon.stub(log, 'put').rejects(failed);
      expect(await rejectionOf(cache.put('Dune', 'new'))).to.equal(failed);
      expect([store.entries.size, cache.pendingEvictions]).to.deep.equal([0, 0]);
      sinon.stub(log, 'evict').rejects(away());
      expect(await rejectionOf(cache.put('Dune', 'new'))).to.be.instanceOf(CacheEvictError);
      expect(cache.pendingEvictions).to.equal(1);
    });

    it('may be a clear: then no key is served', async () => {
      await cache.put('Dune', 'old');
      sinon.stub(log, 'evict').rejects(away());
      await rejectionOf(cache.clear());
      expect([await cache.get('Dune'), cache.pendingEvictions]).to.deep.equal([undefined, Infinity]);
    });
  });

  describe('getAllOrLoad', () => {
    it('waits until the cache has joined the fleet, and asks for the keys that its caller had then', async () => {
      const { promise, open } = gate();
      cache.joinWith(promise);
      const { calls, load } = noted();
      const keys = ['a', 'b'];
      const reading = cache.getAllOrLoad(keys, load);
      keys.reverse().pop();
      await turn();
      expect(calls).to.deep.equal([]);
      open();
      expect([...(await reading)]).to.deep.equal([['a', 'of a'], ['b', 'of b']]); // prettier-ignore
      expect(calls).to.deep.equal([['a', 'b']]);
    });

    for (const step of ['acquire', 'fill'] as const) {
      it(`hands out what was loaded if ${step} fails, in one call, and tells of each key`, async () => {
        create(1_000);
        sinon.stub(log, step).rejects(away());
        const told: unknown[] = [];
        const { calls, load } = noted();
        const onError = (verb: string, error: unknown, key: unknown): void => void told.push([verb, (error as RemoteCacheError).code, key]);
        expect(await cache.getAllOrLoad(['a', 'b'], load, { onError })).to.deep.equal(valuesBy('of', ['a', 'b']));
        expect(calls).to.deep.equal([['a', 'b']]);
        const verb = step === 'acquire' ? 'get' : 'put';
        expect(told).to.deep.equal([[verb, 'CACHE_REMOTE_TIMEOUT', 'a'], [verb, 'CACHE_REMOTE_TIMEOUT', 'b']]); // prettier-ignore
        expect(await cache.getAll(['a', 'b'])).to.deep.equal([undefined, undefined]);
      });
    }

    it('C6: reads a key in doubt from neither tier, and does not store it', async () => {
      await cache.putAll(valuesBy('old', ['a', 'b']));
      const evict = sinon.stub(log, 'evict').rejects(away());
      expect(await rejectionOf(cache.evict('b'))).to.be.instanceOf(CacheEvictError);
      const { calls, load } = noted();
      for (let i = 0; i < 2; i += 1)
        expect([...(await cache.getAllOrLoad(['a', 'b'], load))]).to.deep.equal([['a', 'old a'], ['b', 'of b']]); // prettier-ignore
      expect(calls).to.deep.equal([['b'], ['b']]);
      evict.restore();
    });
  });

  it('putIfAbsent takes a key in doubt for absent: what is there was evicted (C6)', async () => {
    await cache.put('Dune', 'old');
    const evict = sinon.stub(log, 'evict').rejects(away());
    expect(await rejectionOf(cache.evict('Dune'))).to.be.instanceOf(CacheEvictError);
    expect(await cache.putIfAbsent('Dune', 'new')).to.equal(undefined);
    expect(store.entries.get('Dune')).to.match(/"new"/);
    evict.restore();
  });

  describe('a fill lease that cannot be given back', () => {
    const veto = (): Promise<string> => cache.getOrLoad('Dune', () => 'value', { unless: () => true });

    it('is given back when the remote tier is back', async () => {
      const release = sinon.stub(log, 'release').rejects(away());
      await veto();
      await waitFor(() => release.callCount === 1, { what: 'the first attempt' });
      expect(store.leases.has('Dune')).to.equal(true);
      release.restore();
      cache.reconnected();
      expect(store.leases.has('Dune')).to.equal(false);
    });

    it('is given back even if the breaker was open', async () => {
      const guard = { acceptsSteps: true, run: alwaysOpen.run };
      create(2, guard);
      await cache.getOrLoad('Dune', () => ((guard.acceptsSteps = false), 'value'), { unless: () => true });
      expect(store.leases.has('Dune')).to.equal(true);
      guard.acceptsSteps = true;
      cache.reconnected();
      expect(store.leases.has('Dune')).to.equal(false);
    });

    it('is tried twice and no more', async () => {
      const release = sinon.stub(log, 'release').rejects(away());
      await veto();
      for (let i = 0; i < 3; i += 1) {
        await turn();
        cache.reconnected();
      }
      expect(release.callCount).to.equal(2);
    });
  });

  describe('a message of its own', () => {
    it('is applied while the answer is outstanding, for a read may have brought the old value back', async () => {
      await cache.put('Dune', 'old');
      let answer!: () => void;
      const answered = new Promise<void>((resolve) => (answer = resolve));
      const evict = log.evict.bind(log);
      sinon.stub(log, 'evict').callsFake(async (eviction, acks) => {
        await answered;
        return evict(eviction, acks);
      });
      const evicting = cache.evict('Dune');
      await cache.get('Dune');
      expect(cache.hitNow('Dune'), 'read before Redis executed it').not.to.equal(undefined);
      cache.apply({ keys: ['Dune'] }, { own: true, seq: 1 });
      expect(cache.hitNow('Dune')).to.equal(undefined);
      answer();
      await evicting;
    });

    it('spares what was read after the answer', async () => {
      await cache.evict('Dune');
      await cache.getOrLoad('Dune', () => 'new');
      cache.apply({ keys: ['Dune'] }, { own: true, seq: 1 });
      expect(cache.hitNow('Dune')).not.to.equal(undefined);
      cache.apply({ keys: ['Dune'] }, { own: false, seq: 2 });
      expect(cache.hitNow('Dune')).to.equal(undefined);
    });
  });
});
