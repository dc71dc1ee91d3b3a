import { expect } from 'chai';
import type { CacheKey } from '../../lib/cache/index.js';
import type { CacheValueError } from '../../lib/errors/index.js';
import type { CacheStage } from './cache-stage.js';
import { rejectionOf } from './rejection.js';

/** What is refused of loaded values, and how long the local tier keeps them. */
export function describeLoadContract(stage: CacheStage): void {
  describe('getOrLoad', () => {
    it('gives the caller a null that may not be stored, and tells', async () => {
      await stage.use({ allowNullValues: false });
      const told: unknown[][] = [];
      const options = { onError: (verb: string, error: unknown) => void told.push([verb, (error as CacheValueError).code]) };
      expect(await stage.cache.getOrLoad('Dune', () => null, options)).to.equal(null);
      expect(told).to.deep.equal([['put', 'CACHE_VALUE_NULL']]);
      expect(await stage.cache.get('Dune')).to.equal(undefined);
      expect(await stage.load('Dune', 1)).to.equal(1);
    });

    it('fails with what `onError` throws', async () => {
      await stage.use({ allowNullValues: false });
      const thrown = new Error('strict');
      const onError = (): never => {
        throw thrown;
      };
      expect(await rejectionOf(stage.cache.getOrLoad('Dune', () => null, { onError }))).to.equal(thrown);
    });
  });

  if (stage.hasLocal) {
    describe('time to live in the local tier', () => {
      /** How many reads of `keys` the local tier answers now. */
      const localHits = (...keys: CacheKey[]): boolean[] => keys.map((key) => stage.cache.hitNow(key) !== undefined);

      it('ends after `ttl`, not before', async () => {
        await stage.use({ ttl: '10s' });
        await stage.load('Dune', 1);
        stage.here.clock.advance(9_990);
        expect(localHits('Dune')).to.deep.equal([true]);
        stage.here.clock.advance(10);
        expect(localHits('Dune')).to.deep.equal([false]);
      });

      it('never ends with 0, and may differ for nulls, by call and by value', async () => {
        await stage.use({ ttl: 0, nullTtl: '5s' });
        await stage.load('for ever', 1);
        await stage.load('null', null);
        await stage.load('undefined', undefined);
        await stage.cache.getOrLoad('by call', () => 1, { ttl: '7s' });
        await stage.cache.getOrLoad('by value', () => 3, { ttl: (value) => value * 1_000 });
        const keys = ['for ever', 'null', 'undefined', 'by call', 'by value'];
        expect(localHits(...keys)).to.deep.equal([true, true, true, true, true]);
        stage.here.clock.advance(3_000);
        expect(localHits(...keys)).to.deep.equal([true, true, true, true, false]);
        stage.here.clock.advance(2_000);
        expect(localHits(...keys)).to.deep.equal([true, false, false, true, false]);
        stage.here.clock.advance(2_000);
        expect(localHits(...keys)).to.deep.equal([true, false, false, false, false]);
      });

      it('is at most `localTtl`', async () => {
        await stage.use({ ttl: '10s', localTtl: '2s' });
        await stage.load('Dune', 1);
        stage.here.clock.advance(2_000);
        expect(localHits('Dune')).to.deep.equal([false]);
        expect(await stage.load('Dune', 2)).to.equal(stage.hasRemote ? 1 : 2);
      });
    });
  }
}
