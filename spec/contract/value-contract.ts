import { expect } from 'chai';
import type { CacheKey } from '../../lib/cache/index.js';
import { CacheKeyError, CacheValueError } from '../../lib/errors/index.js';
import type { CacheStage } from './cache-stage.js';
import { cacheErrorOf } from './rejection.js';

/** A class of cached values, with behaviour that only an instance has. */
export class Book {
  constructor(
    readonly title: string,
    readonly published: Date,
  ) {}

  get year(): number {
    return this.published.getUTCFullYear();
  }
}

/** What JSON alone would lose. */
const rich = () => ({
  at: new Date(5),
  tags: new Set(['a', 'b']),
  prices: new Map([['EUR', 12.5]]),
  stock: 9_007_199_254_740_993n,
  nothing: undefined,
  nan: NaN,
  minusZero: -0,
  bytes: new Uint8Array([1, 2, 3]),
  nested: { list: [1, [2, { deep: null }]] },
});

/** The part of the cache contract that is about what can be a value, and what a key. */
export function describeValueContract(stage: CacheStage): void {
  describe('values', () => {
    it('C8: are deep-equal from the loader, the remote and the local tier', async () => {
      const there = await stage.join();
      const loaded = await stage.load('rich', rich());
      const again = await stage.load('rich', rich());
      const elsewhere = await there.cache.getOrLoad('rich', rich);
      const elsewhereAgain = await there.cache.getOrLoad('rich', rich);
      for (const value of [loaded, again, elsewhere, elsewhereAgain]) expect(value).to.deep.equal(rich());
      expect((await there.cache.getAll(['rich']))[0]).to.deep.equal({ value: rich() });
      expect(there.cache.statistics().loads).to.equal(stage.hasRemote ? 0 : 1);
    });

    it('C8: are instances of `type` wherever they come from', async () => {
      await stage.use({ type: Book });
      const there = await stage.join({ type: Book });
      const dune = (): Book => new Book('Dune', new Date(Date.UTC(1965, 7, 1)));
      for (const instance of [stage.here, stage.here, there, there]) {
        const book = await instance.cache.getOrLoad('Dune', dune);
        expect(book).to.be.instanceOf(Book);
        expect(book).to.deep.equal(dune());
        expect(book.year).to.equal(1965);
        const [one, two] = await instance.cache.getOrLoad('several', () => [dune(), new Book('Emma', new Date(0))]);
        expect([one?.year, two?.year]).to.deep.equal([1965, 1970]);
      }
    });

    if (stage.hasRemote) {
      const refused: Readonly<Record<string, readonly [value: () => object, code: string]>> = {
        'cannot be encoded': [() => ({ close: () => undefined }), 'CACHE_VALUE_UNSUPPORTED'],
        'is too large': [() => ({ text: 'x'.repeat(2_000) }), 'CACHE_VALUE_TOO_LARGE'],
      };
      for (const [why, [make, code]] of Object.entries(refused)) {
        it(`one that ${why} reaches the caller and neither tier, and that is told`, async () => {
          await stage.use({ maximumValueSize: 1_000 });
          const told: unknown[] = [];
          for (const run of [1, 2]) {
            const value = make();
            const onError = (verb: string, error: unknown, about: unknown): void => {
              told.push([verb, (error as CacheValueError).code, about === value]);
            };
            expect(await stage.cache.getOrLoad('Dune', () => value, { onError }), `run ${run}`).to.equal(value);
            expect([stage.cache.hitNow('Dune'), await stage.cache.get('Dune')]).to.deep.equal([undefined, undefined]);
          }
          expect(told).to.deep.equal([['put', code, true], ['put', code, true]]); // prettier-ignore
          expect(await stage.load('Dune', 'small'), 'the fill lease was given back').to.equal('small');
          expect(await stage.cache.get('Dune')).to.deep.equal({ value: 'small' });
        });

        it(`one that ${why} is refused by put, and takes the old one with it`, async () => {
          await stage.use({ maximumValueSize: 1_000 });
          const there = await stage.join({ maximumValueSize: 1_000 });
          await stage.load('Dune', 'old');
          await there.cache.get('Dune');
          const told = stage.applied(there);
          const error = await cacheErrorOf(stage.cache.put('Dune', make()));
          expect(error).to.be.instanceOf(CacheValueError);
          expect(error.code).to.equal(code);
          await told;
          expect([await stage.cache.get('Dune'), await there.cache.get('Dune')]).to.deep.equal([undefined, undefined]);
        });
      }
    }
  });

  describe('keys', () => {
    it('that cannot be one are refused by every verb, with a rejection', async () => {
      const wrong = new Map() as unknown as CacheKey;
      let runs = 0;
      const calls = [
        stage.cache.get(wrong),
        stage.cache.getAll(['good', wrong]),
        stage.cache.getOrLoad(wrong, () => (runs += 1)),
        stage.cache.put(wrong, 1),
        stage.cache.putIfAbsent(wrong, 1),
        stage.cache.evict(wrong),
        stage.cache.evictAll(['good', wrong]),
        stage.cache.evictIfPresent(wrong),
      ];
      for (const call of calls) {
        const error = await cacheErrorOf(call);
        expect(error).to.be.instanceOf(CacheKeyError);
        expect(error.message).to.equal(
          'A key cannot be made of an instance of Map. Give the operation a `key` made of strings, numbers, bigints, booleans, null, undefined, dates, arrays and plain objects.',
        );
      }
      expect(runs).to.equal(0);
    });

    it('that cannot be one are told to a read’s `onError`, which may say more', async () => {
      const told: unknown[] = [];
      const wrong = new Map() as unknown as CacheKey;
      const error = await cacheErrorOf(stage.cache.getOrLoad(wrong, () => 1, { onError: (verb, why) => void told.push(verb, why) }));
      expect(told).to.deep.equal(['get', error]);
      const more = new CacheKeyError('CACHE_KEY_UNSUPPORTED', 'More.');
      const onError = (): never => {
        throw more;
      };
      expect(await cacheErrorOf(stage.cache.getOrLoad(wrong, () => 1, { onError }))).to.equal(more);
    });
  });
}
