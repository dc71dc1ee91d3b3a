import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import type { CacheKey } from '../../../lib/cache/key/cache-key.js';
import { encodeKey, MAXIMUM_KEY_BYTES, MAXIMUM_KEY_DEPTH, MAXIMUM_WRITTEN_BYTES } from '../../../lib/cache/key/encode-key.js';
import { CacheKeyError } from '../../../lib/errors/index.js';

const HINT = 'Give the operation a `key` made of strings, numbers, bigints, booleans, null, undefined, dates, arrays and plain objects.';

/** Any UTF-16 at all: control characters, separators, lone surrogates. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units));

/** Keys that are easily mistaken for one another. */
const trickyKey = fc.constantFrom<CacheKey>(
  ...[
    '',
    '1',
    '~1',
    '1n',
    '-0',
    '@1',
    'null',
    'undefined',
    'true',
    'NaN',
    '[]',
    '["a"]',
    '{}',
    '{"a":1}',
    'a',
    'b',
    '~',
    '~"a"',
    '"a"',
    'a,b',
  ],
  ...[0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 1n, 0n, -1n, true, false, null, undefined],
  ...[new Date(0), new Date(1), new Date(-1)],
);

const { anyKey } = fc.letrec<{ anyKey: CacheKey }>((tie) => ({
  anyKey: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    trickyKey,
    anyText,
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('anyKey'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', '1', '0'), anyText), tie('anyKey'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

/** The same key, its objects built in the opposite order. */
function reversed(key: CacheKey): CacheKey {
  if (typeof key !== 'object' || key === null || key instanceof Date) return key;
  if (Array.isArray(key)) return key.map(reversed);
  const copy = Object.create(Object.prototype) as Record<string, CacheKey>;
  for (const [name, value] of Object.entries(key).reverse()) {
    Object.defineProperty(copy, name, { value: reversed(value), enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function refusal(key: unknown): CacheKeyError {
  try {
    encodeKey(key as CacheKey);
  } catch (error) {
    expect(error).to.be.an.instanceOf(CacheKeyError);
    return error as CacheKeyError;
  }
  throw new Error('The key was taken.');
}

function nested(levels: number): CacheKey {
  let key: CacheKey = [];
  for (let level = 1; level < levels; level += 1) key = [key];
  return key;
}

describe(encodeKey.name, () => {
  describe('the form', () => {
    for (const text of ['Dune', '', 'isbn:978-0-441', 'a b', '{x}', '"a"', 'Дюна', '😀', '1', 'a~b', '\u00a0']) {
      it(`lets the string ${JSON.stringify(text)} stand for itself`, () => {
        expect(encodeKey(text)).to.equal(text);
      });
    }

    const forms: readonly (readonly [CacheKey, string])[] = [
      ['~', '~"~"'],
      ['~x', '~"~x"'],
      ['a\nb', '~"a\\nb"'],
      ['a\u007f\u0085', '~"a\\u007f\\u0085"'],
      ['\u2028\u2029', '~"\\u2028\\u2029"'],
      ['\ud83d', '~"\\ud83d"'],
      ['\ude00\ud83d', '~"\\ude00\\ud83d"'],
      [1, '~1'],
      [-0, '~-0'],
      [1e21, '~1e+21'],
      [NaN, '~NaN'],
      [-Infinity, '~-Infinity'],
      [1n, '~1n'],
      [true, '~true'],
      [null, '~null'],
      [undefined, '~undefined'],
      [new Date(5), '~@5'],
      [[], '~[]'],
      [['Dune', 2], '~["Dune",2]'],
      [[new Date(-1), 3n, undefined, [null]], '~[@-1,3n,undefined,[null]]'],
      [['é\n', '\udc00'], '~["é\\n","\\udc00"]'],
      [{}, '~{}'],
      [{ b: 1, a: [], 10: '', 9: -0 }, '~{"10":"","9":-0,"a":[],"b":1}'],
      [{ a: undefined }, '~{"a":undefined}'],
      [Object.assign(Object.create(null), { a: 1 }), '~{"a":1}'],
      [JSON.parse('{"__proto__":1}') as CacheKey, '~{"__proto__":1}'],
      [{ '\u0000"': 1 }, '~{"\\u0000\\"":1}'],
      [runInNewContext('[{ a: new Date(1) }]') as CacheKey, '~[{"a":@1}]'],
    ];
    for (const [key, encoded] of forms) {
      it(`writes ${encoded}`, () => {
        expect(encodeKey(key)).to.equal(encoded);
      });
    }

    it('looks at nothing but the key, so that it serves as a callback', () => {
      expect(['a', 1, ['a']].map(encodeKey)).to.deep.equal(['a', '~1', '~["a"]']);
    });

    it('takes an object met twice for two equal ones', () => {
      const author = { name: 'Herbert' };
      expect(encodeKey([author, author])).to.equal(encodeKey([{ name: 'Herbert' }, { name: 'Herbert' }]));
    });
  });

  describe('as a property', () => {
    it('is equal for equal keys and different for different ones', () => {
      let equal = 0;
      fc.assert(
        fc.property(fc.oneof(fc.tuple(trickyKey, trickyKey), fc.tuple(anyKey, anyKey)), ([a, b]) => {
          const isEqual = isDeepStrictEqual(a, b);
          if (isEqual) equal += 1;
          expect(encodeKey(a) === encodeKey(b)).to.equal(isEqual);
        }),
        { numRuns: 5_000, seed: 7 },
      );
      expect(equal).to.be.greaterThan(20);
    });

    it('tells a key from the same key in an array, in an object, and as a string', () => {
      fc.assert(
        fc.property(anyKey, (key) => {
          const encoded = encodeKey(key);
          const all = [encoded, encodeKey([key]), encodeKey({ a: key }), encodeKey([[key]])];
          if (encoded !== key) all.push(encodeKey(encoded));
          expect(new Set(all).size).to.equal(all.length);
        }),
      );
    });

    it('does not depend on the order of properties', () => {
      fc.assert(
        fc.property(anyKey, (key) => {
          expect(encodeKey(reversed(key))).to.equal(encodeKey(key));
        }),
      );
    });

    it('holds no control character and no lone surrogate, and survives UTF-8', () => {
      fc.assert(
        fc.property(fc.oneof(anyKey, anyText), (key) => {
          const encoded = encodeKey(key);
          expect(encoded).to.match(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u);
          expect(Buffer.from(encoded, 'utf8').toString('utf8')).to.equal(encoded);
        }),
        { numRuns: 2_000 },
      );
    });
  });

  describe('refusals', () => {
    class Author {
      name = 'Herbert';
    }
    class Rootless {}
    Object.setPrototypeOf(Rootless.prototype, null);
    const cycle: { around: unknown[] } = { around: [] };
    cycle.around.push(1, cycle);
    const refused: readonly (readonly [string, unknown, string])[] = [
      ['an instance of a class', new Author(), 'an instance of Author'],
      ['an instance inside', ['Dune', { author: new Author() }], 'an instance of Author, found at `[1].author`'],
      ['an instance of a class that extends null', new Rootless(), 'an instance of Rootless'],
      ['an instance of a class without a name', new (class {})(), 'an instance of a class without a name'],
      ['a Map', { a: new Map() }, 'an instance of Map, found at `.a`'],
      ['a Set', new Set(), 'an instance of Set'],
      ['a RegExp', /x/, 'an instance of RegExp'],
      ['bytes', Buffer.from('x'), 'an instance of Buffer'],
      ['a boxed string', Object('x'), 'an instance of String'],
      ['a subclass of Date', new (class Day extends Date {})(0), 'an instance of Day'],
      ['a subclass of Array', new (class Tags extends Array {})(), 'an instance of Tags'],
      ['a function', () => 1, 'a function'],
      ['a symbol under a strange name', { 'a\nb': Symbol('x') }, 'a symbol, found at `["a\\nb"]`'],
      ['a property named by a symbol', [{ [Symbol('x')]: 1 }], 'a property named by a symbol, found at `[0]`'],
      ['an invalid date', [new Date(NaN)], 'an invalid date, found at `[0]`'],
      ['a date that carries more', Object.assign(new Date(0), { zone: 'UTC' }), 'a date with properties of its own'],
      // eslint-disable-next-line no-sparse-arrays -- it is the point
      ['a hole', [1, , 2], 'a hole in an array, found at `[1]`'],
      ['an array that carries more', [[], 'ab'.match(/b/)], 'an array with properties besides its elements, found at `[1]`'],
      ['a cycle', cycle, 'a cycle, found at `.around[1]`'],
      [
        'what is nested too deeply',
        { a: nested(MAXIMUM_KEY_DEPTH) },
        `more than ${MAXIMUM_KEY_DEPTH} levels of nesting, found at \`.a${'[0]'.repeat(MAXIMUM_KEY_DEPTH - 1)}\``,
      ],
    ];
    for (const [title, key, what] of refused) {
      it(`refuses ${title}`, () => {
        const error = refusal(key);
        expect(error.message).to.equal(`A key cannot be made of ${what}. ${HINT}`);
        expect(error.code).to.equal('CACHE_KEY_UNSUPPORTED');
      });
    }

    const TOO_LONG = `A key takes more than ${MAXIMUM_WRITTEN_BYTES} bytes when written out. Give the operation a \`key\` that picks what identifies the result.`;
    const half = MAXIMUM_KEY_BYTES / 2;
    let doubling: CacheKey = ['x'];
    for (let i = 0; i < 50; i += 1) doubling = [doubling, doubling];
    const long = (bytes: number): readonly (readonly [string, CacheKey])[] => [
      ['a string of one byte too many', 'x'.repeat(bytes + 1)],
      ['one in two-byte characters', 'é'.repeat(bytes / 2 + 1)],
      ['one that is too long only when escaped', '\n'.repeat(bytes / 2)],
      ['a long array', Array<number>(bytes).fill(1)],
    ];
    for (const [title, key] of long(MAXIMUM_KEY_BYTES)) {
      it(`replaces by a digest ${title}`, () => {
        const digest = encodeKey(key);
        expect(digest).to.match(/^~#[A-Za-z0-9_-]{43}$/);
        expect([encodeKey(structuredClone(key)), encodeKey([key])]).to.satisfy(
          ([same, other]: string[]) => same === digest && other !== digest,
        );
      });
    }
    for (const [title, key] of [...long(MAXIMUM_WRITTEN_BYTES), ['a small object that would be exponentially long', doubling] as const]) {
      it(`refuses as too long ${title}`, () => {
        const error = refusal(key);
        expect([error.code, error.message]).to.deep.equal(['CACHE_KEY_TOO_LONG', TOO_LONG]);
      });
    }

    it('is the SHA-256 of the long form, the same in every process', () => {
      const key = ['x'.repeat(5_000), 2];
      expect(encodeKey(key)).to.equal(
        `~#${createHash('sha256')
          .update(`~["${'x'.repeat(5_000)}",2]`)
          .digest('base64url')}`,
      );
    });

    it('takes what is just short and just shallow enough', () => {
      for (const key of ['x'.repeat(MAXIMUM_KEY_BYTES), 'é'.repeat(half)]) expect(encodeKey(key)).to.equal(key);
      expect(encodeKey(nested(MAXIMUM_KEY_DEPTH))).to.equal(`~${'['.repeat(MAXIMUM_KEY_DEPTH)}${']'.repeat(MAXIMUM_KEY_DEPTH)}`);
    });

    it('either encodes or refuses whatever there is', () => {
      fc.assert(
        fc.property(
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withBoxedValues: true,
            withNullPrototype: true,
            withSparseArray: true,
            withTypedArray: true,
          }),
          (key) => {
            try {
              expect(encodeKey(key as CacheKey)).to.be.a('string');
            } catch (error) {
              expect(error).to.be.an.instanceOf(CacheKeyError);
            }
          },
        ),
      );
    });
  });
});
