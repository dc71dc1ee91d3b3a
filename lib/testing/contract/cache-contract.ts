import type { Cache } from '../../cache/index.js';
import type { CacheContractOptions, MakeCache } from './cache-contract-options.js';
import { CacheStage } from './cache-stage.js';
import { describeBatches } from './batch-contract.js';
import { describeBatchLoaders } from './batch-loader-contract.js';
import { describeRefusedBatches } from './batch-refusals.js';
import { describeSharedBatches } from './batch-sharing-contract.js';
import { describeIntents } from './intent-contract.js';
import { describeLoads } from './load-contract.js';
import { describeOvertakenLoads } from './overtaken-load-contract.js';
import { describeReads } from './read-contract.js';
import { describeRemovals } from './removal-contract.js';
import { describeTags } from './tag-contract.js';
import { describeLifetimes } from './ttl-contract.js';
import { describeValues } from './value-contract.js';

/**
 * Declares the tests that every {@link Cache} has to pass, for a cache of your own. They run under any test
 * runner, and use nothing of it but `describe` and `it`. (After Spring's `AbstractCacheTests`.)
 *
 * ```ts
 * import { describe, it } from 'node:test';
 *
 * describeCacheContract(() => new MapCache('book'), { describe, it, features: { ttl: false } });
 * ```
 *
 * The caches of this library pass the same tests. What they ask for is written at the methods of
 * {@link Cache}.
 *
 * @param make - makes an empty cache, once for each test.
 */
export function describeCacheContract<C extends Cache>(make: MakeCache<C>, options: CacheContractOptions<C>): void {
  // Each cache is handed only to functions of the caller who made it.
  const stage = new CacheStage(make, options as unknown as CacheContractOptions<Cache>);
  stage.describe(`${options.name ?? 'Cache'} (cache contract)`, () => {
    describeReads(stage);
    describeRemovals(stage);
    stage.describe('getOrLoad', () => {
      describeLoads(stage);
      describeOvertakenLoads(stage);
    });
    stage.describe('getAllOrLoad', () => {
      describeBatches(stage);
      describeBatchLoaders(stage);
      describeRefusedBatches(stage);
      describeSharedBatches(stage);
    });
    describeValues(stage);
    describeLifetimes(stage);
    describeTags(stage);
    describeIntents(stage);
  });
}
