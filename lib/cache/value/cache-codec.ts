import type { Milliseconds } from '../../time/index.js';
import { ValueCodec, type ValueCodecOptions } from './codec.js';
import type { StoredEntry } from './envelope.js';

/** What `new Keyv(store, …)` accepts: the form of entries in the remote tier, under Keyv's names. */
export interface CacheCodec {
  // Generic like Keyv's own `Serialize` and `Deserialize`, which promise a type that nothing checks.
  /** Encodes an entry, without Keyv's `expires`: the store ends it, as Redis does by its own clock. */
  serialize<V>(entry: { value?: V | undefined; expires?: number | null | undefined }): string;
  /**
   * Decodes an entry. `life` is for how long it is kept, in milliseconds, and `end` until when, by the
   * server's clock, in milliseconds since the Unix epoch. `stale`: so long before `end` it ceased to be
   * fresh. All are absent in what `serialize` wrote.
   */
  deserialize<V>(raw: string): {
    value: V;
    life?: Milliseconds | undefined;
    stale?: Milliseconds | undefined;
    end?: Milliseconds | undefined;
  };
}

/**
 * A codec for your own Keyv on the same store as a cache, for tools and tests:
 * `new Keyv(store, { namespace, useKeyPrefix: false, ...createCacheCodec({ type: Book }) })`. Use it only to
 * read: the caches of running instances do not notice what such a Keyv writes. Entries of a cache with tags
 * are misses to it: whether their tags were evicted is not written beside them.
 */
export function createCacheCodec(options: ValueCodecOptions = {}): CacheCodec {
  const codec = new ValueCodec(options);
  return {
    serialize: (entry) => codec.encode(entry.value),
    deserialize: <V>(raw: string) => {
      const entry = codec.decode(raw) as StoredEntry<V>;
      return entry.tagged === undefined ? entry : { value: undefined as V }; // Its tags may have been evicted.
    },
  };
}

/**
 * For a plain Keyv that reads entries of a cache from the same store:
 * `new Keyv(store, { namespace, useKeyPrefix: false, ...cacheCodec })`. It reads instances of the cache's
 * `type` as plain objects. Use it only to read: the caches do not notice what such a Keyv writes.
 */
export const cacheCodec: CacheCodec = Object.freeze(createCacheCodec());
