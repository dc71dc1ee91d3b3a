import { expect } from 'chai';
import { withoutCache } from '../../lib/index.js';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { gate } from '../support/promises.js';
import type { CacheStage } from './cache-stage.js';
import { rejectionOf } from './rejection.js';

/** The part of the cache contract that is about work that reads no cache. */
export function describeWithoutCacheContract(stage: CacheStage): void {
  describe('withoutCache', () => {
    const held = async (key = 'Dune'): Promise<unknown> => (await stage.cache.get(key))?.value;

    it('runs the loader of a key that is held, and stores its value in place of that', async () => {
      await stage.load('Dune', 1);
      expect(await withoutCache(() => stage.load('Dune', 2))).to.equal(2);
      expect(await stage.load('Dune', 3), 'what is stored').to.equal(2);
    });

    it('stores the value in both tiers, for as long as any other', async () => {
      if (!stage.hasRemote) return;
      await withoutCache(() => stage.load('Dune', 1));
      const { cache } = await stage.join();
      expect(await cache.getOrLoad('Dune', () => 2)).to.equal(1);
      const { local, remote } = (await stage.cache.inspect('Dune')) ?? {};
      expect(remote?.state).to.equal('held');
      expect(local?.state).to.equal(stage.hasLocal ? 'held' : 'unused');
    });

    it('leaves the copies of other instances alone: it is no eviction', async () => {
      if (stage.tiers !== 'both') return;
      await stage.load('Dune', 1);
      const { cache } = await stage.join();
      await cache.getOrLoad('Dune', () => 0);
      await withoutCache(() => stage.load('Dune', 2));
      expect(await cache.getOrLoad('Dune', () => 3)).to.equal(1);
      expect(stage.cache.statistics().evictions).to.equal(0);
    });

    it('stores nothing with `store: false`, and what was there stays', async () => {
      await stage.load('Dune', 1);
      expect(await withoutCache(() => stage.load('Dune', 2), { store: false })).to.equal(2);
      expect(await held()).to.equal(1);
      await withoutCache(() => stage.load('Emma', 2), { store: false });
      expect(await held('Emma')).to.equal(undefined);
    });

    it('finds nothing by `get` and `getAll`', async () => {
      await stage.load('Dune', 1);
      expect(await withoutCache(() => stage.cache.get('Dune'))).to.equal(undefined);
      expect(await withoutCache(() => stage.cache.getAll(['Dune', 'Emma']))).to.deep.equal([undefined, undefined]);
      expect(await held()).to.equal(1);
    });

    it('joins no load of others, and is joined by none', async () => {
      const { promise, open } = gate();
      const other = stage.cache.getOrLoad('Dune', async () => {
        await promise;
        return 1;
      });
      try {
        expect(await withoutCache(() => stage.load('Dune', 2))).to.equal(2);
      } finally {
        open();
      }
      expect(await other).to.equal(1);
    });

    it('C5: does not store a value that an eviction has overtaken', async () => {
      await stage.load('Dune', 1);
      const { promise, open } = gate();
      let hasBegun = (): void => undefined;
      const begun = new Promise<void>((resolve) => (hasBegun = resolve));
      const reloaded = withoutCache(() =>
        stage.cache.getOrLoad('Dune', async () => {
          hasBegun();
          await promise;
          return 2;
        }),
      );
      await begun;
      await stage.cache.evict('Dune');
      open();
      expect(await reloaded).to.equal(2);
      expect(await held()).to.equal(undefined);
    });

    it('heeds `unless`, and hands out what the loader throws', async () => {
      await stage.load('Dune', 1);
      await withoutCache(() => stage.cache.getOrLoad('Dune', () => 2, { unless: () => true }));
      expect(await held()).to.equal(1);
      const failure = new Error('The database is away.');
      const failing = withoutCache(() =>
        stage.cache.getOrLoad('Dune', () => {
          throw failure;
        }),
      );
      expect(await rejectionOf(failing)).to.equal(failure);
      expect(await held()).to.equal(1);
      expect(await stage.load('Emma', 3), 'its fill lease was given back').to.equal(3);
    });

    it('holds for what the work awaits, and for nothing beside it or after it', async () => {
      await stage.load('Dune', 1);
      const [during, after] = [gate(), gate()];
      let late: Promise<number> | undefined;
      const work = withoutCache(async () => {
        late = after.promise.then(() => stage.load('Dune', 9));
        await during.promise;
        return stage.load('Dune', 2);
      });
      expect(await stage.load('Dune', 3), 'beside it').to.equal(1);
      const other = withoutCache(() => after.promise); // While it runs, contexts are followed.
      during.open();
      expect(await work).to.equal(2);
      after.open();
      expect(await late, 'work that has outlived it').to.equal(2);
      await other;
      expect(await stage.load('Dune', 4), 'after it').to.equal(2);
    });

    it('refuses what is no function before anything is done', async () => {
      expect(await rejectionOf(withoutCache(undefined as never))).to.be.instanceOf(CacheConfigurationError);
    });
  });
}
