import { expect } from 'chai';
import type { CacheKey, TwoTierCache } from '../../lib/cache/index.js';
import type { CacheValueError } from '../../lib/errors/index.js';
import { gate } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import { rejectionOf } from './rejection.js';

/** The part of the cache contract that is about loads, and about how long the local tier keeps what they gave. */
export function describeLoadContract(stage: CacheStage): void {
  describe('getOrLoad', () => {
    it('runs the loader on a miss only', async () => {
      let runs = 0;
      const loader = (): Promise<string> => Promise.resolve(`run ${(runs += 1)}`);
      expect([await stage.cache.getOrLoad('Dune', loader), await stage.cache.getOrLoad('Dune', loader)]).to.deep.equal(['run 1', 'run 1']);
      await stage.cache.evict('Dune');
      expect(await stage.cache.getOrLoad('Dune', loader)).to.equal('run 2');
    });

    it('runs one loader for callers that come together', async () => {
      const { promise, open } = gate<string>();
      let runs = 0;
      const callers = Array.from({ length: 10 }, () => stage.cache.getOrLoad('Dune', () => ((runs += 1), promise)));
      open('once');
      expect(await Promise.all(callers)).to.deep.equal(Array.from({ length: 10 }, () => 'once'));
      expect([runs, stage.cache.statistics().joined]).to.deep.equal([1, 9]);
    });

    it('is joined past a plain read that began after it', async () => {
      const { promise, open } = gate<string>();
      const first = stage.cache.getOrLoad('Dune', () => promise);
      const reads = [stage.cache.get('Dune'), stage.cache.getAll(['Dune'])];
      const second = stage.cache.getOrLoad('Dune', () => 'a second load');
      open('the first load');
      expect(await Promise.all([first, second])).to.deep.equal(['the first load', 'the first load']);
      await Promise.all(reads);
      expect(stage.cache.statistics().loads).to.equal(1);
    });

    it('runs a loader for each caller that does not want to join', async () => {
      const { promise, open } = gate();
      let runs = 0;
      const loader = async (): Promise<number> => {
        const run = (runs += 1);
        await promise;
        return run;
      };
      const callers = [stage.cache.getOrLoad('Dune', loader, { join: false }), stage.cache.getOrLoad('Dune', loader, { join: false })];
      await waitFor(() => runs === 2, { what: 'both loads to begin' });
      open();
      expect((await Promise.all(callers)).sort()).to.deep.equal([1, 2]);
    });

    it('rejects with what the loader threw, the same object, and stores nothing', async () => {
      const frozen = Object.freeze({ status: 404 });
      for (const thrown of [new Error('no such book'), 'a string', undefined, frozen]) {
        const failing = [
          () => Promise.reject(thrown),
          (): never => {
            throw thrown;
          },
        ];
        for (const loader of failing) {
          expect(await rejectionOf(stage.cache.getOrLoad('Dune', loader))).to.equal(thrown);
          expect(await stage.cache.get('Dune')).to.equal(undefined);
        }
      }
      expect([await stage.load('Dune', 'found'), stage.cache.statistics().loadFailures]).to.deep.equal(['found', 8]);
    });

    it('fails for everybody who joined, and for nobody after', async () => {
      const { promise, open } = gate();
      const thrown = new Error('once');
      const callers = [1, 2].map(() => rejectionOf(stage.cache.getOrLoad('Dune', () => promise.then(() => Promise.reject(thrown)))));
      open();
      expect(await Promise.all(callers)).to.deep.equal([thrown, thrown]);
      expect(await stage.load('Dune', 'well')).to.equal('well');
    });

    const overtakers: Readonly<Record<string, (by: TwoTierCache) => Promise<unknown>>> = {
      evict: (by) => by.evict('Dune'),
      'evict of a list': (by) => by.evictAll(['Emma', 'Dune']),
      evictIfPresent: (by) => by.evictIfPresent('Dune'),
      clear: (by) => by.clear(),
      invalidate: (by) => by.invalidate(),
    };
    for (const [verb, overtake] of Object.entries(overtakers)) {
      it(`C5: does not store what ${verb} overtook, and lets no later caller join`, async () => {
        const { promise, open } = gate<string>();
        const begun = gate();
        const early = stage.cache.getOrLoad('Dune', () => (begun.open(), promise));
        await begun.promise;
        const joined = stage.cache.getOrLoad('Dune', () => 'not run');
        await overtake(stage.cache);
        const late = await stage.load('Dune', 'new');
        open('old');
        expect([await early, await joined, late]).to.deep.equal(['old', 'old', 'new']);
        expect(await stage.cache.get('Dune')).to.deep.equal({ value: 'new' });
        expect(await (await stage.join()).cache.get('Dune'), 'in the remote tier').to.deep.equal(
          stage.hasRemote ? { value: 'new' } : undefined,
        );
      });

      it(`C5: does not store what ${verb} in another instance overtook`, async () => {
        const there = await stage.join();
        const { promise, open } = gate<string>();
        const begun = gate();
        const early = stage.cache.getOrLoad('Dune', () => (begun.open(), promise));
        await begun.promise;
        const told = stage.applied(stage.here);
        await overtake(there.cache);
        if (!stage.hasRemote) await told; // Without a remote tier that refuses it, nothing but the message tells.
        open('old');
        expect(await early).to.equal('old');
        await told;
        expect([await stage.cache.get('Dune'), await there.cache.get('Dune')]).to.deep.equal([undefined, undefined]);
        expect(stage.cache.statistics().refusedFills).to.equal(1);
      });
    }

    it('C5: does not store over a put that overtook it', async () => {
      const { promise, open } = gate<string>();
      const begun = gate();
      const early = stage.cache.getOrLoad('Dune', () => (begun.open(), promise));
      await begun.promise;
      await stage.cache.put('Dune', 'put');
      expect(await stage.load('Dune', 'not run')).to.equal('put');
      open('old');
      expect(await early).to.equal('old');
      expect(await stage.cache.get('Dune')).to.deep.equal({ value: 'put' });
    });

    it('does not store what `unless` vetoes, and does not ask on a hit', async () => {
      const asked: unknown[] = [];
      const options = { unless: (value: number) => (asked.push(value), value < 2) };
      for (const value of [1, 2, 3]) await stage.cache.getOrLoad('Dune', () => value, options);
      expect(asked).to.deep.equal([1, 2]);
      expect(await stage.cache.get('Dune')).to.deep.equal({ value: 2 });
    });

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
