import { expect } from 'chai';
import { CacheCounters } from '../../lib/event/index.js';

describe(CacheCounters.name, () => {
  it('begins with zeros, and gives snapshots that do not follow it', () => {
    const counters = new CacheCounters();
    const first = counters.snapshot(3);
    counters.loads += 2;
    expect(Object.values(first).filter((count) => count !== 0)).to.deep.equal([3]);
    expect([first.localSize, first.loads, counters.snapshot(3).loads, Object.isFrozen(first)]).to.deep.equal([3, 0, 2, true]);
  });

  it('is zero again after a reset', () => {
    const counters = new CacheCounters();
    const zero = counters.snapshot(0);
    for (const name of Object.keys(counters) as (keyof CacheCounters)[]) if (name !== 'snapshot' && name !== 'reset') counters[name] = 7;
    expect(Object.values(counters.snapshot(7)).every((count) => count === 7)).to.equal(true);
    counters.reset();
    expect(counters.snapshot(0)).to.deep.equal(zero);
  });
});
