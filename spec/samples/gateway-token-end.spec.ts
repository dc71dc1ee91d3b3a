import { expect } from 'chai';
import { TokenEnd } from '../../samples/gateway/token-end.js';

/** The end of a token that ends at 1000, as these requests saw it. */
const endOf = (...uses: readonly (readonly [atMs: number, status: number])[]): TokenEnd => {
  const end = new TokenEnd(1_000);
  for (const [atMs, status] of uses) end.note({ atMs, status });
  return end;
};

describe(TokenEnd.name, () => {
  it('tells the last request that was accepted apart from the first that was refused', () => {
    const end = endOf([0, 200], [990, 200], [1_012, 401]);
    expect([end.isKept, end.told]).to.deep.equal([
      true,
      'accepted 2 times, at last 10.0 ms before its end; answered 401 12.0 ms after its end',
    ]);
  });

  it('says so when the token outlived itself', () => {
    const end = endOf([990, 200], [1_000, 200], [1_300, 401]);
    expect([end.isKept, end.told]).to.deep.equal([
      false,
      'accepted 2 times, at last 0.0 ms after its end; answered 401 300.0 ms after its end',
    ]);
  });

  it('says so when it was never refused, or never accepted', () => {
    expect(endOf([990, 200], [6_000, 200]).told).to.equal('accepted 2 times, at last 5000.0 ms after its end; never refused');
    const unknown = endOf([10, 401]);
    expect([unknown.isKept, unknown.told]).to.deep.equal([false, 'never accepted; answered 401 990.0 ms before its end']);
  });
});
