import { deepEqual, equal } from 'node:assert/strict';
import type { CacheStage } from './cache-stage.js';
import { rejectionOf } from './rejection.js';
import { until } from './waits.js';

/** Writes between two evictions. */
export function describeIntents(stage: CacheStage): void {
  stage.describe('evictAround', () => {
    stage.itNeeds(['intents'], 'evicts before the work and after it, and returns what that returns', async (trial) => {
      await trial.load('Dune', 'old');
      const seen = await trial.cache.evictAround(['Dune'], () => trial.get('Dune'));
      equal(seen, undefined);
      // A cache that hears of its own evictions may drop a load or two because of the last one.
      await until(
        async () => (await trial.load('Dune', 'new')) === 'new' && (await trial.get('Dune')) !== undefined,
        'a load that is stored',
      );
    });

    stage.itNeeds(['intents'], 'evicts as well if the work throws, and rejects with the same object', async (trial) => {
      const thrown = Object.freeze({ status: 409 });
      const throwing = (): never => {
        throw thrown;
      };
      for (const work of [() => Promise.reject(thrown), throwing]) {
        await trial.load('Dune', 'old');
        equal(await rejectionOf(trial.cache.evictAround(['Dune'], work)), thrown);
        equal(await trial.get('Dune'), undefined);
      }
    });

    stage.itNeeds(['intents'], 'may ask for the keys that it writes', async (trial) => {
      const seen = await trial.cache.evictAround(['Dune'], () => trial.load('Dune', 1));
      deepEqual([seen, await trial.get('Dune')], [1, undefined]);
    });

    stage.itNeeds(['intents'], 'stores nothing under its keys while the work runs, loaded or put', async (trial) => {
      const early = await trial.slowly<number>('Dune');
      await trial.cache.evictAround(['Dune', 'Kim'], async () => {
        early.succeed(1);
        await early.result;
        await trial.cache.put('Kim', 2);
        await trial.cache.put('Emma', 3);
        deepEqual(await trial.getAll(['Dune', 'Kim', 'Emma']), [undefined, undefined, { value: 3 }]);
      });
      deepEqual(await trial.getAll(['Dune', 'Kim', 'Emma']), [undefined, undefined, { value: 3 }]);
    });

    stage.itNeeds(['intents'], 'takes no keys at all', async (trial) => {
      equal(await trial.cache.evictAround([], () => 'written'), 'written');
      trial.counts({ evictions: 0 });
    });

    stage.itNeeds(['intents'], 'counts as one eviction', async (trial) => {
      await trial.cache.evictAround(['Dune', 'Emma'], () => undefined);
      trial.counts({ evictions: 2, clears: 0 });
    });
  });
}
