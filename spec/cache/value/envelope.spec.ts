import { expect } from 'chai';
import { keptMs, livesIn } from '../../../lib/cache/value/envelope.js';
import { ended, stamped, ValueCodec } from '../../../lib/cache/index.js';
import { MAXIMUM_DURATION_MS } from '../../../lib/time/index.js';
import { cacheErrorIn } from '../../contract/rejection.js';

describe('The envelope of an entry', () => {
  const codec = new ValueCodec();
  const LIFE = { ttlMs: 1_000, staleMs: 500 };

  it('says how long it is kept, how much of that is beyond its life, and its version', () => {
    expect(ended(codec.encode('Dune', { life: LIFE, version: '2' }), 9_000)).to.equal(
      '{"value":"Dune","version":"2","life":1500,"stale":500,"end":9000}',
    );
    expect(ended(stamped(codec.encode('Dune', { life: LIFE, version: '2', tags: ['a'] }), 5), 9_000)).to.equal(
      '{"entry":{"value":"Dune"},"tags":["a"],"version":"2","life":1500,"stale":500,"since":5,"end":9000}',
    );
  });

  it('is read back', () => {
    for (const value of ['Dune', null, undefined, new Date(5), { life: 1, stale: 1, end: 1 }, ',"life":1,"end":1}']) {
      const raw = ended(codec.encode(value, { life: LIFE, version: 'b-2' }), 9_000);
      expect(codec.decode(raw)).to.deep.equal({ value, life: 1_500, stale: 500, end: 9_000, version: 'b-2' });
      expect(livesIn(raw)).to.deep.equal({ writtenAt: 7_500, freshUntil: 8_500 });
    }
  });

  it('is kept for ten years at most', () => {
    expect(keptMs({ ttlMs: 5, staleMs: 7 })).to.equal(12);
    expect(keptMs({ ttlMs: MAXIMUM_DURATION_MS, staleMs: MAXIMUM_DURATION_MS })).to.equal(MAXIMUM_DURATION_MS);
  });

  it('tells from the end of its text when it was written, and until when it is fresh', () => {
    expect(livesIn('{"value":1,"life":10,"end":100}')).to.deep.equal({ writtenAt: 90, freshUntil: 100 });
    expect(livesIn('{"entry":{"value":1},"tags":[],"life":10,"since":3,"end":100}')).to.deep.equal({ writtenAt: 90, freshUntil: 100 });
    const largest = Number.MAX_SAFE_INTEGER;
    const raw = `{"value":1,"life":${largest},"stale":${largest},"since":${largest},"end":${largest}}`;
    expect(livesIn(raw)).to.deep.equal({ writtenAt: 0, freshUntil: 0 });
  });

  it('tells nothing from a text that ends otherwise', () => {
    for (const raw of ['', '{}', '{"value":1}', '{"value":1,"end":1}', '{"value":1,"life":1}', '{"life":1,"end":1}}', '"life":1,"end":1} '])
      expect(livesIn(raw), raw).to.equal(undefined);
  });

  it('is refused if it contradicts itself', () => {
    for (const [tail, what] of [
      ['"life":10,"stale":0,"end":1', 'stale time'],
      ['"life":10,"stale":11,"end":1', 'stale time'],
      ['"life":10,"stale":-1,"end":1', 'stale time'],
      ['"life":10,"stale":1.5,"end":1', 'stale time'],
      ['"life":10,"stale":"1","end":1', 'stale time'],
      ['"stale":1', 'stale time'],
      ['"version":2', 'version'],
      ['"version":null', 'version'],
    ] as const) {
      const error = cacheErrorIn(() => codec.decode(`{"value":1,${tail}}`));
      expect([error.code, error.message.includes(`has an invalid ${what}`)], tail).to.deep.equal(['CACHE_VALUE_CORRUPT', true]);
    }
  });
});
