import { library, serviceClass, served } from '../../harness/library.mjs';

export const packages = [];
export const exported = async () => library;

/** Decorated methods of an inversify service, everything at its default, but for the tags of one cache, and `staleIfError` where old values are wanted. */
export async function start({ redis, load, ttlMs, staleMs }) {
  const Service = serviceClass({
    find: [(name) => load(name), library.Cacheable('book')],
    findAll: [
      async (names) => new Map(await Promise.all(names.map(async (name) => [name, await load(name)]))),
      library.CacheableAll('book'),
    ],
    update: [async () => undefined, library.CacheEvict('book')],
    findTagged: [(name) => load(name), library.Cacheable('shelf', { key: (name) => name, tags: (_, name, tag) => [tag] })],
    updateTagged: [async () => undefined, library.CacheEvict('shelf', { tags: (tag) => [tag] })],
    replace: [async () => undefined, library.CacheEvict('book', { allEntries: true })],
  });
  const stale = staleMs === undefined ? {} : { staleIfError: `${staleMs}ms` };
  const { service, close } = await served(Service, { redis, defaults: { ttl: `${ttlMs}ms`, ...stale }, caches: { shelf: { tags: true } } });
  return {
    isDecorated: true,
    find: (name) => service.find(name),
    findMany: async (name) => (await service.findAll([name])).get(name),
    findAll: (names) => service.findAll(names),
    findTagged: (name, tag) => service.findTagged(name, tag),
    evictTagged: (tag) => service.updateTagged(tag),
    evict: (name) => service.update(name),
    clear: () => service.replace(),
    close,
  };
}
