import { deepEqual, equal } from 'node:assert/strict';
import type { LoadOptions } from '../../cache/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { CacheStage } from './cache-stage.js';
import type { CacheTrial } from './cache-trial.js';
import type { Need } from './cache-features.js';

const NEEDS: readonly Need[] = ['ttl', 'elapse'];

const MINUTE: Milliseconds = 60_000;

/** How to store a value of 10 for so many minutes: the time that a test takes is no part of them. */
const WAYS: Readonly<Record<string, (trial: CacheTrial) => Promise<unknown>>> = {
  'a put': ({ cache }) => cache.put('Dune', 10, { ttl: '10m' }),
  putIfAbsent: ({ cache }) => cache.putIfAbsent('Dune', 10, { ttl: 10 * MINUTE }),
  'a load': (trial) => trial.load('Dune', 10, { ttl: '10m' }),
  'a load, made of its value': (trial) => trial.load('Dune', 10, { ttl: (value) => value * MINUTE }),
  'a load of many keys': ({ cache }) => cache.getAllOrLoad(['Dune'], () => [10], { ttl: (value) => value * MINUTE }),
};

/** How long entries live. */
export function describeLifetimes(stage: CacheStage): void {
  stage.describe('time to live', () => {
    for (const [way, store] of Object.entries(WAYS)) {
      stage.itNeeds(NEEDS, `of ${way} ends after \`ttl\`, not before`, async (trial) => {
        await store(trial);
        await trial.elapse(9 * MINUTE);
        deepEqual(await trial.get('Dune'), { value: 10 });
        await trial.elapse(2 * MINUTE);
        equal(await trial.get('Dune'), undefined);
        deepEqual(await trial.getAll(['Dune']), [undefined]);
        equal(await trial.load('Dune', 'new'), 'new');
      });
    }

    stage.itNeeds(NEEDS, 'begins anew with each write, and never ends with 0', async (trial) => {
      await trial.cache.put('Dune', 1, { ttl: '10m' });
      await trial.elapse(9 * MINUTE);
      await trial.cache.put('Dune', 2, { ttl: '10m' });
      await trial.cache.put('Emma', 3, { ttl: 0 });
      await trial.elapse(9 * MINUTE);
      deepEqual(await trial.getAll(['Dune', 'Emma']), [{ value: 2 }, { value: 3 }]);
      await trial.elapse(120 * MINUTE);
      deepEqual(await trial.getAll(['Dune', 'Emma']), [undefined, { value: 3 }]);
    });

    const unstored: Readonly<Record<string, LoadOptions<number>['ttl']>> = {
      'is over': () => 0,
      'is negative': () => -1,
      'is none': () => 'soon' as never,
      'cannot be computed': () => {
        throw new Error('No time.');
      },
    };
    for (const [what, ttl] of Object.entries(unstored)) {
      stage.itNeeds(['ttl'], `that a function makes and that ${what}: the value is returned, and not stored`, async (trial) => {
        equal(await trial.load('Dune', 1, { ttl }), 1);
        equal(await trial.get('Dune'), undefined);
      });
    }
  });
}
