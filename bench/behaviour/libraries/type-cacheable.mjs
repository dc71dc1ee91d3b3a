import { Cacheable, CacheClear } from '@type-cacheable/core';
import { Redis } from 'ioredis';
import { decorated } from '../decorated.mjs';

export const packages = ['@type-cacheable/core'];
export const exported = () => import('@type-cacheable/core');
export const remark =
  'Its client is one of its interface `CacheClient` on ioredis: `@type-cacheable/ioredis-adapter` is not among the peers of the bench. Its hash keys stand for tags: an entry has one, which every read of it names.';

/** Methods decorated with `@Cacheable` and `@CacheClear`, whose client is Redis. */
export async function start({ redis, load, ttlMs }) {
  const client = new RedisClient(redis);
  const cacheKey = ([name]) => name;
  class BookService {
    find(name) {
      return load(name);
    }
    async update() {}
    findTagged(name) {
      return load(name);
    }
    async updateTagged() {}
  }
  decorated(BookService, 'find', Cacheable({ client, cacheKey, ttlSeconds: ttlMs / 1_000 }));
  decorated(BookService, 'update', CacheClear({ client, cacheKey }));
  const hashKey = (args) => args.at(-1);
  decorated(BookService, 'findTagged', Cacheable({ client, cacheKey, hashKey, ttlSeconds: ttlMs / 1_000 }));
  decorated(BookService, 'updateTagged', CacheClear({ client, hashKey }));
  const service = new BookService();
  return {
    isDecorated: true,
    find: (name) => service.find(name),
    findTagged: (name, tag) => service.findTagged(name, tag),
    evictTagged: (tag) => service.updateTagged(tag),
    evict: (name) => service.update(name),
    clear: async () => client.del(await client.keys('*')),
    close: () => client.close(),
  };
}

class RedisClient {
  #redis;

  constructor(url) {
    this.#redis = new Redis(url);
  }

  async get(key) {
    const text = await this.#redis.get(key);
    return text === null ? undefined : JSON.parse(text);
  }

  async set(key, value, ttlSeconds = this.getClientTTL()) {
    await this.#redis.set(key, JSON.stringify(value), 'EX', ttlSeconds);
  }

  async del(keys) {
    await this.#redis.del(keys);
  }

  keys(pattern) {
    return this.#redis.keys(pattern);
  }

  async delHash(hashes) {
    for (const hash of [hashes].flat()) await this.del(await this.keys(`*${hash}*`));
  }

  getClientTTL() {
    return 3_600;
  }

  close() {
    this.#redis.disconnect();
  }
}
