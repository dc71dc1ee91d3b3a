import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import { FakeClock } from './fake-clock.js';
import { waitFor } from './wait.js';

describe(waitFor.name, () => {
  it('resolves as soon as the fact holds', async () => {
    let asked = 0;
    await waitFor(() => (asked += 1) === 3, { what: 'the third question', everyMs: 0 });
    expect(asked).to.equal(3);
  });

  it('names the fact, and keeps what it threw, when it gives up', async () => {
    const boom = new Error('boom');
    const error = await waitFor(() => Promise.reject(boom), { what: 'a wonder', timeoutMs: 0 }).catch((thrown: unknown) => thrown as Error);
    expect(error).to.be.instanceOf(Error);
    expect((error as Error).message).to.equal('Waited 0 ms in vain for a wonder.');
    expect((error as Error).cause).to.equal(boom);
  });

  it('goes on while fake timers are installed', async () => {
    const timers = useFakeTimers();
    try {
      let asked = 0;
      await waitFor(() => (asked += 1) === 3, { what: 'the third question' });
    } finally {
      timers.restore();
    }
  });
});

describe(FakeClock.name, () => {
  it('moves only by hand, and never backwards', () => {
    const clock = new FakeClock();
    clock.advance(0.5);
    expect(clock.now()).to.equal(1_000.5);
    expect(() => clock.advance(-1)).to.throw(RangeError, 'A clock advances by zero or more milliseconds, got -1.');
    expect(clock.now()).to.equal(1_000.5);
  });
});
