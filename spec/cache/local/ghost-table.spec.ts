import { expect } from 'chai';
import fc from 'fast-check';
import { GhostTable } from '../../../lib/cache/local/ghost-table.js';

describe(GhostTable.name, () => {
  it('tells how long ago the moment was, once', () => {
    const ghosts = new GhostTable(100, 1);
    ghosts.remember('Dune', 3);
    ghosts.remember('Emma', 5);
    expect(ghosts.recall('Dune', 10)).to.equal(7);
    expect(ghosts.recall('Dune', 10)).to.equal(undefined);
    expect(ghosts.recall('Emma', 10)).to.equal(5);
    expect(ghosts.recall('Ulysses', 10)).to.equal(undefined);
  });

  it('knows nobody at first, the empty key included', () => {
    const ghosts = new GhostTable(16, 1);
    expect(['', 'a', '0'].map((key) => ghosts.recall(key, 5))).to.deep.equal([undefined, undefined, undefined]);
    ghosts.remember('', 4);
    expect(ghosts.recall('', 5)).to.equal(1);
  });

  it('remembers the last moment of a key that left twice', () => {
    const ghosts = new GhostTable(100, 1);
    ghosts.remember('Dune', 3);
    ghosts.remember('Dune', 8);
    expect(ghosts.recall('Dune', 10)).to.equal(2);
  });

  it('never takes a ghost for younger than it is, nor for older by two units', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1_000, noNaN: true }),
        fc.double({ min: -1_000, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 200, noNaN: true }),
        (unit, moment, units) => {
          const ghosts = new GhostTable(10, unit);
          ghosts.remember('Dune', moment);
          const age = ghosts.recall('Dune', moment + units * unit) as number;
          expect(age).to.be.within(units * unit - 1e-3, (units + 2) * unit + 1e-3);
        },
      ),
    );
  });

  it('remembers about as many keys as it was made for, and the latest of them', () => {
    const ghosts = new GhostTable(1_000, 1_000);
    for (let i = 0; i < 10_000; i += 1) ghosts.remember(`book ${i}`, i);
    const remembered = (from: number, to: number): number => {
      let count = 0;
      for (let i = from; i < to; i += 1) if (ghosts.recall(`book ${i}`, 10_000) !== undefined) count += 1;
      return count;
    };
    expect(remembered(0, 8_000), 'long ago').to.be.lessThan(100);
    expect(remembered(9_800, 10_000), 'just now').to.be.greaterThan(180);
    expect(remembered(8_000, 9_800), 'the others').to.be.within(450, 850);
  });

  it('forgets no circle of keys for ever, however they share its buckets', () => {
    for (const size of [1, 2, 8, 9]) {
      const ghosts = new GhostTable(size, 1);
      const known = new Set<string>();
      for (let i = 0; i < 1_000; i += 1) {
        const key = `book ${i % (size + 1)}`;
        if (ghosts.recall(key, i) !== undefined) known.add(key);
        ghosts.remember(key, i);
      }
      expect(known.size, `${size} places`).to.equal(size === 1 ? 0 : size + 1);
    }
  });

  it('takes few strangers for ghosts', () => {
    const ghosts = new GhostTable(10_000, 1);
    for (let i = 0; i < 20_000; i += 1) ghosts.remember(`book ${i}`, 0);
    let mistaken = 0;
    for (let i = 0; i < 100_000; i += 1) if (ghosts.recall(`stranger ${i}`, 0) !== undefined) mistaken += 1;
    expect(mistaken).to.be.lessThan(40);
  });

  it('holds no more than a handful when it is made for one', () => {
    const ghosts = new GhostTable(0.25, 1);
    for (const key of ['a', 'b', 'c']) ghosts.remember(key, 0);
    expect(['a', 'b', 'c'].filter((key) => ghosts.recall(key, 0) !== undefined)).to.deep.equal(['c']);
  });
});
