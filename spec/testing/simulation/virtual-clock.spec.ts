import { expect } from 'chai';
import { VirtualClock } from '../../../lib/testing/index.js';

describe(VirtualClock.name, () => {
  let clock: VirtualClock;
  let rung: string[];

  const ring = (name: string) => (): void => void rung.push(`${name} at ${clock.now()}`);

  beforeEach(() => {
    clock = new VirtualClock();
    rung = [];
  });

  it('stands still until it is moved, and its wall clock goes with it', () => {
    expect(clock.now()).to.equal(0);
    clock.advance(1_500);
    expect(clock.now()).to.equal(1_500);
    expect(new Date(clock.epochNow()).toISOString()).to.equal('2026-01-01T00:00:01.500Z');
  });

  it('rings each timer at its time, those of one time in the order in which they were set', () => {
    clock.timers.after(20, ring('late'));
    clock.timers.after(10, ring('one'));
    clock.timers.after(10, ring('two'));
    clock.advance(30);
    expect(rung).to.deep.equal(['one at 10', 'two at 10', 'late at 20']);
  });

  it('rings what a timer sets, if it is due by then', () => {
    clock.timers.after(10, () => clock.timers.after(5, ring('second')));
    clock.advance(15);
    expect(rung).to.deep.equal(['second at 15']);
  });

  it('repeats, until it is cleared, and does not catch up after a jump', () => {
    const timer = clock.timers.every(10, ring('tick'));
    clock.advance(25);
    expect(rung).to.deep.equal(['tick at 10', 'tick at 20']);
    clock.jumpTo(95);
    clock.ringDue();
    clock.advance(5);
    expect(rung.slice(2)).to.deep.equal(['tick at 95', 'tick at 100']);
    clock.timers.clear(timer);
    clock.advance(100);
    expect(rung).to.have.length(4);
  });

  it('is awaited while a timer is set that counts', () => {
    expect(clock.isAwaited).to.equal(false);
    const timer = clock.timers.after(10, ring('it'));
    expect(clock.isAwaited).to.equal(true);
    timer.unref();
    expect(clock.isAwaited).to.equal(false);
    timer.ref();
    clock.advance(10);
    expect(clock.isAwaited).to.equal(false);
  });

  it('never goes back', () => {
    clock.advance(10);
    clock.jumpTo(5);
    expect(clock.now()).to.equal(10);
  });

  it('lets a method sleep, and refuses what is no duration', async () => {
    const slept = clock.sleep('2s').then(ring('awake'));
    clock.advance(1_999);
    await Promise.resolve();
    expect(rung).to.deep.equal([]);
    clock.advance(1);
    await slept;
    expect(rung).to.deep.equal(['awake at 2000']);
    let error: unknown;
    await clock.sleep('soon' as never).catch((cause: unknown) => (error = cause));
    expect(error).to.include({ code: 'CACHE_OPTION_INVALID' });
  });
});
