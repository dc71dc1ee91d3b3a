// From an eviction of `size` keys to its acknowledgement by Redis.
import { latencies } from '../harness/rounds.mjs';

const keysOf = (i, size) => Array.from({ length: size }, (_, k) => `The Book of Sand ${i}-${k}`);

/** UNLINK, then PUBLISH, each awaited, and a listener that drops the keys: what one writes by hand. */
async function handWritten(redis) {
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url: redis });
  await client.connect();
  const subscriber = createClient({ url: redis });
  await subscriber.connect();
  const local = new Map();
  await subscriber.subscribe(`raw-${process.pid}`, (message) => {
    for (const key of JSON.parse(message).keys) local.delete(key);
  });
  return {
    async evict(keys) {
      await client.unlink(keys.map((key) => `raw:${key}`));
      await client.publish(`raw-${process.pid}`, JSON.stringify({ keys }));
    },
    close() {
      client.destroy();
      subscriber.destroy();
    },
  };
}

export async function raw({ redis }) {
  const { evict, close } = await handWritten(redis);
  return { ...latencies((i) => evict(keysOf(i, 1))), close };
}

export async function rawTogether({ redis, together }) {
  const { evict, close } = await handWritten(redis);
  return { ...latencies((i) => Promise.all(keysOf(i, together).map((key) => evict([key])))), close };
}

/** Our script by itself, in a process that listens and drops the keys: the floor of what follows. */
export async function script({ redis }) {
  const { createClient } = await import('@keyv/redis');
  const { scriptAlone } = await import('../harness/library.mjs');
  const channel = `script-${process.pid}`;
  const { evict, client } = await scriptAlone(redis, channel);
  const subscriber = createClient({ url: redis });
  await subscriber.connect();
  const local = new Map();
  await subscriber.subscribe(channel, (message) => {
    for (const key of JSON.parse(message).keys) local.delete(key);
  });
  const close = () => {
    client.destroy();
    subscriber.destroy();
  };
  return { ...latencies((i) => evict(keysOf(i, 1)[0])), close };
}

async function instance(redis) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const Service = serviceClass({ update: [async (name) => name, library.CacheEvict('book')] });
  const { service, manager, close } = await served(Service, {
    redis,
    namespace: `ev-${process.pid}`,
    ...PATIENT,
  });
  return { service, cache: manager.getCache('book'), close };
}

/** Ours: a decorated method for one key, the cache for many. */
export async function ours({ redis, size = 1, concurrency = 1 }) {
  const { service, cache, close } = await instance(redis);
  const call = size === 1 ? (i) => service.update(keysOf(i, 1)[0]) : (i) => cache.evictAll(keysOf(i, size));
  return { ...latencies(call, concurrency), close };
}

/** Ours: `together` calls of one key each in one tick. */
export async function oursTogether({ redis, together, concurrency = 1 }) {
  const { service, close } = await instance(redis);
  return { ...latencies((i) => Promise.all(keysOf(i, together).map((key) => service.update(key))), concurrency), close };
}

export async function layeredLoader({ redis }) {
  const { Loader, RedisCache, createNotificationPair } = await import('layered-loader');
  const { Redis } = await import('ioredis');
  const clients = [new Redis(redis), new Redis(redis), new Redis(redis)];
  const { publisher, consumer } = createNotificationPair({ channel: 'layered', consumerRedis: clients[1], publisherRedis: clients[2] });
  const loader = new Loader({
    inMemoryCache: { ttlInMsecs: 3_600_000 },
    asyncCache: new RedisCache(clients[0], { json: true, prefix: 'layered', ttlInMsecs: 3_600_000 }),
    dataSources: [{ get: async (key) => key, getMany: async (keys) => keys, name: 'books' }],
    notificationPublisher: publisher,
    notificationConsumer: consumer,
  });
  await loader.init?.();
  return { ...latencies((i) => loader.invalidateCacheFor(keysOf(i, 1)[0])), close: () => clients.forEach((client) => client.disconnect()) };
}

export async function bentocache({ redis }) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisDriver, redisBusDriver } = await import('bentocache/drivers/redis');
  const { Redis } = await import('ioredis');
  const connection = new Redis(redis);
  const { hostname: host, port } = new URL(redis);
  const store = bentostore()
    .useL1Layer(memoryDriver({ serialize: false }))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection: { host, port: Number(port) } }));
  const bento = new BentoCache({ default: 'books', stores: { books: store }, ttl: '1h' });
  return { ...latencies((i) => bento.delete({ key: keysOf(i, 1)[0] })), close: () => bento.disconnectAll() };
}
