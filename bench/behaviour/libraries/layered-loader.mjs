import { Redis } from 'ioredis';
import { createNotificationPair, Loader, RedisCache } from 'layered-loader';

export const packages = ['layered-loader'];
export const exported = () => import('layered-loader');

/** Memory, Redis and a pair of notifications. */
export async function start({ redis, load, ttlMs }) {
  const clients = [new Redis(redis), new Redis(redis), new Redis(redis)];
  const { publisher, consumer } = createNotificationPair({ channel: 'books', consumerRedis: clients[1], publisherRedis: clients[2] });
  const loader = new Loader({
    inMemoryCache: { ttlInMsecs: ttlMs },
    asyncCache: new RedisCache(clients[0], { json: true, prefix: 'books', ttlInMsecs: ttlMs }),
    dataSources: [{ get: load, getMany: (names) => Promise.all(names.map(load)), name: 'books' }],
    cacheKeyFromValueResolver: ({ name }) => name,
    notificationPublisher: publisher,
    notificationConsumer: consumer,
  });
  await loader.init();
  return {
    find: (name) => loader.get(name),
    async findMany(name) {
      const [book] = await loader.getMany([name]);
      return book;
    },
    evict: (name) => loader.invalidateCacheFor(name),
    clear: () => loader.invalidateCache(),
    close: () => clients.forEach((client) => client.disconnect()),
  };
}
