import type { Cache } from '../cache/index.js';
import { CacheEvictError, CacheStoppedError, RemoteCacheError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';
import { CacheErrorHandler } from './cache-error-handler.js';

/**
 * The default: a broken cache never breaks a read, and never hides that a write may not be seen. Failed look-ups and puts are survived (the
 * cache counts and reports them); failed evictions, a put's own among them, reach the caller, because from then on somebody may read what is no longer true.
 */
export class FailOpenCacheErrorHandler extends CacheErrorHandler {
  readonly #events: CacheEvents | undefined;

  /** @param events - where values that cannot be stored are told, as `error`. Default: none; nobody is told. */
  constructor(events?: CacheEvents) {
    super();
    this.#events = events;
  }

  override handleCacheGetError(): void {
    // A miss: the method runs.
  }

  override handleCachePutError(error: unknown, cache: Cache): void {
    // The caller has the result; the next call loads it again. Unless not even the eviction that makes up for a failed put was acknowledged:
    // somebody may read the old value then, as after a put that a stopped cache refused.
    if (error instanceof CacheEvictError || error instanceof CacheStoppedError) throw error;
    // A remote tier that is away is counted, and told by its connection. Of a value that cannot be stored nobody else speaks.
    if (!(error instanceof RemoteCacheError)) this.#events?.emit('error', { where: `put in cache '${cache.name}'`, error });
  }

  override handleCacheEvictError(error: unknown): void {
    throw error;
  }

  override handleCacheClearError(error: unknown): void {
    throw error;
  }

  override handlePublishError(): void {
    // Reported where it is retried.
  }

  override handleReceiveError(): void {
    // Whoever cannot apply a message stops trusting its local tier.
  }
}
