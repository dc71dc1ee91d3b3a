import { deepEqual, equal } from 'node:assert/strict';
import type { CacheStage } from './cache-stage.js';
import { OVERTAKERS } from './overtakers.js';
import { never } from './rejection.js';
import { later, settledSoon } from './waits.js';

/** Loads whose key is written while they run. */
export function describeOvertakenLoads(stage: CacheStage): void {
  for (const [verb, [overtake]] of Object.entries(OVERTAKERS)) {
    stage.it(`C5: does not store what ${verb} overtook, and lets no later caller join`, async (trial) => {
      const early = await trial.slowly<string>('b');
      const joined = later(trial.load('b', 'not run'));
      await trial.joined(1);
      await overtake(trial.cache);
      const late = later(trial.load('b', 'new'));
      await settledSoon(late);
      early.succeed('old');
      deepEqual([await early.result, await joined, await late], ['old', 'old', 'new']);
      deepEqual(await trial.get('b'), { value: 'new' });
      if (!trial.has('join')) return;
      const there = await trial.join();
      deepEqual(await trial.getAll(['b'], there), trial.has('sharedEntries') ? [{ value: 'new' }] : [undefined]);
    });

    stage.itNeeds(['join'], `C5: does not store what ${verb} in another instance overtook`, async (trial) => {
      const there = await trial.join();
      const heard = await trial.hearing(trial.cache, there);
      const early = await trial.slowly<string>('b');
      await overtake(there);
      if (!trial.has('sharedEntries')) await heard(); // Nothing but the message tells.
      early.succeed('old');
      equal(await early.result, 'old');
      await heard();
      deepEqual([await trial.get('b'), ...(await trial.getAll(['b'], there))], [undefined, undefined]);
      trial.counts({ refusedFills: 1 });
    });
  }

  stage.it('C5: does not store over a put that overtook it', async (trial) => {
    const early = await trial.slowly<string>('b');
    await trial.cache.put('b', 'put');
    equal(await trial.cache.getOrLoad('b', never), 'put');
    early.succeed('old');
    equal(await early.result, 'old');
    deepEqual(await trial.get('b'), { value: 'put' });
  });
}
