import { expect } from 'chai';
import { encodeKey } from '../../lib/cache/index.js';
import { readTypedKey } from '../../lib/cli/typed-key.js';
import { CacheKeyError } from '../../lib/index.js';

const DIGEST = encodeKey('x'.repeat(5_000));

describe(readTypedKey.name, () => {
  for (const text of ['Dune', '', '007', '4 2', '-', '"Dune"', 'null and void', '[Dune]', '#tag', 'user@host']) {
    it(`takes '${text}' as text alone`, () => {
      expect(readTypedKey(text)).to.deep.equal({ encoded: [text], hint: undefined });
    });
  }

  for (const [text, encoded, kind] of [
    ['42', '~42', 'number'],
    ['-0.5', '~-0.5', 'number'],
    ['1e3', '~1000', 'number'],
    ['NaN', '~NaN', 'number'],
    ['42n', '~42n', 'bigint'],
    ['true', '~true', 'boolean'],
    ['null', '~null', 'value'],
    ['undefined', '~undefined', 'value'],
    ['@5', '~@5', 'date'],
    ['["Dune",2]', '~["Dune",2]', 'list'],
    ['{"b":1,"a":2}', '~{"a":2,"b":1}', 'object'],
  ] as const) {
    it(`takes '${text}' as text and as the ${kind} ${encoded}`, () => {
      expect(readTypedKey(text)).to.deep.equal({
        encoded: [text, encoded],
        hint: `${text} was tried as text and as the ${kind} ${encoded}.`,
      });
    });
  }

  for (const [text, encoded] of [
    ['~42', '~42'],
    ['~"42"', '42'],
    ['~true', '~true'],
    [DIGEST, DIGEST],
    ['x'.repeat(5_000), DIGEST],
  ] as const) {
    it(`takes '${text.slice(0, 50)}' as what it says`, () => {
      expect(readTypedKey(text)).to.deep.equal({ encoded: [encoded], hint: undefined });
    });
  }

  it('refuses what begins as a written key and is none', () => {
    expect(() => readTypedKey('~[')).to.throw(CacheKeyError, '"~[" is not a key as the cache writes it.');
  });

  it('does not repeat a password in the hint', () => {
    expect(readTypedKey('["redis://me:s3cret@host"]').hint).to.not.include('s3cret');
  });
});
