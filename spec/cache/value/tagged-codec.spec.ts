import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { Keyv } from 'keyv';
import { cacheCodec, createCacheCodec } from '../../../lib/cache/value/cache-codec.js';
import { ValueCodec } from '../../../lib/cache/value/codec.js';
import { ended, MAXIMUM_TAGS, stamped } from '../../../lib/cache/value/envelope.js';
import { cacheErrorIn } from '../../contract/rejection.js';

class Book {
  constructor(readonly title: string) {}
}

/** Every form of an entry: plain, rich, an instance, instances. */
const VALUES: readonly unknown[] = [
  'Dune',
  null,
  undefined,
  0,
  { a: [1] },
  ':colon',
  new Date(5),
  new Map([[1, new Set([2n])]]),
  new Book('Dune'),
  [new Book('Dune'), new Book('Emma')],
  { book: new Book('Dune') },
];

describe(`${ValueCodec.name}, of a cache with tags`, () => {
  const codec = new ValueCodec({ type: { Book } });
  const entryOf = (value: unknown, tags: readonly string[] = ['herbert'], since = 5): string =>
    ended(stamped(codec.encode(value, { life: { ttlMs: 1_000, staleMs: 0 }, tags }), since), 7_000);

  it('has a stored form that other versions rely on', () => {
    expect(entryOf('Dune', ['herbert', '~1'])).to.equal(
      '{"entry":{"value":"Dune"},"tags":["herbert","~1"],"life":1000,"since":5,"end":7000}',
    );
    expect(entryOf(new Book('Dune'), [])).to.equal(
      '{"entry":{"typed":"value","type":"Book","value":{"title":"Dune"}},"tags":[],"life":1000,"since":5,"end":7000}',
    );
    expect(entryOf(new Date(5), [])).to.equal(
      '{"entry":{"devalue":[["Date","1970-01-01T00:00:00.005Z"]]},"tags":[],"life":1000,"since":5,"end":7000}',
    );
    expect(stamped(codec.encode(1, { tags: [] }), 5)).to.equal('{"entry":{"value":1},"tags":[],"since":5}');
  });

  it('brings back values, tags, number, life and end', () => {
    for (const value of VALUES) {
      for (const tags of [[], ['herbert'], ['', ':', '*', '"', '__proto__', 'é\u2028', '~["a",1]']]) {
        const entry = codec.decode(entryOf(value, tags));
        expect(isDeepStrictEqual(entry, { value, life: 1_000, end: 7_000, tagged: { tags, since: 5 } }), JSON.stringify(tags)).to.equal(
          true,
        );
      }
    }
    const most = Array.from({ length: MAXIMUM_TAGS }, (_, i) => `${i}`);
    expect(codec.decode(entryOf(1, most, Number.MAX_SAFE_INTEGER)).tagged).to.deep.equal({ tags: most, since: Number.MAX_SAFE_INTEGER });
    expect(codec.decode(entryOf(1, [], 0)).tagged).to.deep.equal({ tags: [], since: 0 });
  });

  it('brings back any value and any tags', () => {
    const tags = fc.array(fc.string({ unit: 'binary' }), { maxLength: MAXIMUM_TAGS });
    fc.assert(
      fc.property(fc.jsonValue(), tags, fc.nat(), (value, of, since) => {
        fc.pre(!JSON.stringify(value).includes('__proto__')); // Refused, see the codec without tags.
        const entry = codec.decode(entryOf(value, of, since));
        expect(isDeepStrictEqual([entry.value, entry.tagged], [value, { tags: of, since }])).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('cannot be read without the number that the caller adds', () => {
    for (const value of VALUES) {
      const error = cacheErrorIn(() =>
        codec.decode(ended(codec.encode(value, { life: { ttlMs: 1_000, staleMs: 0 }, tags: ['herbert'] }), 7_000)),
      );
      expect([error.code, error.message.includes('herbert')]).to.deep.equal(['CACHE_VALUE_CORRUPT', false]);
    }
  });

  it('leaves entries of a cache without tags as they are', () => {
    expect(codec.encode('Dune', { life: { ttlMs: 1_000, staleMs: 0 } })).to.equal('{"value":"Dune","life":1000}');
    expect(codec.decode('{"value":"Dune","life":1000}')).to.deep.equal({ value: 'Dune', life: 1_000 });
  });

  it('counts tags and number as a part of the size', () => {
    const raw = entryOf('Dune', ['herbert'], Number.MAX_SAFE_INTEGER);
    const size = ended(raw.slice(0, raw.indexOf(',"end"')) + '}', Number.MAX_SAFE_INTEGER).length;
    const exact = new ValueCodec({ maximumValueSize: size });
    const written = ended(
      stamped(exact.encode('Dune', { life: { ttlMs: 1_000, staleMs: 0 }, tags: ['herbert'] }), Number.MAX_SAFE_INTEGER),
      Number.MAX_SAFE_INTEGER,
    );
    expect([written.length, exact.decode(written).value]).to.deep.equal([size, 'Dune']);
    const error = cacheErrorIn(() =>
      new ValueCodec({ maximumValueSize: size - 1 }).encode('Dune', { life: { ttlMs: 1_000, staleMs: 0 }, tags: ['herbert'] }),
    );
    expect(error.code).to.equal('CACHE_VALUE_TOO_LARGE');
    expect(cacheErrorIn(() => exact.encode('Dune', { life: { ttlMs: 1_000, staleMs: 0 }, tags: ['herbert', 'more'] })).code).to.equal(
      'CACHE_VALUE_TOO_LARGE',
    );
  });

  it('is a miss for a Keyv, with our codec or without it: the tags may have been evicted', async () => {
    for (const value of VALUES) {
      const raw = entryOf(value);
      for (const own of [{}, cacheCodec, createCacheCodec({ type: { Book } })]) {
        const store = new Map([['app:2:book:1::Dune', raw]]);
        const keyv = new Keyv({ store, namespace: 'app:2:book:1', useKeyPrefix: false, ...own });
        const reader = new Keyv({ store: new Map([['Dune', raw]]), useKeyPrefix: false, ...own });
        expect([await keyv.get('Dune'), await reader.get('Dune')]).to.deep.equal([undefined, undefined]);
      }
      expect(createCacheCodec({ type: { Book } }).deserialize(raw)).to.deep.equal({ value: undefined });
    }
  });
});
