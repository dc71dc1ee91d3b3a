import { expect } from 'chai';
import { CacheCounters, TimingObservers } from '../../lib/event/index.js';

describe(CacheCounters.name, () => {
  it('begins with zeros, and gives snapshots that do not follow it', () => {
    const counters = new CacheCounters();
    const first = counters.snapshot({ localSize: 3 });
    counters.loads += 2;
    counters.applied(5);
    const { localSize, breaker, lastLagMs, p99LagMs, lags, loadTimes, ...counts } = first;
    expect([localSize, breaker, lastLagMs, p99LagMs, lags.count, loadTimes.count]).to.deep.equal([3, 'closed', undefined, undefined, 0, 0]);
    expect(Object.values(counts).filter((count) => count !== 0)).to.deep.equal([]);
    expect([first.loads, counters.snapshot({ localSize: 3 }).loads, Object.isFrozen(first)]).to.deep.equal([0, 2, true]);
  });

  it('shows how things stand beside the counters', () => {
    const state = { localSize: 1, bypassTimeMs: 2, pendingEvictions: 3, breaker: 'open' } as const;
    expect(new CacheCounters().snapshot(state)).to.deep.include(state);
  });

  it('counts messages, and keeps the lags that are known', () => {
    const counters = new CacheCounters();
    for (let lag = 1; lag <= 100; lag += 1) counters.applied(lag);
    counters.applied(undefined);
    const { lags, ...counts } = counters.snapshot({ localSize: 0 });
    expect(counts).to.deep.include({ messagesApplied: 101, lastLagMs: 100, p99LagMs: 99 });
    expect([lags.count, lags.sumMs]).to.deep.equal([100, 5_050]);
    // Up to 0.5, 1, 2.5, 5, 10, 25, 50 and 100 ms.
    expect(lags.counts).to.deep.equal([0, 1, 1, 3, 5, 15, 25, 50, 0, 0, 0, 0, 0, 0]);
  });

  it('is zero again after a reset', () => {
    const counters = new CacheCounters();
    const zero = counters.snapshot({ localSize: 0 });
    const names = Object.keys(counters) as Exclude<keyof CacheCounters, 'snapshot' | 'reset' | 'applied' | 'loaded'>[];
    for (const name of names) counters[name] = 7;
    counters.applied(7);
    counters.loaded(1);
    expect(Object.values({ ...counters }).every((count) => count === 7 || count === 8)).to.equal(true);
    counters.reset();
    expect(counters.snapshot({ localSize: 0 })).to.deep.equal(zero);
  });

  it('counts loads by the time that they took', () => {
    const counters = new CacheCounters();
    for (const ms of [1, 3, 3, 20_000]) counters.loaded(ms);
    const { loadTimeMs, loadTimes } = counters.snapshot({ localSize: 0 });
    expect([loadTimeMs, loadTimes.sumMs, loadTimes.count]).to.deep.equal([20_007, 20_007, 4]);
    expect(loadTimes.counts).to.deep.equal([1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });

  it('tells times to those who want to know them, as they happen', () => {
    const timings = new TimingObservers();
    const counters = new CacheCounters({ cache: 'book', timings });
    const told: unknown[] = [];
    const observer = { loaded: (...of: unknown[]) => void told.push(of), applied: (...of: unknown[]) => void told.push(of) };
    counters.loaded(1);
    const ends = [timings.add(observer), timings.add({ ...observer })];
    counters.loaded(2);
    counters.applied(3);
    counters.applied(undefined);
    expect(told).to.deep.equal([['book', 2], ['book', 2], ['book', 3], ['book', 3]]); // prettier-ignore
    ends[0]!();
    counters.reset();
    counters.loaded(4);
    expect(told.length, 'after one has ended, and a reset').to.equal(5);
  });
});
