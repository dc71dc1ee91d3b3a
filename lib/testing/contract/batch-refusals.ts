import { deepEqual, equal } from 'node:assert/strict';
import type { CacheKey } from '../../cache/index.js';
import { CacheError } from '../../errors/index.js';
import type { CacheStage } from './cache-stage.js';
import { type AllOptions, noted } from './noted-loader.js';
import { codeOf, never, rejectionOf } from './rejection.js';

const TOO_LONG = 'x'.repeat(2 ** 20 + 1);

const OPTIONS: Readonly<Record<string, object>> = {
  'a `maximumBatch` of 0': { maximumBatch: 0 },
  'a negative `maximumBatch`': { maximumBatch: -1 },
  'half a key': { maximumBatch: 1.5 },
  'a `maximumBatch` in words': { maximumBatch: '10' },
  'another `absent`': { absent: 'nil' },
  'null as `absent`': { absent: null },
};

/** What a read of many keys refuses: options, arguments and keys. */
export function describeRefusedBatches(stage: CacheStage): void {
  for (const [what, options] of Object.entries(OPTIONS)) {
    stage.it(`refuses ${what} before anything is loaded`, async ({ cache }) => {
      equal(await codeOf(cache.getAllOrLoad(['a'], never, options)), 'CACHE_OPTION_INVALID');
    });
  }

  stage.it('refuses what is no array of keys, and what is no loader', async ({ cache }) => {
    const calls: readonly (readonly [keys: unknown, loader: unknown])[] = [
      ['ab', never],
      [new Set(['a']), never],
      [undefined, never],
      [['a'], undefined],
      [[], 'load'],
    ];
    for (const [keys, loader] of calls) {
      equal(await codeOf(cache.getAllOrLoad(keys as string[], loader as () => never)), 'CACHE_OPTION_INVALID');
    }
  });

  stage.it('refuses a key that cannot be one, tells of it, and loads nothing', async ({ cache }) => {
    const told: unknown[] = [];
    const { calls, load } = noted();
    const bad = Symbol('bad') as unknown as CacheKey;
    const onError: AllOptions['onError'] = (verb, error, key) => void told.push([verb, CacheError.is(error) && error.code, key]);
    equal(await codeOf(cache.getAllOrLoad(['a', bad], load, { onError })), 'CACHE_KEY_UNSUPPORTED');
    deepEqual([told, calls], [[['get', 'CACHE_KEY_UNSUPPORTED', bad]], []]);
  });

  stage.it('loads a key that is too long with the others, does not store it, and tells of it', async ({ cache }) => {
    const told: unknown[] = [];
    const { calls, load } = noted();
    const onError: AllOptions['onError'] = (verb, error, key) => void told.push([verb, CacheError.is(error) && error.code, key]);
    for (let i = 0; i < 2; i += 1) {
      const answer: Map<CacheKey, unknown> = await cache.getAllOrLoad(['a', TOO_LONG, 'b'], load, { onError });
      equal(answer.get(TOO_LONG), `of ${TOO_LONG}`);
      // prettier-ignore
      deepEqual([...answer.keys()].map((key) => String(key).length), [1, TOO_LONG.length, 1]);
    }
    // prettier-ignore
    deepEqual(calls.map((keys) => keys.map((key) => String(key).length)), [[1, TOO_LONG.length, 1], [TOO_LONG.length]]);
    deepEqual(told, [1, 2].map(() => ['get', 'CACHE_KEY_TOO_LONG', TOO_LONG])); // prettier-ignore
  });

  stage.it('fails with what `onError` throws about a key', async ({ cache }) => {
    const thrown = new Error('strict');
    const onError = (): never => {
      throw thrown;
    };
    equal(await rejectionOf(cache.getAllOrLoad(['a', TOO_LONG], never, { onError })), thrown);
  });
}
