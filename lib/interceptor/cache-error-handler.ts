import type { Cache, CacheKey } from '../cache/index.js';

/**
 * Decides what a failing cache means to the caller of a decorated method (Spring's `CacheErrorHandler`, and
 * two verbs for the topic).
 *
 * If a verb returns, the failure is survived. If it throws, the caller gets what was thrown. An error of the
 * method itself never comes here, nor does a key that cannot be made: those always reach the caller.
 *
 * The abstract class is the service identifier as well: rebind it to replace the default.
 */
export abstract class CacheErrorHandler {
  /** A look-up failed. If that is survived, it counts as a miss: the method runs. */
  abstract handleCacheGetError(error: unknown, cache: Cache, key: CacheKey): void;

  /** A result could not be stored. If that is survived, the caller gets the result. */
  abstract handleCachePutError(error: unknown, cache: Cache, key: CacheKey, value: unknown): void;

  /**
   * An eviction failed, or was not acknowledged: `key` may still be cached somewhere. Called once for each
   * key of `keys`.
   */
  abstract handleCacheEvictError(error: unknown, cache: Cache, key: CacheKey): void;

  /**
   * Removing all entries, or those that carry a tag, failed: they may still be cached somewhere. The error
   * names the tags.
   */
  abstract handleCacheClearError(error: unknown, cache: Cache): void;

  /** A message could not be published on `topic`. */
  abstract handlePublishError(error: unknown, topic: string): void;

  /** A message from `topic` could not be applied. */
  abstract handleReceiveError(error: unknown, topic: string): void;
}
