import { expect } from 'chai';
import { encodeKey } from '../../lib/cache/index.js';
import { SimpleKeyGenerator } from '../../lib/index.js';

describe(SimpleKeyGenerator.name, () => {
  const keys = new SimpleKeyGenerator();
  const key = (...args: unknown[]): unknown => keys.generate({}, 'method', ...args);
  const encoded = (...args: unknown[]): string => encodeKey(keys.generate({}, 'method', ...args));

  it('takes the only argument itself, without a copy', () => {
    const one = { a: 1 };
    expect(key(one)).to.equal(one);
    expect(key('Dune')).to.equal('Dune');
    expect(key(0)).to.equal(0);
    expect(key(false)).to.equal(false);
    expect(key('')).to.equal('');
  });

  it('makes an array of none, of several, of null and of an array', () => {
    expect(key()).to.deep.equal([]);
    expect(key(1, 'a')).to.deep.equal([1, 'a']);
    expect(key(null)).to.deep.equal([null]);
    expect(key([1, 2])).to.deep.equal([[1, 2]]);
  });

  it('takes undefined at the end for left out, and nowhere else', () => {
    expect(key(1, undefined)).to.equal(1);
    expect(key(undefined)).to.deep.equal([]);
    expect(key(undefined, undefined)).to.deep.equal([]);
    expect(key(undefined, 1)).to.deep.equal([undefined, 1]);
    expect(key(1, null)).to.deep.equal([1, null]);
    expect(key(1, null, undefined)).to.deep.equal([1, null]);
  });

  it('keeps different calls apart once encoded', () => {
    const calls = [[], [null], [[]], [1], ['1'], [[1]], [1, 2], [[1, 2]], [2, 1], ['a', null, 'b', null], ['a', null, 'b'], [undefined, 1]];
    expect(new Set(calls.map((args) => encoded(...args)))).to.have.property('size', calls.length);
  });
});
