import { expect } from 'chai';
import { CacheValueError } from '../../lib/errors/index.js';
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

/** The part of the cache contract that is about instances of classes, and about what cannot be a value. */
export function describeValueContract(stage: CacheStage): void {
  describe('values', () => {
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
}
