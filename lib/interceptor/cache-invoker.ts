import type { Cache, CacheKey, EvictOptions, PutOptions, WriteIntent } from '../cache/index.js';
import { throwFirst } from '../errors/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import { isKeyError, keyErrorOf } from './key-error.js';

/** How a step removes entries. */
export interface Removal {
  /**
   * Whether the method has yet to run. Such a removal is immediate: it must not wait for the end of a
   * transaction.
   */
  readonly isEarly: boolean;
  readonly acks: 'none' | 'all';
  /** `undefined`: what the cache says. */
  readonly unacknowledged?: EvictOptions['unacknowledged'] | undefined;
}

/**
 * Runs the steps that write to caches, each under the error handler (Spring's `AbstractCacheInvoker`). A step
 * resolves if the handler survives the failure, and rejects with what the handler throws. A mistake in the
 * key is never the handler's to judge: it always rejects.
 */
export class CacheInvoker {
  readonly errors: CacheErrorHandler;

  constructor(errors: CacheErrorHandler) {
    this.errors = errors;
  }

  /** @param label - of the operation, for messages. */
  async put(label: string, cache: Cache, entry: { readonly key: CacheKey; readonly value: unknown }, options: PutOptions): Promise<void> {
    const { key, value } = entry;
    try {
      await cache.put(key, value, options);
    } catch (error) {
      if (isKeyError(error)) throw keyErrorOf(error, label, cache);
      this.errors.handleCachePutError(error, cache, key, value);
    }
  }

  /** @param label - of the operation, for messages. */
  async evict(label: string, cache: Cache, keys: readonly CacheKey[], { isEarly, ...how }: Removal): Promise<void> {
    await this.#evicting(label, cache, keys, async () => {
      if (isEarly) await Promise.all(keys.map((key) => cache.evictIfPresent(key, how)));
      else if (keys.length === 1) await cache.evict(keys[0], how);
      else await cache.evictAll(keys, how);
    });
  }

  /** @param label - of the operation, for messages. */
  async evictTagged(label: string, cache: Cache, tags: readonly CacheKey[], { isEarly, ...how }: Removal): Promise<void> {
    try {
      if (isEarly) await cache.invalidateTagged(tags, how);
      else await cache.evictTagged(tags, how);
    } catch (error) {
      if (isKeyError(error)) throw keyErrorOf(error, label, cache);
      this.errors.handleCacheClearError(error, cache);
    }
  }

  /**
   * Sets a write intent on the keys. It ends under the error handler too. If it cannot be set, and the
   * handler survives that, the keys are evicted at its end.
   *
   * @param label - of the operation, for messages.
   */
  async intend(label: string, cache: Cache, keys: readonly CacheKey[]): Promise<WriteIntent> {
    let intent: WriteIntent = { end: (options) => cache.evictAll(keys, options) };
    await this.#evicting(label, cache, keys, async () => {
      intent = await cache.intend(keys);
    });
    return { end: (options) => this.#evicting(label, cache, keys, () => intent.end(options)) };
  }

  async #evicting(label: string, cache: Cache, keys: readonly CacheKey[], step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (isKeyError(error)) throw keyErrorOf(error, label, cache);
      const handled = keys.map(async (key) => this.errors.handleCacheEvictError(error, cache, key));
      throwFirst(await Promise.allSettled(handled));
    }
  }

  async clear(cache: Cache, { isEarly, ...how }: Removal): Promise<void> {
    try {
      if (isEarly) await cache.invalidate(how);
      else await cache.clear(how);
    } catch (error) {
      this.errors.handleCacheClearError(error, cache);
    }
  }
}
