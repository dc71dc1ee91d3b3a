import { library, serviceClass, served } from '../../harness/library.mjs';

export const packages = [];
export const exported = async () => library;

/** Decorated methods of an inversify service, everything at its default. */
export async function start({ redis, load, ttlMs }) {
  const Service = serviceClass({
    find: [(name) => load(name), library.Cacheable('book')],
    update: [async () => undefined, library.CacheEvict('book')],
    replace: [async () => undefined, library.CacheEvict('book', { allEntries: true })],
  });
  const { service, close } = await served(Service, { redis, defaults: { ttl: `${ttlMs}ms` } });
  return {
    isDecorated: true,
    find: (name) => service.find(name),
    evict: (name) => service.update(name),
    clear: () => service.replace(),
    close,
  };
}
