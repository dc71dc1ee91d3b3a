import { expect } from 'chai';
import { BypassTime } from '../../../lib/cache/local/bypass-time.js';

describe(BypassTime.name, () => {
  it('grows while nothing may be served, and stands while the lease holds', () => {
    const time = new BypassTime();
    time.account(140, -Infinity); // The first lease is granted, up to 200.
    expect([time.total(150, 200), time.total(200, 200), time.total(205, 200)]).to.deep.equal([0, 0, 5]);
    time.account(190, 200); // It is renewed in time.
    expect(time.total(250, 290)).to.equal(0);
    time.account(300, 290); // And too late.
    expect(time.total(310, 400)).to.equal(10);
    time.account(320, 400); // It is taken away.
    expect(time.total(350, -Infinity)).to.equal(40);
  });

  it('does not count the start: before the first lease there is nothing to be served', () => {
    const time = new BypassTime();
    expect(time.total(1e9, -Infinity)).to.equal(0);
    time.account(100, -Infinity); // The subscription is lost before there was a lease.
    time.reset(120, -Infinity);
    expect(time.total(1e9, -Infinity)).to.equal(0);
    time.account(140, -Infinity); // The first lease, up to 200.
    expect(time.total(230, 200)).to.equal(30);
  });

  it('never grows for a tier that is always served', () => {
    const time = new BypassTime();
    time.account(100, Infinity);
    expect(time.total(1e9, Infinity)).to.equal(0);
  });

  it('begins again at zero, in the middle of a bypass too', () => {
    const time = new BypassTime();
    time.account(100, 50);
    time.reset(150, -Infinity);
    expect(time.total(160, -Infinity)).to.equal(10);
  });
});
