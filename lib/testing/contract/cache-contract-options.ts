import type { Cache } from '../../cache/index.js';
import type { Duration, Milliseconds } from '../../time/index.js';
import type { CacheFeatures } from './cache-features.js';
import type { TestRunner } from './test-runner.js';

/** What a test needs of the cache that is made for it. */
export interface CacheSettings {
  /** `true`: the test is about tags. A cache that always has them need not look at this. */
  readonly tags: boolean;
}

/** Makes an empty cache. Called once for each test. */
export type MakeCache<C extends Cache> = (settings: CacheSettings) => C | Promise<C>;

/** The options of `describeCacheContract`. */
export interface CacheContractOptions<C extends Cache> extends TestRunner {
  /** What the titles begin with. Default: `'Cache'`. */
  readonly name?: string | undefined;
  /** `false` for what the cache lacks: its tests are left out, and say so. Default: it lacks nothing. */
  readonly features?: CacheFeatures | undefined;
  /**
   * One more instance of `cache`, as in another process: it shares the entries of its remote tier, and hears
   * of its evictions. Default: there are no other instances, and their tests are left out.
   */
  readonly join?: ((cache: C) => C | Promise<C>) | undefined;
  /**
   * Lets so many milliseconds pass for `cache`, by its clock. Default: the tests of times to live are left
   * out, because the contract never touches timers or `Date` itself.
   */
  readonly elapse?: ((ms: Milliseconds, cache: C) => unknown) | undefined;
  /**
   * How long one test may take, for a call that never returns: test runners do not all end such a test.
   * Default: `'10s'`.
   */
  readonly timeout?: Duration | undefined;
  /** Ends a cache at the end of its test. A promise is awaited. Default: its method `stop`, if it has one. */
  readonly stop?: ((cache: C) => unknown) | undefined;
}
