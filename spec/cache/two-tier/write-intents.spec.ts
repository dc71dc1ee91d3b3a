import { expect } from 'chai';
import sinon from 'sinon';
import { CallsUnderWay, type Eviction, type IntentChange } from '../../../lib/cache/index.js';
import { WriteIntents } from '../../../lib/cache/two-tier/write-intents.js';
import { CacheConfigurationError, CacheEvictError, CacheStoppedError, RemoteCacheError } from '../../../lib/errors/index.js';
import { CacheEvents } from '../../../lib/event/index.js';
import { rejectionOf } from '../../contract/rejection.js';
import { gate } from '../../support/promises.js';

const LEASE = 4_000;
/** Four renewals in each lease, and an intent holds for one of them longer. */
const RENEWAL = 1_000;
const LENGTH = LEASE + RENEWAL;
const away = (): RemoteCacheError => new RemoteCacheError('CACHE_REMOTE_TIMEOUT', 'Redis did not answer.');
const DUNE: Eviction = { keys: ['Dune'] };

describe(WriteIntents.name, () => {
  let timers: sinon.SinonFakeTimers;
  let calls: CallsUnderWay;
  let lapsed: unknown[];
  let set: sinon.SinonStub<[Eviction, IntentChange], Promise<unknown>>;
  let renewIntent: sinon.SinonStub<[Eviction, IntentChange], Promise<boolean>>;
  let end: sinon.SinonStub<[Eviction, IntentChange | undefined, object], Promise<void>>;
  let intents: WriteIntents;
  let waitedMs: number;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    calls = new CallsUnderWay(LEASE);
    const events = new CacheEvents();
    lapsed = [];
    events.on('intentLapsed', (event) => void lapsed.push(event));
    set = sinon.stub();
    set.resolves();
    renewIntent = sinon.stub();
    renewIntent.resolves(true);
    end = sinon.stub();
    end.resolves();
    waitedMs = 0;
    const clock = { now: () => waitedMs };
    const limits = { clock, deadlineMs: 1_000, intentLeaseMs: LEASE };
    intents = new WriteIntents({ cache: 'book', remote: { renewIntent }, events, ...limits, calls, set, end });
  });

  afterEach(() => timers.restore());

  const tokens = (): Set<string> => new Set([...set.args, ...renewIntent.args, ...end.args].flatMap(([, intent]) => intent?.token ?? []));

  it('sets an intent that holds for one renewal longer than the lease, and ends it with the same token', async () => {
    const intent = await intents.begin(DUNE);
    expect(set.args.map(([eviction, { until }]) => [eviction, until])).to.deep.equal([[DUNE, LENGTH]]);
    expect(intents.size).to.equal(1);
    await intent.end({ acks: 'all' });
    expect(end.args.map(([eviction, intent, options]) => [eviction, intent?.until, options])).to.deep.equal([
      [DUNE, 'end', { acks: 'all' }],
    ]);
    expect([tokens().size, intents.size]).to.deep.equal([1, 0]);
  });

  it('gives writes of different keys tokens of their own', async () => {
    await Promise.all([intents.begin(DUNE), intents.begin({ keys: ['Emma'] }), intents.begin('all')]);
    expect([tokens().size, intents.size]).to.deep.equal([3, 3]);
  });

  it('shares the intent of a key among writes that overlap: the first sets it, and the last ends it', async () => {
    const { promise, open } = gate();
    set.onFirstCall().returns(promise);
    const first = intents.begin(DUNE);
    let hasBegun = false;
    const second = intents.begin({ keys: ['Emma', 'Dune'] }).then((intent) => ((hasBegun = true), intent));
    await timers.tickAsync(0);
    expect([set.args.map(([eviction]) => eviction), hasBegun]).to.deep.equal([[DUNE, { keys: ['Emma'] }], false]);
    open();
    await (await first).end();
    expect(
      end.args.map(([eviction, intent]) => [eviction, intent]),
      'the intent stays',
    ).to.deep.equal([[DUNE, undefined]]);
    expect(intents.size).to.equal(2);
    await (await second).end();
    const [, ...last] = end.args.map(([eviction, intent]) => [eviction, intent?.until]);
    expect(last).to.deep.equal([
      [{ keys: ['Emma'] }, 'end'],
      [DUNE, 'end'],
    ]);
    expect([tokens().size, intents.size, timers.countTimers()]).to.deep.equal([2, 0, 0]);
    await (await intents.begin(DUNE)).end();
    expect(tokens().size, 'a later write has another').to.equal(3);
  });

  it('sets an intent anew for a write that joins, if it may have ended while the process stood still', async () => {
    const first = await intents.begin(DUNE);
    waitedMs = LENGTH - 1; // The clock goes on, and no timer has had its turn.
    const second = await intents.begin(DUNE);
    expect(renewIntent.callCount).to.equal(0);
    waitedMs = LENGTH;
    renewIntent.resolves(false);
    const third = await intents.begin(DUNE);
    expect([renewIntent.callCount, set.callCount, lapsed.length]).to.deep.equal([1, 2, 1]);
    const fourth = await intents.begin(DUNE);
    expect([renewIntent.callCount, set.callCount]).to.deep.equal([1, 2]);
    for (const intent of [first, second, third, fourth]) await intent.end();
    expect([end.callCount, intents.size, timers.countTimers()]).to.deep.equal([4, 0, 0]);
  });

  it('renews only what is still being written', async () => {
    const both = await intents.begin({ keys: ['Dune', 'Emma'] });
    const again = await intents.begin(DUNE);
    await both.end();
    renewIntent.resolves(false);
    await timers.tickAsync(RENEWAL);
    expect([renewIntent.args.map(([eviction]) => eviction), set.lastCall.args[0]]).to.deep.equal([[DUNE], DUNE]);
    await again.end();
    expect([intents.size, timers.countTimers()]).to.deep.equal([0, 0]);
  });

  it('renews it for as long as the write lasts, and not any longer', async () => {
    const intent = await intents.begin(DUNE);
    await timers.tickAsync(10 * RENEWAL + 1);
    expect(renewIntent.args.map(([eviction, { until }]) => [eviction, until])).to.deep.equal(Array(10).fill([DUNE, LENGTH]));
    await intent.end();
    await timers.tickAsync(10 * RENEWAL);
    expect([renewIntent.callCount, timers.countTimers(), lapsed]).to.deep.equal([10, 0, []]);
  });

  it('renews more keys than one step takes in parts', async () => {
    const keys = Array.from({ length: 2_500 }, (_, i) => `Book ${i}`);
    await intents.begin({ keys });
    await timers.tickAsync(RENEWAL);
    expect(renewIntent.args.map(([eviction]) => (eviction as { keys: string[] }).keys.length)).to.deep.equal([1_000, 1_000, 500]);
  });

  it('evicts once more, and tells, when an intent had ended', async () => {
    renewIntent.onSecondCall().resolves(false);
    await intents.begin(DUNE);
    await timers.tickAsync(3 * RENEWAL);
    expect(set.args.map(([eviction, { until }]) => [eviction, until])).to.deep.equal(Array(2).fill([DUNE, LENGTH]));
    expect([lapsed, tokens().size, renewIntent.callCount]).to.deep.equal([[{ cache: 'book', keys: ['Dune'] }], 1, 3]);
  });

  it('goes on renewing while Redis is away', async () => {
    renewIntent.onFirstCall().rejects(away());
    await intents.begin('all');
    await timers.tickAsync(2 * RENEWAL);
    expect([renewIntent.callCount, lapsed]).to.deep.equal([2, []]);
  });

  it('renews at once when Redis may have lost it', async () => {
    await intents.begin(DUNE);
    intents.renewNow();
    await timers.tickAsync(0);
    expect(renewIntent.callCount).to.equal(1);
    await timers.tickAsync(RENEWAL);
    expect(renewIntent.callCount, 'one series of renewals').to.equal(2);
  });

  it('renews at once when Redis answers again, and only what it could not renew before', async () => {
    await intents.begin(DUNE);
    intents.renewFailed();
    await timers.tickAsync(0);
    expect(renewIntent.callCount, 'all is well').to.equal(0);
    renewIntent.onFirstCall().rejects(away());
    await timers.tickAsync(RENEWAL);
    intents.renewFailed();
    await timers.tickAsync(0);
    intents.renewFailed();
    await timers.tickAsync(0);
    expect(renewIntent.callCount).to.equal(2);
  });

  it('takes off what its caller has waited for the intent in vain, but for half a deadline', async () => {
    for (const [waited, told] of [
      [300, 300],
      [1_000, 500],
    ] as const) {
      set.callsFake(() => {
        waitedMs += waited;
        return Promise.reject(new CacheEvictError('book', 'Redis did not acknowledge it.'));
      });
      await (await intents.begin(DUNE)).end({ acks: 'all' });
      expect(end.lastCall.args[2]).to.deep.equal({ acks: 'all', waitedMs: told });
    }
  });

  it('refuses wrong options, and can be ended with right ones', async () => {
    const intent = await intents.begin(DUNE);
    expect(await rejectionOf(intent.end({ acks: 'bogus' as 'all' }))).to.be.instanceOf(CacheConfigurationError);
    await intent.end();
    expect([end.callCount, intents.size]).to.deep.equal([1, 0]);
  });

  it('does not take an intent that is being set for one that has ended', async () => {
    const { promise, open } = gate();
    set.onFirstCall().returns(promise);
    renewIntent.resolves(false);
    const begun = intents.begin(DUNE);
    intents.renewNow();
    open();
    await begun;
    expect([renewIntent.callCount, lapsed]).to.deep.equal([0, []]);
  });

  it('ends after the renewal under way, which could set the intent once more', async () => {
    const { promise, open } = gate<boolean>();
    renewIntent.onFirstCall().returns(promise);
    const intent = await intents.begin(DUNE);
    await timers.tickAsync(RENEWAL);
    const ended = intent.end();
    await timers.tickAsync(0);
    expect(end.callCount).to.equal(0);
    open(false);
    await ended;
    expect([set.callCount, end.callCount, lapsed]).to.deep.equal([1, 1, []]);
  });

  it('lets the write go on when Redis does not acknowledge the intent, and sets it as soon as it can', async () => {
    set.onFirstCall().rejects(new CacheEvictError('book', 'Redis did not acknowledge it.'));
    renewIntent.onFirstCall().resolves(false);
    await intents.begin(DUNE);
    await timers.tickAsync(RENEWAL);
    expect([set.callCount, intents.size, lapsed]).to.deep.equal([2, 1, []]);
    renewIntent.onSecondCall().resolves(false);
    await timers.tickAsync(RENEWAL);
    expect([set.callCount, lapsed.length], 'it was there').to.deep.equal([3, 1]);
  });

  it('rejects what is wrong with the call itself, and leaves nothing behind', async () => {
    const mistake = new TypeError('a mistake');
    set.onFirstCall().rejects(mistake);
    expect(await rejectionOf(intents.begin(DUNE))).to.equal(mistake);
    expect([intents.size, timers.countTimers()]).to.deep.equal([0, 0]);
    await calls.close();
  });

  it('tells the caller what became of the eviction at the end', async () => {
    const unacknowledged = new CacheEvictError('book', 'Redis did not acknowledge it.');
    end.onFirstCall().rejects(unacknowledged);
    const intent = await intents.begin(DUNE);
    expect(await rejectionOf(intent.end())).to.equal(unacknowledged);
    expect([intents.size, timers.countTimers()]).to.deep.equal([0, 0]);
  });

  it('ends once', async () => {
    const intent = await intents.begin(DUNE);
    await Promise.all([intent.end(), intent.end()]);
    expect(end.callCount).to.equal(1);
  });

  it('has a shutdown wait for the write', async () => {
    const intent = await intents.begin(DUNE);
    let isClosed = false;
    const closed = calls.close().then(() => (isClosed = true));
    await timers.tickAsync(LEASE / 2);
    expect(isClosed).to.equal(false);
    await intent.end();
    await closed;
    expect(end.callCount).to.equal(1);
  });

  it('tells at the end of a write that began after the shutdown, and sets nothing', async () => {
    await calls.close();
    const intent = await intents.begin(DUNE);
    expect(await rejectionOf(intent.end())).to.be.instanceOf(CacheStoppedError);
    intents.stop();
    expect(await rejectionOf((await intents.begin('all')).end())).to.be.instanceOf(CacheStoppedError);
    expect([set.callCount, end.callCount, intents.size]).to.deep.equal([0, 0, 0]);
  });

  it('renews nothing any more once it is stopped', async () => {
    await intents.begin(DUNE);
    intents.stop();
    await timers.tickAsync(3 * RENEWAL);
    expect([renewIntent.callCount, timers.countTimers()]).to.deep.equal([0, 0]);
  });
});
