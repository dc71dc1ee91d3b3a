import { deepEqual, equal } from 'node:assert/strict';
import type { CacheKey } from '../../cache/index.js';
import type { CacheStage } from './cache-stage.js';
import type { CacheFeature } from './cache-features.js';
import { codeOf, never } from './rejection.js';

/** A value that looks like none, beside one that does not; each with what a cache must have for it. */
const VALUES: readonly (readonly [value: unknown, needs: readonly CacheFeature[]])[] = [
  [null, ['nullValues']],
  [undefined, ['nullValues']],
  [0, []],
  [-0, ['richValues']],
  [NaN, ['richValues']],
  ['', []],
  [false, []],
  [0n, ['richValues']],
  [[], []],
  [{}, []],
  ['text', []],
  [':colon', []],
  [true, []],
  [[undefined, null], ['richValues']],
  [{ a: undefined }, ['richValues']],
];

/** Keys of which no two are equal. */
const KEYS: readonly CacheKey[] = [
  1,
  '1',
  [1],
  ['1'],
  1n,
  true,
  'true',
  null,
  'null',
  undefined,
  { a: 1, b: 2 },
  [['a', 1]],
  '~1',
  new Date(1),
];

/** Reads and writes of single entries. */
export function describeReads(stage: CacheStage): void {
  stage.describe('get', () => {
    stage.it('finds nothing under a key that was never written', async (trial) => {
      equal(await trial.get('Dune'), undefined);
    });

    for (const [value, needs] of VALUES) {
      stage.itNeeds(needs, `gives ${shown(value)} back as itself, put or loaded`, async (trial) => {
        await trial.cache.put('put', value);
        deepEqual(await trial.get('put'), { value });
        deepEqual(await trial.load('loaded', value), value);
        deepEqual(await trial.get('loaded'), { value });
        deepEqual([await trial.cache.getOrLoad('put', never), await trial.cache.getOrLoad('loaded', never)], [value, value]);
      });
    }

    stage.it('tells keys apart by type and takes equal ones for one', async (trial) => {
      for (const [i, key] of KEYS.entries()) await trial.cache.put(key, i);
      const found = await Promise.all(KEYS.map((key) => trial.get(key)));
      deepEqual(found, KEYS.map((_, value) => ({ value }))); // prettier-ignore
      deepEqual(await trial.get({ b: 2, a: 1 }), { value: 10 });
    });
  });

  describePuts(stage);
  describeReadsOfMany(stage);
}

function describePuts(stage: CacheStage): void {
  stage.describe('put', () => {
    stage.it('replaces what was there', async (trial) => {
      await trial.load('Dune', 'old');
      await trial.cache.put('Dune', 'new');
      deepEqual(await trial.get('Dune'), { value: 'new' });
      equal(await trial.load('Dune', 'never'), 'new');
    });

    stage.itNeeds(['ttl'], 'refuses a time to live that is none', async (trial) => {
      equal(await codeOf(trial.cache.put('Dune', 1, { ttl: -1 })), 'CACHE_OPTION_INVALID');
      equal(await trial.get('Dune'), undefined);
    });

    stage.itNeeds(['join'], 'replaces the copies of other instances', async (trial) => {
      const there = await trial.join();
      const heard = await trial.hearing(there, trial.cache);
      await there.getOrLoad('Dune', () => 'old');
      await trial.cache.put('Dune', 'new');
      await heard();
      equal(await there.getOrLoad('Dune', () => 'loaded'), trial.has('sharedEntries') ? 'new' : 'loaded');
    });
  });

  stage.describe('putAll', () => {
    stage.it('puts each entry, and the later one of two with one key', async (trial) => {
      const entries = [['a', 1], ['b', 2], ['a', 3]] as const; // prettier-ignore
      await trial.cache.putAll(entries.values());
      deepEqual(await trial.getAll(['a', 'b']), [{ value: 3 }, { value: 2 }]);
      await trial.cache.putAll(new Map([['b', 4]]));
      deepEqual(await trial.getAll(['a', 'b']), [{ value: 3 }, { value: 4 }]);
    });
  });

  stage.describe('putIfAbsent', () => {
    stage.it('stores where there is nothing, and says so', async (trial) => {
      equal(await trial.cache.putIfAbsent('Dune', 1), undefined);
      deepEqual(await trial.get('Dune'), { value: 1 });
    });

    stage.it('keeps what is there and returns it, be it null or undefined', async (trial) => {
      for (const value of trial.has('nullValues') ? ['old', null, undefined] : ['old']) {
        await trial.cache.put('Dune', value);
        const { puts } = trial.cache.statistics();
        equal((await trial.cache.putIfAbsent('Dune', 'new'))?.value, value);
        deepEqual(await trial.get('Dune'), { value });
        trial.counts({ puts }); // A losing put is none.
      }
    });
  });
}

function describeReadsOfMany(stage: CacheStage): void {
  stage.describe('getAll', () => {
    stage.it('answers in the order of the keys, duplicates and missing ones included', async (trial) => {
      const values = trial.has('nullValues') ? [1, null, undefined] : [1, 2, 3];
      for (const [i, key] of ['a', 'b', 'c'].entries()) await trial.cache.put(key, values[i]);
      await trial.cache.get('a');
      const [a, b, c] = values.map((value) => ({ value }));
      deepEqual(await trial.getAll(['c', 'x', 'a', 'b', 'a', 'x']), [c, undefined, a, b, a, undefined]);
      deepEqual(await trial.getAll([]), []);
    });
  });
}

function shown(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (Number.isNaN(value)) return 'NaN';
  return typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined');
}
