import type { Cache, CacheKey } from '../cache/index.js';

/**
 * Decides what a failing cache means to the caller of a decorated method (Spring's `CacheErrorHandler`, and two verbs for the topic).
 * Returning means the failure is survived; throwing means the caller gets what was thrown. Never told of an error of the method itself, nor of a
 * key that cannot be made: those always reach the caller. Abstract class and service identifier in one: rebind it to replace the default.
 */
export abstract class CacheErrorHandler {
  /** A look-up failed. Survived, it is a miss: the method runs. */
  abstract handleCacheGetError(error: unknown, cache: Cache, key: CacheKey): void;

  /** A result could not be stored. Survived, the caller gets the result. */
  abstract handleCachePutError(error: unknown, cache: Cache, key: CacheKey, value: unknown): void;

  /** An eviction failed, or was not acknowledged: `key` may still be cached somewhere. With `keys`, called once for each. */
  abstract handleCacheEvictError(error: unknown, cache: Cache, key: CacheKey): void;

  /** Removing all entries failed: they may still be cached somewhere. */
  abstract handleCacheClearError(error: unknown, cache: Cache): void;

  /** A message could not be published on `topic`. */
  abstract handlePublishError(error: unknown, topic: string): void;

  /** A message from `topic` could not be applied. */
  abstract handleReceiveError(error: unknown, topic: string): void;
}
