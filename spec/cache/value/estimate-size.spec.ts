import { expect } from 'chai';
import { ValueCodec } from '../../../lib/cache/index.js';
import { estimateSize } from '../../../lib/cache/value/estimate-size.js';

describe(estimateSize.name, () => {
  const codec = new ValueCodec();
  const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));

  const values: Readonly<Record<string, unknown>> = {
    null: null,
    'a number': 12.75,
    'a text': 'The spice must flow.',
    'a text of other letters': '모래 언덕'.repeat(20),
    'a record': { id: 7, title: 'Dune', isSold: true, price: 12.5, tags: ['a', 'b'] },
    'a record of records': { author: { name: 'Frank', born: 1920, books: list(20, (i) => ({ id: i, title: `Book ${i}` })) } },
    'a long list of numbers': list(100_000, (i) => i),
    'a long list of records': list(5_000, (i) => ({ id: i, title: `Title number ${i}`, price: i / 2 })),
    'a list of small and large ones': list(1_000, (i) => 'x'.repeat(i % 2 === 0 ? 5 : 500)),
    'a record of many fields': Object.fromEntries(list(3_000, (i) => [`field${i}`, i])),
    'a long text': 'x'.repeat(1_000_000),
    'a map': new Map(list(500, (i) => [`key ${i}`, { value: i }])),
    'a set': new Set(list(500, (i) => `member ${i}`)),
    'a large map': new Map(list(50_000, (i) => [i, 'x'])),
    'a date': new Date(1_700_000_000_000),
    bytes: new Uint8Array(10_000).fill(7),
    'a large number': 10n ** 3_000n,
    undefined: undefined,
    'a list in a list in a list': list(30, () => list(30, () => list(30, (i) => i))),
  };
  for (const [what, value] of Object.entries(values)) {
    it(`is right within a factor of two: ${what}`, () => {
      expect((estimateSize(value) ?? NaN) / Buffer.byteLength(codec.encode(value))).to.be.within(0.5, 2);
    });
  }

  it('looks at a bounded number of parts, however deep and wide a value is', () => {
    let looks = 0;
    const wide = (depth: number): unknown => {
      if (depth === 0) return 1;
      const fields = Object.fromEntries(list(50, (i) => [`f${i}`, undefined]));
      for (const name of Object.keys(fields)) {
        Object.defineProperty(fields, name, { enumerable: true, get: () => ((looks += 1), wide(depth - 1)) });
      }
      return fields;
    };
    expect(estimateSize(wide(8))).to.be.greaterThan(1_000);
    expect(looks).to.be.below(5_000);
    const cycle: Record<string, unknown> = { name: 'cycle' };
    cycle['self'] = cycle;
    expect(estimateSize(cycle)).to.be.within(10, 50_000);
  });

  it('gives a size to what cannot be encoded, and none to what throws', () => {
    for (const value of [() => 1, Symbol('x'), new WeakMap(), { close: () => undefined }]) expect(estimateSize(value)).to.be.greaterThan(0);
    const throwing = {
      get no(): never {
        throw new Error('not to be looked at');
      },
    };
    expect(estimateSize([throwing])).to.equal(undefined);
  });
});
