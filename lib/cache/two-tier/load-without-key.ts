import { CacheKeyError } from '../../errors/index.js';
import type { LoadOptions } from '../cache.js';
import { type Loader, UNLIMITED } from '../load-context.js';

/**
 * A load whose key cannot be one. `onError` hears of it. Where the key is only too long, the loader runs
 * uncached.
 *
 * @throws the error, in all other cases.
 */
export async function loadWithoutKey<V>(error: unknown, loader: Loader<V>, { onError }: LoadOptions<V>): Promise<V> {
  if (!(error instanceof CacheKeyError)) throw error;
  onError?.('get', error);
  if (error.code === 'CACHE_KEY_TOO_LONG') return loader(UNLIMITED);
  throw error;
}
