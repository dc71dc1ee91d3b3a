import { expect } from 'chai';
import { HistogramCounter, LAG_BOUNDS_MS, LOAD_BOUNDS_MS } from '../../lib/event/histogram.js';

describe(HistogramCounter.name, () => {
  it('counts each value in one range, whose end belongs to it', () => {
    const counter = new HistogramCounter([1, 10, 100]);
    for (const ms of [0, 0.5, 1, 1.5, 10, 10.01, 100, 100.5, 1e9]) counter.add(ms);
    expect(counter.snapshot()).to.deep.equal({ boundsMs: [1, 10, 100], counts: [3, 2, 2, 2], count: 9, sumMs: 1e9 + 224.01 - 0.5 });
  });

  it('gives snapshots that do not follow it, and begins again at zero', () => {
    const counter = new HistogramCounter([1]);
    const before = counter.snapshot();
    counter.add(2);
    expect([before.counts, counter.snapshot().counts]).to.deep.equal([[0, 0], [0, 1]]); // prettier-ignore
    counter.clear();
    expect(counter.snapshot()).to.deep.equal(before);
    expect([before, before.counts].every((each) => Object.isFrozen(each))).to.equal(true);
  });

  it('has ranges that ascend', () => {
    for (const bounds of [LAG_BOUNDS_MS, LOAD_BOUNDS_MS]) {
      expect([...bounds].sort((a, b) => a - b)).to.deep.equal(bounds);
      expect(new Set(bounds).size).to.equal(bounds.length);
    }
  });
});
