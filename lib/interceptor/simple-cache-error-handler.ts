import { CacheErrorHandler } from './cache-error-handler.js';

/**
 * Throws every error to the caller, so that the service is away whenever the cache is (Spring's default, but
 * not ours).
 */
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
