import { deepEqual, equal } from 'node:assert/strict';
import type { CacheKey } from '../../cache/index.js';
import type { CacheStage } from './cache-stage.js';
import type { CacheTrial } from './cache-trial.js';

/** How to store `Dune` with the tag `herbert`. */
const WAYS: Readonly<Record<string, (trial: CacheTrial) => Promise<unknown>>> = {
  'a put': ({ cache }) => cache.put('Dune', 1, { tags: ['more', 'herbert'] }),
  putAll: ({ cache }) => cache.putAll([['Dune', 1]], { tags: ['herbert'] }),
  putIfAbsent: ({ cache }) => cache.putIfAbsent('Dune', 1, { tags: ['herbert'] }),
  'a load': (trial) => trial.load('Dune', 1, { tags: ['herbert'] }),
  'a load, made of its value': (trial) => trial.load('Dune', 'herbert', { tags: (value) => ['more', value] }),
  'a load of many keys': ({ cache }) => cache.getAllOrLoad(['Dune'], () => ['herbert'], { tags: (value) => [value] }),
};

/** Evictions of tags. */
export function describeTags(stage: CacheStage): void {
  stage.describe('evictTagged', () => {
    for (const [way, store] of Object.entries(WAYS)) {
      stage.itNeeds(['tags'], `evicts by the tags of ${way}, and nothing else`, async (trial) => {
        await store(trial);
        await trial.load('Emma', 2, { tags: ['austen'] });
        await trial.load('Kim', 3);
        await trial.cache.evictTagged(['nobody']);
        deepEqual((await trial.getAll(['Dune', 'Emma', 'Kim'])).map(Boolean), [true, true, true]);
        await trial.cache.evictTagged(['herbert', 'nobody']);
        deepEqual((await trial.getAll(['Dune', 'Emma', 'Kim'])).map(Boolean), [false, true, true]);
      });
    }

    stage.itNeeds(['tags'], 'tells tags apart by type, and takes equal ones for one', async (trial) => {
      const tags: readonly CacheKey[] = [1, '1', [1], null, 'null', { a: 1, b: 2 }, '~1', ''];
      const keys = tags.map((_, i) => i);
      for (const [i, tag] of tags.entries()) await trial.load(i, i, { tags: [tag] });
      const without = (gone: readonly number[]): readonly unknown[] => keys.map((i) => (gone.includes(i) ? undefined : { value: i }));
      await trial.cache.evictTagged([{ b: 2, a: 1 }]);
      deepEqual(await trial.getAll(keys), without([5]));
      await trial.cache.evictTagged([1, null]);
      deepEqual(await trial.getAll(keys), without([0, 3, 5]));
    });

    stage.itNeeds(['tags'], 'takes an empty list for nothing to do', async (trial) => {
      await trial.load('Dune', 1, { tags: ['herbert'] });
      await trial.cache.evictTagged([]);
      deepEqual(await trial.get('Dune'), { value: 1 });
    });

    stage.itNeeds(['tags'], 'forgets the tags of a value that was replaced', async (trial) => {
      await trial.cache.put('Dune', 'old', { tags: ['old'] });
      await trial.cache.put('Dune', 'new', { tags: ['new'] });
      await trial.cache.evictTagged(['old']);
      deepEqual(await trial.get('Dune'), { value: 'new' });
      await trial.cache.evictTagged(['new']);
      equal(await trial.get('Dune'), undefined);
    });

    stage.itNeeds(['tags'], 'C5: lets a load be stored that it did not overtake, and none that it did', async (trial) => {
      const dune = await trial.slowly<number>('Dune', { tags: ['herbert'] });
      const emma = await trial.slowly<number>('Emma', { tags: ['austen'] });
      await trial.cache.evictTagged(['herbert']);
      dune.succeed(1);
      emma.succeed(2);
      deepEqual([await dune.result, await emma.result], [1, 2]);
      deepEqual(await trial.getAll(['Dune', 'Emma']), [undefined, { value: 2 }]);
    });
  });
}
