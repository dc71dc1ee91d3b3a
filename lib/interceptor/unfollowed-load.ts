import { type Cache, type CacheKey, encodeKey, Load } from '../cache/index.js';

/**
 * A load by a cache that does not follow loads itself: one of somebody else's, whose callers may join each other for ever. Who is about to
 * load the same key of it again, within the first load, must pass it over.
 */
export class UnfollowedLoad extends Load {
  readonly #cache: Cache;
  readonly #key: CacheKey;

  constructor(cache: Cache, key: CacheKey) {
    super();
    this.#cache = cache;
    this.#key = key;
  }

  /** Runs `load` as what is loaded. */
  static async run<T>(cache: Cache, key: CacheKey, load: () => Promise<T>): Promise<T> {
    const unfollowed = new UnfollowedLoad(cache, key);
    try {
      return await unfollowed.enter(load);
    } finally {
      unfollowed.leave();
    }
  }

  /** Whether such a load of this key waits for the running code. */
  static needsCaller(cache: Cache, key: CacheKey): boolean {
    return Load.caller?.isNeededBy((load) => load instanceof UnfollowedLoad && load.#cache === cache && isSameKey(load.#key, key)) === true;
  }
}

function isSameKey(one: CacheKey, other: CacheKey): boolean {
  if (one === other) return true;
  try {
    return encodeKey(one) === encodeKey(other);
  } catch {
    return false; // The cache will refuse it, and say why.
  }
}
