import { createCache } from 'cache-manager';
import { createKeyv } from '@keyv/redis';
import { CacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';

export const packages = ['cache-manager'];
export const exported = () => import('cache-manager');
export const remark =
  'Nothing is served after its `ttl`; `refreshThreshold` stands for that: a longer `ttl`, the last minute of which is a time of refreshing in the background.';

/** Memory and Redis, as its documentation on tiers has it. */
export async function start({ redis, load, ttlMs, staleMs = 0 }) {
  const memory = new Keyv({ store: new CacheableMemory({ lruSize: 1_000 }) });
  const lives = { ttl: ttlMs + staleMs, refreshThreshold: staleMs };
  const cache = createCache({ stores: [memory, createKeyv(redis, { namespace: 'books' })], ...lives });
  return {
    find: (name) => cache.wrap(name, () => load(name)),
    evict: (name) => cache.del(name),
    clear: () => cache.clear(),
    close: () => cache.disconnect(),
  };
}
