import { expect } from 'chai';
import sinon from 'sinon';
import { CallsUnderWay, type Eviction, type EvictionReceipt, hasTags, MAXIMUM_PENDING_KEYS } from '../../../lib/cache/index.js';
import { PendingEvictions } from '../../../lib/cache/two-tier/pending-evictions.js';
import { CacheEvictError, CacheStoppedError, RemoteCacheError } from '../../../lib/errors/index.js';
import { CacheEvents } from '../../../lib/event/index.js';
import { rejectionOf } from '../../contract/rejection.js';

const DEADLINE = 1_000;
const away = (): RemoteCacheError => new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');
const keysIn = (eviction: Eviction): readonly string[] | 'all' => {
  if (eviction === 'all') return eviction;
  return hasTags(eviction) ? eviction.tags.map((tag) => `#${tag}`) : eviction.keys;
};
const done: EvictionReceipt = { removed: 1, acknowledged: undefined };

describe(PendingEvictions.name, () => {
  let timers: sinon.SinonFakeTimers;
  let events: CacheEvents;
  let told: unknown[];
  let fenced: unknown[];
  let execute: sinon.SinonStub<[Eviction, boolean], Promise<EvictionReceipt>>;
  let pending: PendingEvictions;
  let calls: CallsUnderWay;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    events = new CacheEvents();
    [told, fenced] = [[], []];
    events.on('evictPending', ({ keys }) => void told.push({ pending: keys }));
    events.on('evictRecovered', ({ attempts }) => void told.push({ recovered: attempts }));
    events.on('error', ({ where, error }) => void told.push({ where, message: (error as Error).message }));
    execute = sinon.stub();
    execute.resolves(done);
    calls = new CallsUnderWay(DEADLINE);
    pending = new PendingEvictions({
      cache: 'book',
      clock: { now: () => performance.now() },
      events,
      deadlineMs: DEADLINE,
      execute,
      fence: (eviction) => void fenced.push(keysIn(eviction)),
      calls,
    });
  });

  afterEach(() => timers.restore());

  /** Submits to a server that is away, until the caller is told. */
  const failing = async (evicted: readonly string[] | 'all'): Promise<CacheEvictError> => {
    execute.rejects(away());
    let error: unknown;
    void rejectionOf(pending.submit(evicted === 'all' ? evicted : { keys: evicted }, false)).then((reason) => (error = reason));
    await timers.tickAsync(0);
    while (error === undefined) await timers.nextAsync();
    return error as CacheEvictError;
  };
  const sent = (): unknown[] => execute.args.map(([eviction]) => keysIn(eviction));

  describe('submit', () => {
    it('fences once the eviction is acknowledged, not before', async () => {
      let acknowledge!: (receipt: EvictionReceipt) => void;
      execute.returns(new Promise((resolve) => (acknowledge = resolve)));
      const submitted = pending.submit({ keys: ['Dune'] }, true);
      await timers.tickAsync(0);
      expect([fenced, execute.args]).to.deep.equal([[], [[{ keys: ['Dune'] }, true, undefined]]]);
      acknowledge(done);
      expect(await submitted).to.equal(done);
      expect([fenced, pending.size]).to.deep.equal([[['Dune']], 0]);
    });

    it('tries again while the caller may be kept waiting', async () => {
      execute.onCall(0).rejects(away());
      execute.onCall(1).rejects(away());
      const submitted = pending.submit({ keys: ['Dune'] }, false);
      await timers.tickAsync(DEADLINE);
      expect(await submitted).to.equal(done);
      expect([execute.callCount, fenced, told]).to.deep.equal([3, [['Dune']], []]);
    });

    it('tells the caller at the deadline, fences, and keeps the keys in doubt', async () => {
      const error = await failing(['Dune']);
      expect(error).to.be.instanceOf(CacheEvictError);
      expect([error.code, error.message]).to.deep.equal([
        'CACHE_EVICT_UNACKNOWLEDGED',
        "Redis did not acknowledge evicting key 'Dune' in cache 'book' within 630 ms. What the method did stands. The eviction is retried in the background; other instances may serve the old value until it succeeds.",
      ]);
      expect((error.cause as RemoteCacheError).code).to.equal('CACHE_REMOTE_TIMEOUT');
      expect([pending.size, pending.isDoubtful('Dune'), pending.isDoubtful('Emma')]).to.deep.equal([1, true, false]);
      expect([told, fenced]).to.deep.equal([[{ pending: ['Dune'] }], [['Dune']]]);
      expect(performance.now()).to.be.within(DEADLINE / 2, DEADLINE);
    });

    it('counts the keys of a list, and puts every key in doubt after a clear', async () => {
      expect((await failing(['a', 'b'])).message).to.match(/^Redis did not acknowledge evicting 2 keys in cache 'book' within 630 ms\. /);
      expect((await failing('all')).message).to.match(/^Redis did not acknowledge clearing in cache 'book' within 630 ms\. /);
      expect([pending.size, pending.isDoubtful('whatever')]).to.deep.equal([Infinity, true]);
    });

    it('does not repeat what failed otherwise than remotely', async () => {
      const bug = new TypeError('bug');
      execute.rejects(bug);
      const error = (await rejectionOf(pending.submit({ keys: ['Dune'] }, false))) as CacheEvictError;
      expect([error.cause, execute.callCount, pending.isDoubtful('Dune')]).to.deep.equal([bug, 1, true]);
    });
  });

  describe('in the background', () => {
    it('repeats the eviction until it is acknowledged, then fences and tells', async () => {
      await failing(['Dune']);
      const before = execute.callCount;
      await timers.tickAsync(5_000);
      const tries = execute.callCount - before;
      expect(tries).to.be.within(8, 20); // 10, 20, 40 … ms apart, at most 500.
      expect(pending.isDoubtful('Dune')).to.equal(true);
      execute.resolves(done);
      await timers.tickAsync(500);
      expect([pending.size, pending.isDoubtful('Dune'), fenced]).to.deep.equal([0, false, [['Dune'], ['Dune']]]);
      expect(told).to.deep.equal([{ pending: ['Dune'] }, { recovered: tries + 1 }]);
      expect(timers.countTimers()).to.equal(0);
    });

    it('sends all keys in doubt at once', async () => {
      await failing(['a']);
      await failing(['b', 'c']);
      execute.resetHistory();
      execute.resolves(done);
      await timers.tickAsync(500);
      expect(sent()).to.deep.equal([['a', 'b', 'c']]);
    });

    it('keeps a key in doubt that is evicted again while the repetition of the first is under way', async () => {
      await failing(['a', 'b']);
      let acknowledge!: (receipt: EvictionReceipt) => void;
      execute.onCall(execute.callCount).returns(new Promise((resolve) => (acknowledge = resolve)));
      await timers.tickAsync(500);
      await failing(['a']);
      acknowledge(done);
      await timers.tickAsync(0);
      expect([pending.isDoubtful('a'), pending.isDoubtful('b')]).to.deep.equal([true, false]);
      execute.resolves(done);
      await timers.tickAsync(500);
      expect(pending.size).to.equal(0);
    });

    it('keeps everything in doubt that is cleared while a repetition is under way', async () => {
      await failing('all');
      let acknowledge!: (receipt: EvictionReceipt) => void;
      execute.onCall(execute.callCount).returns(new Promise((resolve) => (acknowledge = resolve)));
      await timers.tickAsync(500);
      await failing(['a']);
      acknowledge(done);
      await timers.tickAsync(0);
      expect(pending.isDoubtful('a')).to.equal(true);
    });

    it(`clears the whole cache rather than remember more than ${MAXIMUM_PENDING_KEYS} keys`, async () => {
      await failing(Array.from({ length: MAXIMUM_PENDING_KEYS }, (_, i) => `${i}`));
      expect([pending.size, pending.isDoubtful('x')]).to.deep.equal([MAXIMUM_PENDING_KEYS, false]);
      await failing(['one more']);
      expect([pending.size, pending.isDoubtful('x')]).to.deep.equal([Infinity, true]);
      execute.resetHistory();
      execute.resolves(done);
      await timers.tickAsync(500);
      expect([sent(), fenced.at(-1), pending.size]).to.deep.equal([['all'], 'all', 0]);
    });
  });

  describe('retryNow', () => {
    it('does not wait for the next attempt to be due', async () => {
      await failing(['Dune']);
      execute.resolves(done);
      pending.retryNow();
      await timers.tickAsync(0);
      expect([pending.size, told.at(-1), timers.countTimers()]).to.deep.equal([0, { recovered: 1 }, 0]);
    });

    it('does nothing when nothing is pending, and never twice at once', async () => {
      pending.retryNow();
      expect(execute.callCount).to.equal(0);
      await failing(['Dune']);
      execute.resetHistory();
      execute.returns(new Promise(() => undefined));
      pending.retryNow();
      pending.retryNow();
      await timers.tickAsync(5_000);
      expect(execute.callCount).to.equal(1);
    });
  });

  describe('stop', () => {
    it('tries once more, and says nothing if that works', async () => {
      await failing(['Dune']);
      execute.resetHistory();
      execute.resolves(done);
      await pending.stop();
      await pending.stop();
      expect([sent(), told, timers.countTimers()]).to.deep.equal([[['Dune']], [{ pending: ['Dune'] }], 0]);
    });

    it('tells which evictions are lost', async () => {
      await failing(['Dune', 'Emma']);
      await pending.stop();
      expect(told.at(-1)).to.deep.equal({
        where: 'pending evictions',
        message:
          "Cache 'book' was stopped while 2 evictions were not acknowledged. Old values may be served until their time to live ends: 'Dune', 'Emma'.",
      });
      await timers.tickAsync(5_000);
      expect(timers.countTimers()).to.equal(0);
    });

    it('tells that a clear is lost', async () => {
      await failing('all');
      await pending.stop();
      expect(told.at(-1)).to.deep.equal({
        where: 'pending evictions',
        message:
          "Cache 'book' was stopped while clearing it was not acknowledged. Old values may be served until their time to live ends: all keys.",
      });
    });

    it('is not said to be tried again in the background once a shutdown has begun, and is tried once more', async () => {
      void calls.close();
      const error = await failing(['Dune']);
      expect([error.code, pending.size]).to.deep.equal(['CACHE_STOPPED', 1]);
      expect(error.message).to.match(/^Cache 'book' was stopped: Redis has not acknowledged evicting key 'Dune'\. It is not tried again: /);
      execute.resetHistory();
      execute.resolves(done);
      await pending.stop();
      expect(sent()).to.deep.equal([['Dune']]);
    });

    it('ends the waiting for acknowledgements, which says nothing of them', async () => {
      let acknowledge!: () => void;
      const acknowledged = new Promise<void>((resolve) => (acknowledge = resolve));
      await pending.acknowledged({ removed: 1, acknowledged: Promise.resolve() });
      await pending.acknowledged(done);
      const error = rejectionOf(pending.acknowledged({ removed: 1, acknowledged }));
      await pending.stop();
      acknowledge();
      expect(((await error) as Error).message).to.match(
        /^Cache 'book' was stopped: an eviction was executed, and not acknowledged by all instances\. /,
      );
    });

    it('does not keep callers waiting who come later', async () => {
      await pending.stop();
      execute.rejects(away());
      const error = await rejectionOf(pending.submit({ keys: ['Dune'] }, false));
      expect(error).to.be.instanceOf(CacheStoppedError);
      expect((error as Error).message).to.match(
        /^Cache 'book' was stopped: Redis has not acknowledged evicting key 'Dune'\. It is not tried again: /,
      );
      expect([execute.callCount, timers.countTimers(), told]).to.deep.equal([1, 0, []]);
    });
  });
});
