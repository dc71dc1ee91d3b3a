import { expect } from 'chai';
import fc from 'fast-check';
import { LAG_WINDOW, LagWindow } from '../../lib/event/index.js';

describe(LagWindow.name, () => {
  it('has nothing to tell before the first', () => {
    const lags = new LagWindow();
    expect([lags.last, lags.quantile(0.99)]).to.deep.equal([undefined, undefined]);
  });

  it('tells the last, and the nearest rank of the newest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 2 * LAG_WINDOW }), fc.constantFrom(0, 0.5, 0.99, 1), (all, share) => {
        const lags = new LagWindow();
        for (const lag of all) lags.add(lag);
        const newest = all.slice(-LAG_WINDOW).sort((a, b) => a - b);
        expect(lags.last).to.equal(all.at(-1));
        const quantile = lags.quantile(share) as number;
        expect(newest.filter((lag) => lag <= quantile).length, 'that many are no longer').to.be.at.least(share * newest.length);
        expect(newest.filter((lag) => lag < quantile).length, 'and fewer are shorter').to.be.at.most(share * newest.length);
        expect(newest).to.include(quantile);
      }),
    );
  });

  it('begins anew when it is cleared', () => {
    const lags = new LagWindow();
    lags.add(9);
    lags.clear();
    expect([lags.last, lags.quantile(0.5)]).to.deep.equal([undefined, undefined]);
    lags.add(1);
    expect([lags.last, lags.quantile(1)]).to.deep.equal([1, 1]);
  });
});
