import { expect } from 'chai';
import sinon from 'sinon';
import { CallsUnderWay } from '../../lib/cache/index.js';
import { rejectionOf } from '../contract/rejection.js';

describe(CallsUnderWay.name, () => {
  const MOST_MS = 1_000;
  const refused = new Error('refused');
  let timers: sinon.SinonFakeTimers;
  let calls: CallsUnderWay;
  let isOver: boolean;

  const close = (): Promise<boolean> => calls.close().then(() => (isOver = true));

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    calls = new CallsUnderWay(MOST_MS);
    isOver = false;
  });

  afterEach(() => timers.restore());

  it('closes at once when nothing is under way', async () => {
    expect([calls.isClosing, calls.isClosed]).to.deep.equal([false, false]);
    const closing = close();
    expect([calls.isClosing, calls.isClosed, calls.begin(), timers.countTimers()]).to.deep.equal([true, true, false, 0]);
    await closing;
  });

  it('waits for all that are under way, and for those they begin', async () => {
    expect([calls.begin(), calls.begin()]).to.deep.equal([true, true]);
    const closing = close();
    calls.end();
    expect([calls.isClosing, calls.isClosed, calls.begin()]).to.deep.equal([true, false, true]);
    calls.end();
    await timers.tickAsync(MOST_MS - 1);
    expect(isOver).to.equal(false);
    calls.end();
    expect([calls.isClosed, calls.begin()]).to.deep.equal([true, false]);
    await closing;
    expect(timers.countTimers()).to.equal(0);
  });

  it('waits no longer than it may, and once', async () => {
    calls.begin();
    void close();
    await timers.tickAsync(MOST_MS - 1);
    void calls.close();
    expect([isOver, calls.isClosed]).to.deep.equal([false, false]);
    await timers.tickAsync(1);
    expect([isOver, calls.isClosed, calls.begin()]).to.deep.equal([true, true, false]);
    calls.end(); // Late, and of no account.
    await calls.close();
  });

  it('runs a write while it is let in, and refuses it after', async () => {
    const failure = new Error('of the write');
    const refusal = sinon.fake.returns(refused);
    expect(await calls.run(async () => 'done', refusal)).to.equal('done');
    expect(await rejectionOf(calls.run(() => Promise.reject(failure), refusal))).to.equal(failure);
    expect(refusal.called).to.equal(false);
    await close();
    const write = sinon.fake.resolves('done');
    expect(await rejectionOf(calls.run(write, refusal))).to.equal(refused);
    expect(write.called).to.equal(false);
  });
});
