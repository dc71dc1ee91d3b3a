import {
  type BatchRead,
  type Cache,
  type CacheKey,
  type Loader,
  type LoadOptions,
  loadOneByOne,
  UNLIMITED,
  type ValueWrapper,
} from '../cache/index.js';
import { CacheKeyError } from '../errors/index.js';

// Inside a transaction, what is loaded is neither stored nor shared: see `TransactionAwareCache`.

/** What `cache` has under the key, else what the loader returns. */
export async function loadInside<V>(cache: Pick<Cache, 'get'>, key: CacheKey, loader: Loader<V>, { onError }: LoadOptions<V>): Promise<V> {
  let found: ValueWrapper<V> | undefined;
  try {
    found = await cache.get<V>(key);
  } catch (error) {
    onError?.('get', error);
    if (error instanceof CacheKeyError && error.code !== 'CACHE_KEY_TOO_LONG') throw error; // This is a mistake of the caller, and no failure of the cache.
  }
  return found === undefined ? loader(UNLIMITED) : found.value;
}

/** The same for several keys. */
export function loadAllInside<K extends CacheKey, V>(
  cache: Pick<Cache, 'getAll' | 'getOrLoad'>,
  read: BatchRead<K, V>,
): Promise<Map<K, V>> {
  return loadOneByOne(cache, read, (_key, member) => member.load(UNLIMITED));
}
