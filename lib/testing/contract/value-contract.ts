import { deepEqual, equal } from 'node:assert/strict';
import type { CacheKey } from '../../cache/index.js';
import { CacheKeyError } from '../../errors/index.js';
import type { CacheStage } from './cache-stage.js';
import { codeOf, rejectionOf } from './rejection.js';

/** What JSON alone would lose. */
const rich = (): unknown => ({
  at: new Date(5),
  tags: new Set(['a', 'b']),
  prices: new Map([['EUR', 12.5]]),
  stock: 9_007_199_254_740_993n,
  nothing: undefined,
  nan: NaN,
  minusZero: -0,
  bytes: new Uint8Array([1, 2, 3]),
  nested: { list: [1, [2, { deep: null }]] },
});

/** A key that is none. */
const WRONG = Symbol.iterator as unknown as CacheKey;

/** What can be a value, and what a key. */
export function describeValues(stage: CacheStage): void {
  stage.describe('values', () => {
    stage.itNeeds(['richValues'], 'C8: are deep-equal from the loader, the remote and the local tier', async (trial) => {
      const caches = trial.has('join') ? [trial.cache, await trial.join()] : [trial.cache];
      for (const cache of caches) {
        for (let i = 0; i < 2; i += 1) deepEqual(await cache.getOrLoad('rich', rich), rich());
        deepEqual(await trial.getAll(['rich'], cache), [{ value: rich() }]);
      }
      trial.counts({ loads: 1 });
      if (trial.has('statistics')) equal(caches[1]?.statistics().loads ?? 0, caches.length > 1 && !trial.has('sharedEntries') ? 1 : 0);
    });
  });

  stage.describe('keys', () => {
    stage.it('that cannot be one are refused by every verb, with a rejection', async ({ cache }) => {
      let runs = 0;
      const calls = [
        cache.get(WRONG),
        cache.getAll(['good', WRONG]),
        cache.getOrLoad(WRONG, () => (runs += 1)),
        cache.put(WRONG, 1),
        cache.putIfAbsent(WRONG, 1),
        cache.evict(WRONG),
        cache.evictAll(['good', WRONG]),
        cache.evictIfPresent(WRONG),
      ];
      const codes = await Promise.allSettled(calls.map(codeOf));
      // prettier-ignore
      deepEqual(codes, calls.map(() => ({ status: 'fulfilled', value: 'CACHE_KEY_UNSUPPORTED' })));
      equal(runs, 0);
    });

    stage.it('that cannot be one are told to a read’s `onError`, which may say more', async ({ cache }) => {
      const told: unknown[] = [];
      const error = await rejectionOf(cache.getOrLoad(WRONG, () => 1, { onError: (verb, why) => void told.push(verb, why) }));
      equal(told.length, 2);
      equal(told[0], 'get');
      equal(told[1], error);
      const more = new CacheKeyError('CACHE_KEY_UNSUPPORTED', 'More.');
      const onError = (): never => {
        throw more;
      };
      equal(await rejectionOf(cache.getOrLoad(WRONG, () => 1, { onError })), more);
    });
  });
}
