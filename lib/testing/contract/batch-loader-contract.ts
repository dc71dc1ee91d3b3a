import { deepEqual, equal } from 'node:assert/strict';
import type { CacheKey } from '../../cache/index.js';
import type { CacheStage } from './cache-stage.js';
import { type Answer, noted, valuesBy } from './noted-loader.js';
import { codeOf, never } from './rejection.js';

const SHAPES: Readonly<Record<string, Answer>> = {
  'a `Map`': (keys) => valuesBy('of', keys),
  'a promise of a `Map`': (keys) => Promise.resolve(valuesBy('of', keys)),
  'a `Map` in another order, with more than was asked for': (keys) => valuesBy('of', ['more', ...keys.slice().reverse()]),
  'an array in the order of the keys': (keys) => [...valuesBy('of', keys).values()],
  'what is used like a `Map`': (keys) => {
    const map = valuesBy('of', keys);
    return { get: (key: CacheKey) => map.get(key) } as unknown as ReadonlyMap<CacheKey, unknown>;
  },
};

/** What is no answer for two keys. */
const MISSHAPEN: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  'a string': 'ab',
  'an object': { a: 1, b: 2 },
  'too few values': [1],
  'too many values': [1, 2, 3],
};

/** Answers without a value for `none`. */
const LACKING: Readonly<Record<string, Answer>> = {
  'that the `Map` lacks': (keys) => valuesBy('of', keys.filter((key) => key !== 'none')), // prettier-ignore
  'that is undefined in the `Map`': (keys) => valuesBy('of', keys).set('none', undefined),
  'that is undefined in the array': (keys) => keys.map((key) => (key === 'none' ? undefined : `of ${String(key)}`)),
};

/** What loaders of many keys may return. */
export function describeBatchLoaders(stage: CacheStage): void {
  for (const [what, answer] of Object.entries(SHAPES)) {
    stage.it(`takes ${what} from its loader`, async (trial) => {
      const { calls, load } = noted(answer);
      // prettier-ignore
      deepEqual([...(await trial.cache.getAllOrLoad(['b', 'a'], load))], [['b', 'of b'], ['a', 'of a']]);
      deepEqual(await trial.getAll(['a', 'b', 'more']), [{ value: 'of a' }, { value: 'of b' }, undefined]);
      equal(calls.length, 1);
    });
  }

  for (const [what, loaded] of Object.entries(MISSHAPEN)) {
    stage.it(`refuses ${what} from its loader, and stores nothing`, async (trial) => {
      equal(await codeOf(trial.cache.getAllOrLoad(['a', 'b'], () => loaded as never)), 'CACHE_OPERATION_INVALID');
      deepEqual(await trial.getAll(['a', 'b']), [undefined, undefined]);
      await trial.cache.getAllOrLoad(['a', 'b'], noted().load);
      // The right to store them was given back.
      deepEqual(await trial.getAll(['a', 'b']), [{ value: 'of a' }, { value: 'of b' }]);
    });
  }

  for (const [what, answer] of Object.entries(LACKING)) describeAbsent(stage, what, answer);
}

function describeAbsent(stage: CacheStage, what: string, answer: Answer): void {
  stage.it(`leaves out a key ${what}, and stores nothing under it`, async (trial) => {
    const { calls, load } = noted(answer);
    const [vetoes, ttls]: [unknown[], CacheKey[]] = [[], []];
    const options = {
      unless: (value: unknown, key: CacheKey) => (vetoes.push([key, value]), false),
      ttl: (_value: unknown, key: CacheKey) => (ttls.push(key), '5m' as const),
    };
    deepEqual([...(await trial.cache.getAllOrLoad(['none', 'a'], load, options))], [['a', 'of a']]);
    deepEqual([vetoes, ttls.includes('none')], [[['a', 'of a']], false]); // Nobody asks about the other one.
    deepEqual(await trial.getAll(['none', 'a']), [undefined, { value: 'of a' }]);
    await trial.cache.getAllOrLoad(['none', 'a'], load, options);
    deepEqual(calls, [['none', 'a'], ['none']]);
    equal(await trial.load('none', 'found'), 'found');
    deepEqual(await trial.get('none'), { value: 'found' }); // The right to store it was given back.
  });

  stage.itNeeds(['nullValues'], `stores a key ${what} as \`absent\` says, and reads of one key answer the same`, async (trial) => {
    for (const [absent, value] of [
      ['null', null],
      ['undefined', undefined],
    ] as const) {
      // prettier-ignore
      await trial.cache.clear();
      const { calls, load } = noted(answer);
      const asked: unknown[] = [];
      const options = { absent, unless: (_value: unknown, key: CacheKey) => (asked.push(key), key === 'none') };
      // prettier-ignore
      const expected = absent === 'null' ? [['a', 'of a'], ['none', null]] : [['a', 'of a']];
      for (let i = 0; i < 2; i += 1) deepEqual([...(await trial.cache.getAllOrLoad(['a', 'none'], load, options))], expected);
      deepEqual([calls, asked], [[['a', 'none']], ['a']]);
      deepEqual(await trial.get('none'), { value });
      equal(await trial.cache.getOrLoad('none', never), value);
    }
  });
}
