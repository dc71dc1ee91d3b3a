// A miss: nothing anywhere, the method runs, both tiers are filled. Every call another key.
import { latencies, value } from '../harness/rounds.mjs';

let seen = 0;
const fresh = () => `The Book of Sand ${process.pid} ${(seen += 1)}`;
const book = value(500);
const load = async () => book;

/** The two round trips it takes at least: a lease (SET NX), and the value with the end of the lease in one script. */
export async function raw({ redis, concurrency }) {
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url: redis });
  await client.connect();
  const fill = await client.sendCommand([
    'SCRIPT',
    'LOAD',
    "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) redis.call('UNLINK', KEYS[2]) return 1",
  ]);
  const call = async () => {
    const key = fresh();
    await client.set(`lease:${key}`, 'token', { condition: 'NX', expiration: { type: 'PX', value: 30_000 } });
    const raw = JSON.stringify({ value: await load(), life: 3_600_000, end: Date.now() + 3_600_000 });
    await client.evalSha(fill, { keys: [`raw:${key}`, `lease:${key}`], arguments: ['token', raw, '3600000'] });
  };
  return { ...latencies(call, concurrency), close: () => client.destroy() };
}

/** With `freshness`: options of the cache. */
export async function ours({ redis, concurrency, tags, freshness = {} }) {
  const { library, PATIENT, serviceClass, served, tagged, withTags } = await import('../harness/library.mjs');
  const { service, close } = await served(serviceClass({ find: [load, library.Cacheable('book', tagged(tags))] }), {
    redis,
    namespace: `miss-${process.pid}`,
    ...PATIENT,
    defaults: { ttl: '1h', ...freshness },
    ...withTags('book', tags),
  });
  return { ...latencies(() => service.find(fresh()), concurrency), close };
}

export async function layeredLoader({ redis, concurrency }) {
  const { Loader, RedisCache } = await import('layered-loader');
  const { Redis } = await import('ioredis');
  const client = new Redis(redis);
  const loader = new Loader({
    inMemoryCache: { ttlInMsecs: 3_600_000, maxItems: 1_000 },
    asyncCache: new RedisCache(client, { json: true, prefix: 'layered', ttlInMsecs: 3_600_000 }),
    dataSources: [{ get: load, getMany: load, name: 'books' }],
  });
  return { ...latencies(() => loader.get(fresh()), concurrency), close: () => client.disconnect() };
}

export async function bentocache({ redis, concurrency }) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisDriver } = await import('bentocache/drivers/redis');
  const { Redis } = await import('ioredis');
  const connection = new Redis(redis);
  const store = bentostore()
    .useL1Layer(memoryDriver({ maxItems: 1_000, serialize: false }))
    .useL2Layer(redisDriver({ connection }));
  const bento = new BentoCache({ default: 'books', stores: { books: store }, ttl: '1h' });
  return { ...latencies(() => bento.getOrSet({ key: fresh(), factory: load }), concurrency), close: () => bento.disconnectAll() };
}

export async function cacheable({ redis, concurrency }) {
  const { Cacheable, KeyvCacheableMemory, Keyv } = await import('cacheable');
  const { createKeyv } = await import('@keyv/redis');
  const primary = new Keyv({ store: new KeyvCacheableMemory({ lruSize: 1_000, useClone: false }) });
  const cache = new Cacheable({ primary, secondary: createKeyv(redis, { namespace: 'cacheable' }), ttl: '1h' });
  return { ...latencies(() => cache.getOrSet(fresh(), load), concurrency), close: () => cache.disconnect() };
}
