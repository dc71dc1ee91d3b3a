import { createCache } from 'cache-manager';
import { createKeyv } from '@keyv/redis';
import { CacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';

export const packages = ['cache-manager'];
export const exported = () => import('cache-manager');

/** Memory and Redis, as its documentation on tiers has it. */
export async function start({ redis, load, ttlMs }) {
  const memory = new Keyv({ store: new CacheableMemory({ lruSize: 1_000 }) });
  const cache = createCache({ stores: [memory, createKeyv(redis, { namespace: 'books' })], ttl: ttlMs });
  return {
    find: (name) => cache.wrap(name, () => load(name)),
    evict: (name) => cache.del(name),
    clear: () => cache.clear(),
    close: () => cache.disconnect(),
  };
}
