import { deepEqual, equal } from 'node:assert/strict';
import type { CacheStage } from './cache-stage.js';
import { slowBatch, valuesBy } from './noted-loader.js';
import { OVERTAKERS } from './overtakers.js';
import { never } from './rejection.js';
import { later, settledSoon, turns, until } from './waits.js';

const KEYS = ['a', 'b', 'c'];

/** What reads of many keys share with other reads, and evictions while their loader runs. */
export function describeSharedBatches(stage: CacheStage): void {
  describeJoins(stage);
  for (const verb of Object.keys(OVERTAKERS)) describeOvertaken(stage, verb);

  stage.it('C5: does not store over a put that overtook it', async (trial) => {
    const batch = await slowBatch(trial.cache, KEYS);
    await trial.cache.put('b', 'put');
    batch.succeed();
    deepEqual(await batch.result, valuesBy('slow', KEYS));
    deepEqual(await trial.getAll(KEYS), [{ value: 'slow a' }, { value: 'put' }, { value: 'slow c' }]);
  });
}

function describeJoins(stage: CacheStage): void {
  stage.it('is joined by reads of one key', async (trial) => {
    const batch = await slowBatch(trial.cache, ['a', 'b']);
    const single = later(trial.cache.getOrLoad('a', never));
    await trial.joined(1);
    batch.succeed();
    equal(await single, 'slow a');
    deepEqual(await batch.result, valuesBy('slow', ['a', 'b']));
  });

  stage.it('joins a read of one key, and loads the others meanwhile', async (trial) => {
    const single = await trial.slowly<string>('a');
    const batch = await slowBatch(trial.cache, ['b', 'a', 'c']);
    deepEqual(batch.calls, [['b', 'c']]);
    trial.counts({ joined: 1 });
    batch.succeed();
    await until(async () => (await trial.get('c')) !== undefined, 'what was loaded meanwhile');
    single.succeed('single');
    // prettier-ignore
    deepEqual([...(await batch.result)], [['b', 'slow b'], ['a', 'single'], ['c', 'slow c']]);
    equal(await single.result, 'single');
    equal(batch.calls.length, 1);
  });

  stage.it('joins another one of its kind, and loads only what that does not', async (trial) => {
    const first = await slowBatch(trial.cache, ['a', 'b']);
    const second = await slowBatch(trial.cache, ['b', 'c']);
    const third = later(trial.cache.getAllOrLoad(['c', 'a'], never));
    await trial.joined(3);
    deepEqual(second.calls, [['c']]);
    second.succeed(['third']);
    first.succeed();
    deepEqual([...(await second.result)], [['b', 'slow b'], ['c', 'third']]); // prettier-ignore
    deepEqual([...(await third)], [['c', 'third'], ['a', 'slow a']]); // prettier-ignore
    trial.counts({ loads: 3, misses: 3 });
  });

  stage.it('keeps nobody waiting for a key that it has loaded, while it waits for another one', async (trial) => {
    const a = await slowBatch(trial.cache, ['a']);
    const batch = await slowBatch(trial.cache, ['a', 'b']);
    const [single, other] = [later(trial.cache.getOrLoad('b', never)), later(trial.cache.getAllOrLoad(['b'], never))];
    await trial.joined(3);
    batch.succeed();
    equal(await single, 'slow b');
    deepEqual(await other, valuesBy('slow', ['b']));
    equal(await Promise.race([batch.result.then(() => 'over'), turns(5).then(() => 'waits')]), 'waits');
    a.succeed();
    deepEqual(await batch.result, valuesBy('slow', ['a', 'b']));
  });
}

function describeOvertaken(stage: CacheStage, verb: string): void {
  const [overtake, left] = OVERTAKERS[verb] as (typeof OVERTAKERS)[string];
  const expected = KEYS.map((key) => (left.includes(key) ? { value: `slow ${key}` } : undefined));
  const nothing = KEYS.map(() => undefined);

  stage.it(`C5: stores what ${verb} did not overtake, and nothing else`, async (trial) => {
    const batch = await slowBatch(trial.cache, KEYS);
    await overtake(trial.cache);
    const late = later(trial.load('b', 'new'));
    await settledSoon(late);
    batch.succeed();
    equal(await late, 'new'); // Nobody who comes later joins.
    deepEqual(await batch.result, valuesBy('slow', KEYS));
    const found = expected.map((each, i) => (i === 1 ? { value: 'new' } : each));
    deepEqual(await trial.getAll(KEYS), found);
    if (!trial.has('join')) return;
    deepEqual(await trial.getAll(KEYS, await trial.join()), trial.has('sharedEntries') ? found : nothing);
  });

  stage.itNeeds(['join'], `C5: stores what ${verb} in another instance did not overtake, and nothing else`, async (trial) => {
    const there = await trial.join();
    const heard = await trial.hearing(trial.cache, there);
    const batch = await slowBatch(trial.cache, KEYS);
    await overtake(there);
    if (!trial.has('sharedEntries')) await heard(); // Nothing but the message tells.
    batch.succeed();
    deepEqual(await batch.result, valuesBy('slow', KEYS));
    await heard();
    deepEqual(await trial.getAll(KEYS), expected);
    deepEqual(await trial.getAll(KEYS, there), trial.has('sharedEntries') ? expected : nothing);
    trial.counts({ refusedFills: KEYS.length - left.length });
  });
}
