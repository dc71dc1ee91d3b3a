import { expect } from 'chai';
import { encodeKey, encodeTags } from '../../../lib/cache/index.js';
import { CacheConfigurationError, CacheKeyError } from '../../../lib/errors/index.js';
import { cacheErrorIn } from '../../contract/rejection.js';

describe(encodeTags.name, () => {
  it('encodes tags as keys, each once, in their order', () => {
    expect(encodeTags(['b', 1, 'a', { y: 1, x: 2 }, 'b', 1, { x: 2, y: 1 }, ['b']])).to.deep.equal([
      'b',
      '~1',
      'a',
      '~{"x":2,"y":1}',
      '~["b"]',
    ]);
    expect(encodeTags([])).to.deep.equal([]);
  });

  it('takes 32 of them, and as many as is said', () => {
    const many = Array.from({ length: 33 }, (_, i) => i);
    expect(encodeTags([...many.slice(1), ...many.slice(1)]).length).to.equal(32);
    expect(encodeTags(many, Infinity).length).to.equal(33);
    const error = cacheErrorIn(() => encodeTags(many));
    expect(error).to.be.instanceOf(CacheConfigurationError);
    expect(error.message).to.equal(
      'Expected at most 32 tags, got 33. Tag an entry with what it is made of: one tag for each row, or one for a group of them.',
    );
  });

  for (const [what, got, hint] of [
    [undefined, 'undefined', ''],
    [null, 'null', ''],
    ['author', 'string', ' Put a single tag into an array, too.'],
    [new Set(['author']), 'object', ''],
    [{ length: 0 }, 'object', ''],
    [5, 'number', ''],
  ] as const) {
    it(`takes no ${got} for a list of tags`, () => {
      const error = cacheErrorIn(() => encodeTags(what));
      expect([error.code, error.message]).to.deep.equal(['CACHE_OPTION_INVALID', `Expected \`tags\` to be an array, got ${got}.${hint}`]);
    });
  }

  it('refuses a tag that can be no key, or is undefined: that is a mistake more often than meant', () => {
    for (const tag of [undefined, Symbol('a'), () => 1, new WeakMap()]) {
      const error = cacheErrorIn(() => encodeTags(['author', tag]));
      expect(error).to.be.instanceOf(CacheKeyError);
      expect(error.code).to.equal(tag === undefined ? 'CACHE_KEY_UNDEFINED' : 'CACHE_KEY_UNSUPPORTED');
    }
    expect(cacheErrorIn(() => encodeTags(new Array(2))).code, 'holes').to.equal('CACHE_KEY_UNDEFINED');
  });

  it('takes the digest of a long tag, as of a long key', () => {
    const long = 'x'.repeat(10_000);
    expect(encodeTags([long, long])).to.deep.equal([encodeKey(long)]);
    expect(encodeTags([long])[0]!.length).to.be.lessThan(100);
  });
});
