import { RemoteCacheError } from '../errors/index.js';

/** Redis held something as the state of a cache that cannot be one. */
export const damaged = (cache: string): RemoteCacheError =>
  new RemoteCacheError('CACHE_REMOTE_FAILED', `The bookkeeping of cache '${cache}' in Redis was damaged, and has been replaced.`, {
    hint: 'Another program writes to its keys. What was cached in Redis is loaded anew.',
  });
