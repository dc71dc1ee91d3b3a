import { expect } from 'chai';
import { CacheCounters } from '../../lib/event/index.js';

describe(CacheCounters.name, () => {
  it('begins with zeros, and gives snapshots that do not follow it', () => {
    const counters = new CacheCounters();
    const first = counters.snapshot({ localSize: 3 });
    counters.loads += 2;
    counters.applied(5);
    const { localSize, breaker, lastLagMs, p99LagMs, ...counts } = first;
    expect([localSize, breaker, lastLagMs, p99LagMs]).to.deep.equal([3, 'closed', undefined, undefined]);
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
    expect(counters.snapshot({ localSize: 0 })).to.deep.include({ messagesApplied: 101, lastLagMs: 100, p99LagMs: 99 });
  });

  it('is zero again after a reset', () => {
    const counters = new CacheCounters();
    const zero = counters.snapshot({ localSize: 0 });
    const names = Object.keys(counters) as Exclude<keyof CacheCounters, 'snapshot' | 'reset' | 'applied'>[];
    for (const name of names) counters[name] = 7;
    counters.applied(7);
    expect(Object.values({ ...counters }).every((count) => count === 7 || count === 8)).to.equal(true);
    counters.reset();
    expect(counters.snapshot({ localSize: 0 })).to.deep.equal(zero);
  });
});
