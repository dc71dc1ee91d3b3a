// The library as it was built last, and decorated services without TypeScript.
import 'reflect-metadata';

const root = new URL(`../../${process.env.BENCH_BUILD ?? 'build'}/`, import.meta.url);
export const library = await import(new URL('lib/index.js', root).href);

/** A module of the inside of the library, to measure a part alone. */
export const inside = (path) => import(new URL(`lib/${path}`, root).href);
export const { Container } = await import('inversify');

/** A service of an inversify container whose methods are decorated: `{ find: [body, decorator] }`. */
export function serviceClass(methods) {
  class BookService {}
  for (const [name, [body, decorator]] of Object.entries(methods)) {
    Object.defineProperty(BookService.prototype, name, { value: body, writable: true, configurable: true });
    const descriptor = Object.getOwnPropertyDescriptor(BookService.prototype, name);
    Object.defineProperty(BookService.prototype, name, decorator(BookService.prototype, name, descriptor) ?? descriptor);
  }
  return BookService;
}

/** `count` tags, the same for every book. */
const tagsOf = (count) => Array.from({ length: count }, (_, i) => `author ${i}`);

/** The options of `@Cacheable` and `@CachePut` for entries with `count` tags; for none, no options. */
export const tagged = (count = 0) => (count === 0 ? undefined : { tags: () => tagsOf(count) });

/** The options of `enableCaching` for a cache with tags. Older builds know none: without a count there are no such options. */
export const withTags = (cache, count = 0) => (count === 0 ? {} : { caches: { [cache]: { tags: true } } });

/** Options that a busy machine does not overrun: it must not turn hits in the process into reads of Redis, nor reads of Redis into calls. */
export const PATIENT = { bound: '10s', timeout: '5s', deadline: '20s' };

/** An instance of `Service` from a container with caching. */
export async function served(Service, options) {
  const container = new Container();
  container.bind(Service).toSelf().inSingletonScope();
  const manager = await library.enableCaching(container, options);
  return { service: container.get(Service), manager, container, close: () => container.unbindAllAsync() };
}

/** The script of an eviction on a client of its own: what an eviction takes without a cache around it. */
export async function scriptAlone(redis, channel) {
  const { createClient } = await import('@keyv/redis');
  const { EVICT } = await inside('eviction/scripts.js');
  const client = createClient({ url: redis });
  await client.connect();
  const sha = await client.sendCommand(['SCRIPT', 'LOAD', EVICT.source]);
  const own = ['state', 'members', 'hosts'].map((name) => `${channel}:${name}`);
  await client.set(`${channel}:state`, '1:1:ab');
  const head = '{"v":2,"cache":"book","seq":';
  const evict = (key) =>
    client.evalSha(sha, {
      keys: [`${channel}:1::${key}`, `${channel}:1:lease::${key}`, ...own],
      arguments: ['1', '1', channel, head, `,"op":"evict","keys":["${key}"],"origin":"bench","ns":"bench"}`, 'book', '0', '0'],
    });
  return { evict, client };
}
