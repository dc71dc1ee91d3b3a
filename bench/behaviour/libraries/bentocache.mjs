import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';

export const packages = ['bentocache'];
export const exported = () => import('bentocache');
export const remark =
  'To serve what is old it has `grace`, counted from the write. Its soft `timeout` is longer than any load here; at its default of zero a read does not wait for the method.';

/** Memory, Redis and the Redis bus with its retry queue, as its documentation on tiers has it. */
export async function start({ redis, load, ttlMs, staleMs }) {
  const { hostname: host, port } = new URL(redis);
  const connection = { host, port: Number(port) };
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 1_000 }))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection, retryQueue: { enabled: true } }));
  const stale = staleMs === undefined ? {} : { grace: ttlMs + staleMs, timeout: staleMs };
  const bento = new BentoCache({ default: 'books', stores: { books: store }, ttl: ttlMs, ...stale });
  return {
    find: (name) => bento.getOrSet({ key: name, factory: () => load(name) }),
    findTagged: (name, tag) => bento.getOrSet({ key: name, tags: [tag], factory: () => load(name) }),
    evictTagged: (tag) => bento.deleteByTag({ tags: [tag] }),
    evict: (name) => bento.delete({ key: name }),
    clear: () => bento.clear(),
    close: () => bento.disconnectAll(),
  };
}
