import { Redis } from 'ioredis';
import { createGroupNotificationPair, createNotificationPair, GroupLoader, Loader, RedisCache, RedisGroupCache } from 'layered-loader';

export const packages = ['layered-loader'];
export const exported = () => import('layered-loader');
export const remark =
  'Its groups stand for tags: an entry is in one group, which every read of it names. Nothing is served after its `ttlInMsecs`; `ttlLeftBeforeRefreshInMsecs` stands for that: a longer life, the last minute of which is a time of refreshing in the background.';

/** Memory, Redis and a pair of notifications, for a `Loader` and for a `GroupLoader`. */
export async function start({ redis, load, ttlMs, staleMs = 0 }) {
  const lives = { ttlInMsecs: ttlMs + staleMs, ...(staleMs > 0 && { ttlLeftBeforeRefreshInMsecs: staleMs }) };
  const logger = { error: () => undefined }; // By default it prints the errors of the method.
  const clients = Array.from({ length: 6 }, () => new Redis(redis));
  const { publisher, consumer } = createNotificationPair({ channel: 'books', consumerRedis: clients[1], publisherRedis: clients[2] });
  const loader = new Loader({
    logger,
    inMemoryCache: lives,
    asyncCache: new RedisCache(clients[0], { json: true, prefix: 'books', ...lives }),
    dataSources: [{ get: load, getMany: (names) => Promise.all(names.map(load)), name: 'books' }],
    cacheKeyFromValueResolver: ({ name }) => name,
    notificationPublisher: publisher,
    notificationConsumer: consumer,
  });
  const notifications = createGroupNotificationPair({ channel: 'shelves', consumerRedis: clients[4], publisherRedis: clients[5] });
  const shelves = new GroupLoader({
    logger,
    inMemoryCache: lives,
    asyncCache: new RedisGroupCache(clients[3], { json: true, prefix: 'shelves', ...lives, groupTtlInMsecs: 2 * lives.ttlInMsecs }),
    dataSources: [{ getFromGroup: load, getManyFromGroup: (names) => Promise.all(names.map(load)), name: 'books' }],
    cacheKeyFromValueResolver: ({ name }) => name,
    notificationPublisher: notifications.publisher,
    notificationConsumer: notifications.consumer,
  });
  await Promise.all([loader.init(), shelves.init()]);
  return {
    find: (name) => loader.get(name),
    async findMany(name) {
      const [book] = await loader.getMany([name]);
      return book;
    },
    findAll: (names) => loader.getMany(names),
    findTagged: (name, tag) => shelves.get(name, tag),
    evictTagged: (tag) => shelves.invalidateCacheForGroup(tag),
    evict: (name) => loader.invalidateCacheFor(name),
    clear: () => loader.invalidateCache(),
    close: () => clients.forEach((client) => client.disconnect()),
  };
}
