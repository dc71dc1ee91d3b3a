import { once } from 'node:events';
import { Cacheable, Keyv, KeyvCacheableMemory } from 'cacheable';
import { createKeyv } from '@keyv/redis';
import { Redis } from 'ioredis';

export const packages = ['cacheable'];
export const exported = () => import('cacheable');
export const remark =
  "Its messages go through a provider of Qified's interface on ioredis, which subscribes again by itself: `@qified/redis` is not among the peers of the bench.";

/** Memory, Redis and CacheableSync. */
export async function start({ redis, load, ttlMs }) {
  const provider = new RedisProvider(redis);
  const cache = new Cacheable({
    primary: new Keyv({ store: new KeyvCacheableMemory({ lruSize: 1_000 }) }),
    secondary: createKeyv(redis, { namespace: 'books' }),
    ttl: ttlMs,
    sync: { qified: provider },
  });
  cache.on('error', () => undefined); // Else an error would end the process.
  await provider.ready();
  const tags = () => Object.assign(cache.tags, { enabled: true }); // Off by default, to spare other reads a look at them.
  return {
    find: (name) => cache.getOrSet(name, () => load(name)),
    /** `getOrSet` takes no tags. */
    async findTagged(name, tag) {
      tags();
      const found = await cache.get(name);
      if (found !== undefined) return found;
      const book = await load(name);
      await cache.set(name, book, { tags: [tag] });
      return book;
    },
    evictTagged: (tag) => tags().invalidateTag(tag),
    evict: (name) => cache.delete(name),
    clear: () => cache.clear(),
    close: () => cache.disconnect(),
  };
}

class RedisProvider {
  id = 'redis';
  subscriptions = new Map();
  #publisher;
  #subscriber;

  constructor(url) {
    this.#publisher = new Redis(url);
    this.#subscriber = new Redis(url);
    this.#subscriber.on('message', (topic, text) => {
      for (const { handler } of this.subscriptions.get(topic) ?? []) void handler(JSON.parse(text));
    });
  }

  /** Once it is connected; before, it cannot be disconnected in peace. */
  async ready() {
    await Promise.all([this.#publisher, this.#subscriber].map((client) => client.status === 'ready' || once(client, 'ready')));
  }

  async publish(topic, message) {
    await this.#publisher.publish(topic, JSON.stringify({ ...message, providerId: this.id }));
  }

  async subscribe(topic, handler) {
    this.subscriptions.set(topic, [...(this.subscriptions.get(topic) ?? []), handler]);
    await this.#subscriber.subscribe(topic);
  }

  async unsubscribe(topic) {
    this.subscriptions.delete(topic);
    await this.#subscriber.unsubscribe(topic);
  }

  async disconnect() {
    await Promise.all([this.#publisher.quit(), this.#subscriber.quit()]); // What is under way is answered first.
  }
}
