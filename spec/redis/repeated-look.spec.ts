import { expect } from 'chai';
import sinon from 'sinon';
import { RepeatedLook } from '../../lib/redis/repeated-look.js';

describe(RepeatedLook.name, () => {
  let timers: sinon.SinonFakeTimers;
  let repeated: RepeatedLook;
  let looks: { readonly end: () => void; readonly fail: (error: unknown) => void }[];
  let failures: unknown[];

  beforeEach(() => {
    timers = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    looks = [];
    failures = [];
    repeated = new RepeatedLook();
    const look = (): Promise<void> => new Promise((end, fail) => looks.push({ end, fail }));
    repeated.start(100, look, (attempt, error) => void failures.push([attempt, error]));
  });

  afterEach(() => timers.restore());

  it('looks a while after the look before has ended, and not before', async () => {
    await timers.tickAsync(99);
    expect(looks).to.have.length(0);
    await timers.tickAsync(1_000);
    expect(looks, 'the first takes its time').to.have.length(1);
    looks[0]!.end();
    await timers.tickAsync(99);
    expect(looks).to.have.length(1);
    await timers.tickAsync(1);
    expect(looks).to.have.length(2);
  });

  it('tells how often in a row it failed, and goes on', async () => {
    for (const [i, outcome] of ['fail', 'fail', 'end', 'fail'].entries()) {
      await timers.tickAsync(100);
      looks[i]![outcome as 'end' | 'fail'](outcome);
    }
    await timers.tickAsync(0);
    expect(failures).to.deep.equal([
      [1, 'fail'],
      [2, 'fail'],
      [1, 'fail'],
    ]);
  });

  it('ends for good between two looks', async () => {
    repeated.stop();
    expect(repeated.isStopped).to.equal(true);
    await timers.tickAsync(1_000);
    expect([looks, timers.countTimers()]).to.deep.equal([[], 0]);
  });

  it('ends for good during a look, whose failure is told to nobody', async () => {
    await timers.tickAsync(100);
    repeated.stop();
    looks[0]!.fail(new Error('closed'));
    await timers.tickAsync(1_000);
    expect([looks.length, failures, timers.countTimers()]).to.deep.equal([1, [], 0]);
  });
});
