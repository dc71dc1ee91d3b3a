import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import type { CacheKey } from '../../../lib/cache/key/cache-key.js';
import { decodeKey } from '../../../lib/cache/key/decode-key.js';
import { encodeKey, MAXIMUM_KEY_DEPTH, MAXIMUM_WRITTEN_BYTES } from '../../../lib/cache/key/encode-key.js';
import { cacheErrorIn } from '../../contract/rejection.js';

const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units));

const { key: anyKey } = fc.letrec<{ key: CacheKey }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small' },
    anyText,
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom<CacheKey>(null, undefined, '', '~', '~1', -0, '__proto__'),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('key'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor')), tie('key'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

describe(decodeKey.name, () => {
  it('is the way back from every key', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const encoded = encodeKey(key);
        const decoded = decodeKey(encoded);
        return isDeepStrictEqual(decoded, key) && encodeKey(decoded) === encoded;
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads what people type', () => {
    expect(decodeKey('Dune')).to.equal('Dune');
    expect(decodeKey('')).to.equal('');
    expect(decodeKey('~42')).to.equal(42);
    expect(decodeKey('~"~odd"')).to.equal('~odd');
    expect(decodeKey('~["Dune",2]')).to.deep.equal(['Dune', 2]);
    expect(encodeKey(decodeKey('~{"b":1,"a":[]}')), 'properties in another order').to.equal('~{"a":[],"b":1}');
  });

  it('makes a property of __proto__, and no prototype', () => {
    const decoded = decodeKey('~{"__proto__":{"admin":true}}') as { readonly admin?: boolean };
    expect(decoded.admin).to.equal(undefined);
    expect(Object.keys(decoded)).to.deep.equal(['__proto__']);
  });

  const hint =
    'A string stands for itself, unless it begins with ~; other keys are written as in ~42, ~true, ~["Dune",2], ~{"a":1}, ~"~odd"; ~# and 43 characters stand for a long one.';
  for (const text of [
    '~',
    '~[',
    '~[1,]',
    '~[1 ]',
    '~{"a"}',
    '~{a:1}',
    '~01',
    '~1x',
    '~"',
    '~"\n"',
    '~tru',
    '~@',
    '~@9999999999999999',
    '~{"a":1}}',
    '~+1',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const error = cacheErrorIn(() => decodeKey(text));
      expect(error.code).to.equal('CACHE_KEY_UNSUPPORTED');
      expect(error.message).to.equal(`${JSON.stringify(text)} is not a key as the cache writes it. ${hint}`);
    });
  }

  it('takes the digest of a long key, and refuses what only looks like one', () => {
    const digest = encodeKey('x'.repeat(5_000));
    expect(encodeKey(decodeKey(digest))).to.equal(digest);
    for (const text of ['~#', `${digest}x`, digest.slice(0, -1), digest.replace(/.$/, '+')])
      expect(cacheErrorIn(() => decodeKey(text)).code).to.equal('CACHE_KEY_UNSUPPORTED');
    const inside = [decodeKey(digest)];
    expect(cacheErrorIn(() => encodeKey(inside)).message).to.match(
      /^A key cannot be made of a digest inside another key, found at `\[0\]`/,
    );
  });

  it('refuses what no key can be: too long, or nested too deeply', () => {
    expect(cacheErrorIn(() => decodeKey('x'.repeat(MAXIMUM_WRITTEN_BYTES + 1))).code).to.equal('CACHE_KEY_UNSUPPORTED');
    const nested = (depth: number): string => `~${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(encodeKey(decodeKey(nested(MAXIMUM_KEY_DEPTH)))).to.equal(nested(MAXIMUM_KEY_DEPTH));
    expect(cacheErrorIn(() => decodeKey(nested(MAXIMUM_KEY_DEPTH + 1))).code).to.equal('CACHE_KEY_UNSUPPORTED');
  });
});
