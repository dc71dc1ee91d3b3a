import { expect } from 'chai';
import sinon from 'sinon';
import { withDeadline } from '../../lib/time/index.js';
import { rejectionOf } from '../contract/rejection.js';

describe(withDeadline.name, () => {
  const tooLate = new Error('too late');
  let timers: sinon.SinonFakeTimers;

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => timers.restore());

  const within = <T>(promise: Promise<T>): Promise<T> => withDeadline(promise, 100, () => tooLate);

  it('is what settles before it, and leaves no timer behind', async () => {
    const failure = new Error('no');
    expect(await within(Promise.resolve(1))).to.equal(1);
    expect(await rejectionOf(within(Promise.reject(failure)))).to.equal(failure);
    expect(timers.countTimers()).to.equal(0);
  });

  it('is a rejection with what it is given to say, after the time and not before', async () => {
    const rejected = rejectionOf(within(new Promise(() => undefined)));
    timers.tick(99);
    expect(timers.countTimers()).to.equal(1);
    timers.tick(1);
    expect(await rejected).to.equal(tooLate);
  });

  it('hears a failure that comes too late, and keeps it to itself', async () => {
    let fail!: (error: Error) => void;
    const rejected = rejectionOf(within(new Promise((_resolve, reject) => (fail = reject))));
    timers.tick(100);
    fail(new Error('later still'));
    expect(await rejected).to.equal(tooLate);
  });
});
