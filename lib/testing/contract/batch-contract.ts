import { deepEqual, equal } from 'node:assert/strict';
import type { CacheKey } from '../../cache/index.js';
import type { CacheStage } from './cache-stage.js';
import { noted, valuesBy } from './noted-loader.js';
import { never, rejectionOf } from './rejection.js';

/** Reads of many keys. */
export function describeBatches(stage: CacheStage): void {
  describeAnswers(stage);
  describeKeys(stage);
  describeStored(stage);
  describeRuns(stage);
}

function describeAnswers(stage: CacheStage): void {
  stage.it('runs no loader for no keys', async ({ cache }) => {
    deepEqual(await cache.getAllOrLoad([], never), new Map());
  });

  stage.it('runs no loader for keys that are all cached, null and undefined included', async (trial) => {
    const values = trial.has('nullValues') ? [1, null, undefined] : [1, 2, 3];
    for (const [i, key] of ['a', 'b', 'c'].entries()) await trial.cache.put(key, values[i]);
    // prettier-ignore
    const expected = [['c', values[2]], ['b', values[1]], ['a', 1]].filter(([, value]) => value !== undefined);
    deepEqual([...(await trial.cache.getAllOrLoad(['c', 'b', 'a', 'b'], never))], expected);
    trial.counts({ loads: 0, misses: 0 });
  });

  stage.it(
    'loads what is missing, distinct and in the order in which it first appears, and answers in the order of the keys',
    async (trial) => {
      await trial.cache.put('b', 'put');
      const { calls, load } = noted();
      const answer = await trial.cache.getAllOrLoad(['d', 'b', 'a', 'd', 'c', 'a'], load);
      deepEqual(calls, [['d', 'a', 'c']]);
      deepEqual([...answer], [['d', 'of d'], ['b', 'put'], ['a', 'of a'], ['c', 'of c']]); // prettier-ignore
      trial.counts({ loads: 3, misses: 3 });
    },
  );

  stage.it('stores each value as an entry of its own, which reads of one key and other instances find', async (trial) => {
    const { cache } = trial;
    await cache.getAllOrLoad(['a', 'b'], noted().load);
    deepEqual(await trial.get('a'), { value: 'of a' });
    equal(await cache.getOrLoad('b', never), 'of b');
    // prettier-ignore
    deepEqual([...(await cache.getAllOrLoad(['b', 'a'], never))], [['b', 'of b'], ['a', 'of a']]);
    if (!trial.has('join')) return;
    const there = await trial.join();
    const { calls, load } = noted();
    await there.getAllOrLoad(['a', 'b'], load);
    deepEqual(calls, trial.has('sharedEntries') ? [] : [['a', 'b']]);
  });
}

function describeKeys(stage: CacheStage): void {
  stage.it('takes keys that are equal by value for one, and answers to each of them', async (trial) => {
    const keys: readonly CacheKey[] = [{ a: 1, b: 2 }, new Date(5), { b: 2, a: 1 }, new Date(5), ['x', 1], ['x', 1]];
    // prettier-ignore
    const { calls, load } = noted(() => new Map<CacheKey, unknown>([[{ a: 1, b: 2 }, 0], [new Date(5), 1], [['x', 1], 2]]));
    const answer = await trial.cache.getAllOrLoad(keys, load);
    deepEqual(calls, [[keys[0], keys[1], keys[4]]]);
    deepEqual(keys.map((key) => answer.get(key)), [0, 1, 0, 1, 2, 2]); // prettier-ignore
    deepEqual(await trial.get({ a: 1, b: 2 }), { value: 0 });
  });

  stage.it('is not confused by a caller who changes his array, nor by a loader that changes its own', async (trial) => {
    const keys = ['a', 'b', 'c'];
    const reading = trial.cache.getAllOrLoad(keys, (missing) => {
      const loaded = valuesBy('of', missing);
      (missing as string[]).reverse().pop();
      return loaded;
    });
    keys.reverse().pop();
    deepEqual([...(await reading)], [['a', 'of a'], ['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    deepEqual(await trial.get('a'), { value: 'of a' });
  });
}

function describeStored(stage: CacheStage): void {
  stage.it('does not store an element that `unless` vetoes, and does not ask about what is cached', async (trial) => {
    const { cache } = trial;
    await cache.put('a', 'put');
    const asked: unknown[] = [];
    const { calls, load } = noted();
    const unless = (value: unknown, key: CacheKey): boolean => (asked.push([key, value]), key === 'c');
    const answer = await cache.getAllOrLoad(['a', 'b', 'c'], load, { unless });
    deepEqual([...answer], [['a', 'put'], ['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    deepEqual(asked, [['b', 'of b'], ['c', 'of c']]); // prettier-ignore
    deepEqual(await trial.getAll(['b', 'c']), [{ value: 'of b' }, undefined]);
    await cache.getAllOrLoad(['b', 'c'], load);
    deepEqual(calls, [['b', 'c'], ['c']]);
    deepEqual(await trial.get('c'), { value: 'of c' }); // The right to store it was given back.
  });

  stage.it('rejects with what the loader threw, the same object, and stores nothing', async (trial) => {
    for (const thrown of [new Error('no such books'), 'a string', undefined, Object.freeze({ status: 404 })]) {
      const throwing = (): never => {
        throw thrown;
      };
      for (const loader of [() => Promise.reject(thrown), throwing]) {
        equal(await rejectionOf(trial.cache.getAllOrLoad(['a', 'b'], loader)), thrown);
      }
    }
    deepEqual(await trial.getAll(['a', 'b']), [undefined, undefined]);
    await trial.cache.getAllOrLoad(['a', 'b'], noted().load);
    deepEqual(await trial.getAll(['a', 'b']), [{ value: 'of a' }, { value: 'of b' }]);
    trial.counts({ loadFailures: 16 });
  });
}

function describeRuns(stage: CacheStage): void {
  stage.it('asks its loader for at most `maximumBatch` keys at a time, one call after the other', async (trial) => {
    let running = 0;
    let most = 0;
    const { calls, load } = noted(async (keys) => {
      running += 1;
      most = Math.max(most, running);
      await trial.cache.get('none');
      running -= 1;
      return valuesBy('of', keys);
    });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    deepEqual(await trial.cache.getAllOrLoad(keys, load, { maximumBatch: 2 }), valuesBy('of', keys));
    deepEqual(calls, [['a', 'b'], ['c', 'd'], ['e']]);
    equal(most, 1);
    deepEqual(await trial.getAll(['a', 'e']), [{ value: 'of a' }, { value: 'of e' }]);
  });

  stage.it('asks for at most 1000 unless it is told otherwise', async ({ cache }) => {
    const { calls, load } = noted();
    await cache.getAllOrLoad(Array.from({ length: 1_001 }, (_, i) => i), load); // prettier-ignore
    deepEqual(calls.map(({ length }) => length), [1_000, 1]); // prettier-ignore
  });

  stage.it('begins no further call after one that failed, and keeps what was loaded before', async ({ cache }) => {
    const thrown = new Error('in the middle');
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const { calls, load } = noted((asked) => (asked.includes('c') ? Promise.reject(thrown) : valuesBy('of', asked)));
    equal(await rejectionOf(cache.getAllOrLoad(keys, load, { maximumBatch: 2 })), thrown);
    deepEqual(calls, [['a', 'b'], ['c', 'd']]); // prettier-ignore
    const again = noted();
    await cache.getAllOrLoad(keys, again.load);
    deepEqual(again.calls, [['c', 'd', 'e']]);
  });
}
