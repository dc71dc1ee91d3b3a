// A hit in Redis with nothing in the process: 512 keys (or `count`), none asked twice by the same round before the local tiers have let go of it.
import { latencies, names, value } from '../harness/rounds.mjs';

const COUNT = 512;
const keys = names(COUNT);
const pick = (i) => keys[(i * 7) % COUNT];

const never = () => {
  throw new Error('It was to be a hit.');
};

export async function rawNodeRedis({ redis, bytes, concurrency, count = COUNT }) {
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url: redis });
  await client.connect();
  for (const key of keys.slice(0, count))
    await client.set(`raw:${key}`, JSON.stringify({ value: value(bytes, key), life: 3_600_000, end: Date.now() + 3_600_000 }));
  return {
    ...latencies(async (i) => JSON.parse(await client.get(`raw:${keys[(i * 7) % count]}`)).value, concurrency),
    close: () => client.destroy(),
  };
}

/** Ours: a decorated method. `tiers: 'remote'` keeps nothing in the process. */
export async function ours({ redis, bytes, concurrency, count = COUNT, tags }) {
  const { library, PATIENT, serviceClass, served, tagged, withTags } = await import('../harness/library.mjs');
  const Service = serviceClass({
    fill: [async (name) => value(bytes, name), library.CachePut('book', tagged(tags))],
    find: [never, library.Cacheable('book', tagged(tags))],
  });
  const { service, close } = await served(Service, {
    redis,
    namespace: `l2-${process.pid}`,
    ...PATIENT,
    defaults: { ttl: '1h', tiers: 'remote', maximumValueSize: 4_194_304 },
    ...withTags('book', tags),
  });
  for (const key of keys.slice(0, count)) await service.fill(key);
  return { ...latencies((i) => service.find(keys[(i * 7) % count]), concurrency), close };
}

/** Keyv with our adapter and our codec, without a cache around it: the floor of ours. */
export async function keyvAlone({ redis, bytes, concurrency }) {
  const { inside } = await import('../harness/library.mjs');
  const { Keyv } = await import('keyv');
  const { loadKeyvRedis } = await inside('redis/keyv-redis.js');
  const { ended, ValueCodec } = await inside('cache/value/codec.js');
  const { createClient, storeOver } = await loadKeyvRedis();
  const client = createClient({ url: redis });
  await client.connect();
  const codec = new ValueCodec();
  const cache = new Keyv({ store: storeOver(client), namespace: 'alone', useKeyPrefix: false, deserialize: (raw) => codec.decode(raw) });
  for (const key of keys) await client.set(`alone::${key}`, ended(codec.encode(value(bytes, key), 3_600_000), Date.now() + 3_600_000));
  return { ...latencies((i) => cache.get(pick(i)), concurrency), close: () => client.destroy() };
}

export async function keyv({ redis, bytes, concurrency }) {
  const { createKeyv } = await import('@keyv/redis');
  const cache = createKeyv(redis, { namespace: 'keyv' });
  for (const key of keys) await cache.set(key, value(bytes, key), 3_600_000);
  return { ...latencies((i) => cache.get(pick(i)), concurrency), close: () => cache.disconnect() };
}

export async function layeredLoader({ redis, bytes, concurrency }) {
  const { Loader, RedisCache } = await import('layered-loader');
  const { Redis } = await import('ioredis');
  const client = new Redis(redis);
  const asyncCache = new RedisCache(client, { json: true, prefix: 'layered', ttlInMsecs: 3_600_000 });
  for (const key of keys) await asyncCache.set(key, value(bytes, key));
  const loader = new Loader({ inMemoryCache: false, asyncCache, dataSources: [{ get: never, getMany: never, name: 'books' }] });
  return { ...latencies((i) => loader.get(pick(i)), concurrency), close: () => client.disconnect() };
}

export async function bentocache({ redis, bytes, concurrency }) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { redisDriver } = await import('bentocache/drivers/redis');
  const { Redis } = await import('ioredis');
  const client = new Redis(redis);
  const bento = new BentoCache({
    default: 'books',
    stores: { books: bentostore().useL2Layer(redisDriver({ connection: client })) },
    ttl: '1h',
  });
  for (const key of keys) await bento.set({ key, value: value(bytes, key) });
  return { ...latencies((i) => bento.getOrSet({ key: pick(i), factory: never }), concurrency), close: () => bento.disconnectAll() };
}

export async function cacheable({ redis, bytes, concurrency }) {
  const { Cacheable, KeyvCacheableMemory, Keyv } = await import('cacheable');
  const { createKeyv } = await import('@keyv/redis');
  // It cannot go without a primary: one place, so that it never holds what is asked next.
  const primary = new Keyv({ store: new KeyvCacheableMemory({ lruSize: 1, useClone: false }) });
  const cache = new Cacheable({ primary, secondary: createKeyv(redis, { namespace: 'cacheable' }), ttl: '1h' });
  for (const key of keys) await cache.set(key, value(bytes, key));
  return { ...latencies((i) => cache.getOrSet(pick(i), never), concurrency), close: () => cache.disconnect() };
}

export async function cacheManager({ redis, bytes, concurrency }) {
  const { createCache } = await import('cache-manager');
  const { createKeyv } = await import('@keyv/redis');
  const cache = createCache({ stores: [createKeyv(redis, { namespace: 'manager' })], ttl: 3_600_000 });
  for (const key of keys) await cache.set(key, value(bytes, key));
  return { ...latencies((i) => cache.wrap(pick(i), never), concurrency), close: () => cache.disconnect() };
}

export async function asyncCacheDedupe({ redis, bytes, concurrency }) {
  const { createCache } = await import('async-cache-dedupe');
  const { Redis } = await import('ioredis');
  const client = new Redis(redis);
  let load = async (name) => value(bytes, name);
  const cache = createCache({ ttl: 3_600, storage: { type: 'redis', options: { client } } });
  const find = `find${bytes}`; // Else it would find what it stored when the values were of another size.
  cache.define(find, (name) => load(name));
  for (const key of keys) await cache[find](key);
  load = never;
  return { ...latencies((i) => cache[find](pick(i)), concurrency), close: () => client.disconnect() };
}
