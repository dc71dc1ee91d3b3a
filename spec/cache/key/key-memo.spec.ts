import { expect } from 'chai';
import fc from 'fast-check';
import { encodeKey, type CacheKey } from '../../../lib/cache/index.js';
import { KeyMemo, MAXIMUM_REMEMBERED } from '../../../lib/cache/key/key-memo.js';

const part = fc.oneof(
  fc.string(),
  fc.constantFrom('1', 'true', '~'),
  fc.integer({ min: -1, max: 2 }),
  fc.constantFrom(-0, NaN, Infinity),
  fc.boolean(),
);
const key: fc.Arbitrary<CacheKey> = fc.oneof(part, fc.array(part, { maxLength: 6 }), fc.tuple(part, fc.constantFrom(null, undefined, 1n)));

describe(KeyMemo.name, () => {
  it('never answers anything but the encoded form of the key', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 40 }), (keys) => {
        const memo = new KeyMemo();
        for (const one of keys) memo.set(one, encodeKey(one));
        return keys.every((one) => [undefined, encodeKey(one)].includes(memo.get(one)));
      }),
    );
  });

  it('remembers numbers, and short arrays of strings, numbers and booleans', () => {
    const memo = new KeyMemo();
    for (const one of [7, ['Dune', 2], ['Dune', 2, true], ['1', 1, '1', 1]]) {
      memo.set(one, encodeKey(one));
      expect(memo.get(one)).to.equal(encodeKey(one));
    }
  });

  it('tells numbers from their arrays, and from strings', () => {
    const memo = new KeyMemo();
    memo.set(7, 'a number');
    expect([memo.get(7), memo.get([7]), memo.get(['7'])]).to.deep.equal(['a number', undefined, undefined]);
  });

  it('remembers nothing that a Map would take for another', () => {
    const memo = new KeyMemo();
    memo.set(-0, '~-0');
    memo.set(['Dune', -0], '~["Dune",-0]');
    expect([memo.get(0), memo.get(-0), memo.get(['Dune', 0]), memo.get(['Dune', -0])]).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('forgets everything when it is full, and learns again', () => {
    const memo = new KeyMemo();
    for (let i = 0; i < MAXIMUM_REMEMBERED; i += 1) memo.set(['Dune', i], `~["Dune",${i}]`);
    memo.set(['Dune', 5], '~["Dune",5]'); // Known already: no more room is needed.
    expect(memo.get(['Dune', 0])).to.equal('~["Dune",0]');
    memo.set(['Dune', -1], '~["Dune",-1]');
    expect([memo.get(['Dune', 0]), memo.get(['Dune', -1])]).to.deep.equal([undefined, '~["Dune",-1]']);
  });
});
