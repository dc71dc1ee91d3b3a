import { type Cache, type CacheKey, encodeKey, Load } from '../cache/index.js';

let underWay = 0;

/**
 * A load by a cache that does not follow its loads, because somebody else wrote it: its callers could wait
 * for each other for ever. Code inside the first load that is about to load the same key from that cache
 * again must pass the cache over.
 */
export class UnfollowedLoad extends Load {
  readonly #cache: Cache;
  readonly #key: CacheKey;

  constructor(cache: Cache, key: CacheKey) {
    super();
    this.#cache = cache;
    this.#key = key;
  }

  /** Runs `load`, as the load of `key` by `cache`. */
  static async run<T>(cache: Cache, key: CacheKey, load: () => Promise<T>): Promise<T> {
    const unfollowed = new UnfollowedLoad(cache, key);
    underWay += 1;
    try {
      return await unfollowed.enter(load);
    } finally {
      unfollowed.leave();
      underWay -= 1;
    }
  }

  /** The same for several keys, which wait for one `load`. */
  static async runAll<T>(cache: Cache, keys: readonly CacheKey[], load: () => Promise<T>): Promise<T> {
    const run = new Load(keys.map((key) => new UnfollowedLoad(cache, key)));
    underWay += 1;
    try {
      return await run.enter(load);
    } finally {
      run.leave();
      underWay -= 1;
    }
  }

  /**
   * Whether such a load of this key waits for the running code. While there are none, this compares one
   * number.
   */
  static needsCaller(cache: Cache, key: CacheKey): boolean {
    if (underWay === 0) return false;
    for (const load of Load.caller?.findWaiting() ?? []) {
      if (load instanceof UnfollowedLoad && load.#cache === cache && isSameKey(load.#key, key)) return true;
    }
    return false;
  }
}

function isSameKey(one: CacheKey, other: CacheKey): boolean {
  if (one === other) return true;
  try {
    return encodeKey(one) === encodeKey(other);
  } catch {
    return false; // The cache will refuse this key, and say why.
  }
}
