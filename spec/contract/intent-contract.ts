import { expect } from 'chai';
import { CacheConfigurationError } from '../../lib/errors/index.js';
import { gate } from '../support/promises.js';
import { waitFor } from '../support/wait.js';
import type { CacheStage } from './cache-stage.js';
import type { Instance } from './fleet.js';
import { rejectionOf } from './rejection.js';

/** The part of the cache contract that is about writes between two evictions. */
export function describeIntentContract(stage: CacheStage): void {
  if (!stage.hasRemote) {
    describe('evictAround', () => {
      it('is refused before the work where no server is asked before a value is stored', async () => {
        let hasRun = false;
        const error = await rejectionOf(stage.cache.evictAround(['Dune'], () => (hasRun = true)));
        expect(error).to.be.instanceOf(CacheConfigurationError);
        expect(hasRun).to.equal(false);
      });
    });
    return;
  }

  describe('evictAround', () => {
    let there: Instance;
    let versions: Map<string, number>;

    beforeEach(async () => {
      there = await stage.join();
      versions = new Map([
        ['Dune', 1],
        ['Emma', 1],
      ]);
    });

    const read = (by: Instance, key = 'Dune'): Promise<number> => by.cache.getOrLoad(key, () => versions.get(key) as number);
    /** What the tiers have, as this instance sees them. */
    const stored = async (by: Instance, key = 'Dune'): Promise<unknown> => (await by.cache.get(key))?.value;
    /** Until the eviction has reached the other instance. */
    const heard = (by: Instance): Promise<void> => waitFor(async () => (await stored(by)) === undefined, { what: 'the eviction' });

    /** Nothing is withheld any more. The message of the last eviction may still overtake a read or two. */
    const storedAgain = (version: number): Promise<void> =>
      waitFor(async () => (await read(there)) === version && (await stored(there)) === version, { what: 'a load that is stored' });

    /** Runs `meanwhile` while `here` is writing `keys`; the commit is the last thing that its work does. */
    const writing = async (keys: readonly string[], meanwhile: () => Promise<void>): Promise<void> => {
      const { promise, open } = gate();
      let hasBegun = false;
      const written = stage.cache.evictAround(keys, async () => {
        hasBegun = true;
        await promise;
        for (const key of keys) versions.set(key, (versions.get(key) as number) + 1);
      });
      await waitFor(() => hasBegun, { what: 'the write' });
      try {
        await meanwhile();
      } finally {
        open();
        await written;
      }
    };

    it('returns what the work returns, and evicts before it and after it', async () => {
      await read(there);
      const result = await stage.cache.evictAround(['Dune'], async () => {
        await heard(there);
        versions.set('Dune', 2);
        return 'written';
      });
      expect([result, await read(stage.here)]).to.deep.equal(['written', 2]);
      await storedAgain(2);
    });

    it('keeps what is loaded meanwhile from being stored, by any instance', async () => {
      await writing(['Dune'], async () => {
        for (const by of [stage.here, there, stage.here]) {
          expect(await read(by)).to.equal(1);
          expect(await stored(by)).to.equal(undefined);
        }
      });
      expect([stage.cache.statistics().withheld, there.cache.statistics().withheld]).to.deep.equal([2, 1]);
      await storedAgain(2);
    });

    it('keeps a load that began before from being stored', async () => {
      const { promise, open } = gate<number>();
      const early = there.cache.getOrLoad('Dune', () => promise);
      await waitFor(() => there.cache.statistics().loads === 1, { what: 'the load' });
      await writing(['Dune'], async () => open(versions.get('Dune') as number));
      expect(await early).to.equal(1);
      expect([await stored(there), await stored(stage.here)]).to.deep.equal([undefined, undefined]);
    });

    it('keeps what is put meanwhile from being stored', async () => {
      await writing(['Dune'], async () => {
        await there.cache.put('Dune', 1);
        await there.cache.putAll([
          ['Dune', 1],
          ['Emma', 1],
        ]);
        expect(await there.cache.putIfAbsent('Dune', 1)).to.equal(undefined);
        expect([await stored(there), await stored(stage.here), await stored(there, 'Emma')]).to.deep.equal([undefined, undefined, 1]);
      });
      expect(there.cache.statistics().withheld).to.equal(2);
      await there.cache.put('Dune', 7);
      expect(await stored(there)).to.equal(7);
    });

    it('holds whatever others clear and evict', async () => {
      await writing(['Dune'], async () => {
        await there.cache.clear();
        await there.cache.evict('Dune');
        await stage.cache.clear();
        expect([await read(there), await stored(there)]).to.deep.equal([1, undefined]);
      });
    });

    it('holds until the last of several writes has ended', async () => {
      await writing(['Dune'], async () => {
        await there.cache.evictAround(['Dune'], () => undefined);
        expect([await read(there), await stored(there)]).to.deep.equal([1, undefined]);
      });
      await storedAgain(2);
    });

    it('lets other keys be', async () => {
      await writing(['Dune'], async () => {
        expect([await read(there, 'Emma'), await stored(there, 'Emma')]).to.deep.equal([1, 1]);
      });
      await writing(['Dune', 'Emma'], async () => {
        expect(stage.cache.statistics().withheldKeys).to.equal(2);
        expect([await read(there, 'Emma'), await stored(there, 'Emma')]).to.deep.equal([1, undefined]);
      });
      expect(stage.cache.statistics().withheldKeys).to.equal(0);
    });

    it('rejects with what the work threw, the same object, and evicts all the same', async () => {
      await read(there);
      const thrown = Object.freeze({ status: 409 });
      for (const work of [
        () => Promise.reject(thrown),
        (): never => {
          throw thrown;
        },
      ]) {
        expect(await rejectionOf(stage.cache.evictAround(['Dune'], work))).to.equal(thrown);
      }
      await heard(there);
      await storedAgain(1);
    });
  });

  describe('intend', () => {
    it('withholds everything, until all is evicted', async () => {
      const there = await stage.join();
      await there.cache.put('Dune', 1);
      const intent = await stage.cache.intend('all');
      expect(stage.cache.statistics().withheldKeys).to.equal(1);
      await there.cache.put('Dune', 1);
      await there.cache.getOrLoad('Emma', () => 1);
      await there.cache.clear();
      expect(await there.cache.getAll(['Dune', 'Emma'])).to.deep.equal([undefined, undefined]);
      await intent.end();
      await there.cache.put('Dune', 2);
      expect([await there.cache.get('Dune'), stage.cache.statistics().clears]).to.deep.equal([{ value: 2 }, 1]);
    });
  });
}
