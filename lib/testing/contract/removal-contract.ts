import { deepEqual, equal } from 'node:assert/strict';
import type { CacheStage } from './cache-stage.js';

/** Evictions of keys, and of everything. */
export function describeRemovals(stage: CacheStage): void {
  stage.describe('evict', () => describeEvictions(stage));
  stage.describe('evictIfPresent', () => {
    stage.it('tells whether there was anything', async (trial) => {
      await trial.load('Dune', trial.has('nullValues') ? undefined : 1);
      deepEqual([await trial.cache.evictIfPresent('Dune'), await trial.cache.evictIfPresent('Dune')], [true, false]);
      equal(await trial.get('Dune'), undefined);
    });
  });
  stage.describe('clear', () => describeClears(stage));
  stage.describe('invalidate', () => {
    stage.it('clears, and says true if there was anything', async (trial) => {
      equal(typeof (await trial.cache.invalidate()), 'boolean');
      await trial.load('Dune', 1);
      equal(await trial.cache.invalidate(), true);
      equal(await trial.get('Dune'), undefined);
    });
  });
}

function describeEvictions(stage: CacheStage): void {
  stage.it('removes that key only', async (trial) => {
    await trial.load('Dune', 1);
    await trial.load('Emma', 2);
    await trial.cache.evict('Dune');
    deepEqual(await trial.getAll(['Dune', 'Emma']), [undefined, { value: 2 }]);
    deepEqual([await trial.get('Dune'), await trial.get('Emma')], [undefined, { value: 2 }]);
  });

  stage.it('removes a list of keys; a composite key is a list of one', async (trial) => {
    for (const key of ['a', 'b', 'c', ['a', 1] as const]) await trial.load(key, 'value');
    await trial.cache.evictAll(['a', 'b', 'none']);
    await trial.cache.evict(['a', 1]);
    deepEqual(await trial.getAll(['a', 'b', 'c', ['a', 1]]), [undefined, undefined, { value: 'value' }, undefined]);
  });

  stage.it('takes an empty list for nothing to do', async (trial) => {
    await trial.load('Dune', 1);
    await trial.cache.evictAll([]);
    deepEqual(await trial.get('Dune'), { value: 1 });
    trial.counts({ evictions: 0 });
  });

  stage.it('is followed by a load that is stored again', async (trial) => {
    await trial.load('Dune', 1);
    await trial.cache.evict('Dune');
    deepEqual([await trial.load('Dune', 2), await trial.load('Dune', 3)], [2, 2]);
  });

  stage.itNeeds(['join'], 'drops the copies of other instances', async (trial) => {
    const there = await trial.join();
    const heard = await trial.hearing(there, trial.cache);
    await there.getOrLoad('Dune', () => 'old');
    await trial.cache.evict('Dune');
    await heard();
    equal(await there.get('Dune'), undefined);
  });
}

function describeClears(stage: CacheStage): void {
  stage.it('removes everything', async (trial) => {
    for (let i = 0; i < 100; i += 1) await trial.load(i, i);
    await trial.cache.clear();
    deepEqual(await trial.getAll([0, 1, 42, 99]), [undefined, undefined, undefined, undefined]);
    trial.counts({ localSize: 0 });
  });

  stage.it('leaves what is written afterwards', async (trial) => {
    await trial.load('Dune', 1);
    await trial.cache.clear();
    await trial.cache.put('Dune', 2);
    await trial.load('Emma', 3);
    deepEqual(await trial.getAll(['Dune', 'Emma']), [{ value: 2 }, { value: 3 }]);
  });

  stage.itNeeds(['join'], 'empties the other instances', async (trial) => {
    const there = await trial.join();
    const heard = await trial.hearing(there, trial.cache);
    for (const key of ['a', 'b']) await there.getOrLoad(key, () => 'old');
    await trial.cache.clear();
    await heard();
    deepEqual(await trial.getAll(['a', 'b'], there), [undefined, undefined]);
  });
}
