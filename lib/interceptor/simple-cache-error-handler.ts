import { CacheErrorHandler } from './cache-error-handler.js';

/** Throws every error on to the caller: a cache that is away is then a service that is away (Spring's default, and not ours). */
export class SimpleCacheErrorHandler extends CacheErrorHandler {
  override handleCacheGetError(error: unknown): void {
    throw error;
  }

  override handleCachePutError(error: unknown): void {
    throw error;
  }

  override handleCacheEvictError(error: unknown): void {
    throw error;
  }

  override handleCacheClearError(error: unknown): void {
    throw error;
  }

  override handlePublishError(error: unknown): void {
    throw error;
  }

  override handleReceiveError(error: unknown): void {
    throw error;
  }
}
