// An awaited hit in the process, through what each library offers for a method or a function.
import { awaited, names } from '../harness/rounds.mjs';

const COUNT = 64;
const MASK = COUNT - 1;
const keys = names(COUNT);
const load = (name) => ({ name, price: 12 });
const loadTwo = (name, edition) => ({ name, edition, price: 12 });

/** One argument or two; both are warmed here, so that every call in a round is a hit. */
async function hits(one, two, isTwo, close) {
  for (const key of keys) await (isTwo ? two(key, key.length) : one(key));
  const call = isTwo ? (i) => two(keys[i & MASK], keys[i & MASK].length) : (i) => one(keys[i & MASK]);
  return { ...awaited(call), close };
}

/** An `async` method in front of a Map: what one writes by hand, without any end of life. */
export async function handWritten({ isTwo }) {
  class BookService {
    books = new Map();
    async find(name) {
      let book = this.books.get(name);
      if (book === undefined) this.books.set(name, (book = load(name)));
      return book;
    }
    async findTwo(name, edition) {
      const key = `${name}:${edition}`;
      let book = this.books.get(key);
      if (book === undefined) this.books.set(key, (book = loadTwo(name, edition)));
      return book;
    }
  }
  const service = new BookService();
  return hits(
    (name) => service.find(name),
    (name, edition) => service.findTwo(name, edition),
    isTwo,
  );
}

/** Many such methods, each with a Map of its own, called in turn. */
export async function handWrittenMany({ methods }) {
  class BookService {
    constructor() {
      for (let i = 0; i < methods; i += 1) this[`books${i}`] = new Map();
    }
  }
  for (let i = 0; i < methods; i += 1) {
    BookService.prototype[`find${i}`] = new Function(
      'load',
      `return async function find${i}(name) {
        let book = this.books${i}.get(name);
        if (book === undefined) this.books${i}.set(name, (book = load(name)));
        return book;
      };`,
    )(load);
  }
  return inTurn(new BookService(), methods);
}

/** The same with a time to live. */
export async function handWrittenWithTtl({ isTwo }) {
  class BookService {
    books = new Map();
    async find(name) {
      const held = this.books.get(name);
      if (held !== undefined && held.endsAt > Date.now()) return held.book;
      const book = load(name);
      this.books.set(name, { book, endsAt: Date.now() + 3_600_000 });
      return book;
    }
    async findTwo(name, edition) {
      const key = `${name}:${edition}`;
      const held = this.books.get(key);
      if (held !== undefined && held.endsAt > Date.now()) return held.book;
      const book = loadTwo(name, edition);
      this.books.set(key, { book, endsAt: Date.now() + 3_600_000 });
      return book;
    }
  }
  const service = new BookService();
  return hits(
    (name) => service.find(name),
    (name, edition) => service.findTwo(name, edition),
    isTwo,
  );
}

/** Ours: a decorated method of an inversify service, both tiers, Redis behind, read lease and time to live checked, statistics on. */
export async function ours({ redis, methods = 1, isTwo, tags }) {
  const { library, PATIENT, serviceClass, served, tagged, withTags } = await import('../harness/library.mjs');
  const bodies = {};
  for (let i = 0; i < methods; i += 1) {
    bodies[`find${i}`] = [async (name) => load(name), library.Cacheable(`book${i}`, tagged(tags))];
    bodies[`findTwo${i}`] = [async (name, edition) => loadTwo(name, edition), library.Cacheable(`edition${i}`)];
  }
  const { service, close } = await served(serviceClass(bodies), {
    redis,
    namespace: `hit-${process.pid}`,
    ...PATIENT,
    defaults: { ttl: '1h' },
    ...withTags('book0', tags),
  });
  if (methods === 1)
    return hits(
      (name) => service.find0(name),
      (name, edition) => service.findTwo0(name, edition),
      isTwo,
      close,
    );
  return { ...(await inTurn(service, methods)), close };
}

/** Every call another method, each from its own place in the program. */
async function inTurn(service, methods) {
  const calls = Array.from({ length: methods }, (_, i) => new Function('service', `return (name) => service.find${i}(name)`)(service));
  for (const call of calls) for (const key of keys) await call(key);
  return awaited((i) => calls[i % methods](keys[i & MASK]));
}

export async function lruCache({ isTwo }) {
  const { LRUCache } = await import('lru-cache');
  const cache = new LRUCache({
    max: 1_000,
    ttl: 3_600_000,
    fetchMethod: async (key) => load(key),
  });
  return hits(
    (name) => cache.fetch(name),
    (name, edition) => cache.fetch(`${name}:${edition}`),
    isTwo,
  );
}

export async function keyv({ isTwo }) {
  const { Keyv } = await import('keyv');
  const cache = new Keyv({ ttl: 3_600_000, serialize: undefined, deserialize: undefined });
  const find = async (key) => {
    const found = await cache.get(key);
    if (found !== undefined) return found;
    const book = load(key);
    await cache.set(key, book);
    return book;
  };
  return hits(find, (name, edition) => find(`${name}:${edition}`), isTwo);
}

export async function layeredLoader({ isTwo }) {
  const { Loader } = await import('layered-loader');
  const loader = new Loader({
    inMemoryCache: { ttlInMsecs: 3_600_000, maxItems: 1_000, cacheType: 'lru-object', cacheId: 'book' },
    dataSources: [{ get: async (key) => load(key), getMany: async (them) => them.map(load), name: 'books' }],
  });
  return hits(
    (name) => loader.get(name),
    (name, edition) => loader.get(`${name}:${edition}`),
    isTwo,
  );
}

/** Its fastest documented way to a hit: synchronous, and awaited by the caller only if there is none. */
export async function layeredLoaderSync({ isTwo }) {
  const { Loader } = await import('layered-loader');
  const loader = new Loader({
    inMemoryCache: { ttlInMsecs: 3_600_000, maxItems: 1_000, cacheType: 'lru-object', cacheId: 'book' },
    dataSources: [{ get: async (key) => load(key), getMany: async (them) => them.map(load), name: 'books' }],
  });
  const find = (key) => loader.getInMemoryOnly(key) ?? loader.getAsyncOnly(key);
  return hits(find, (name, edition) => find(`${name}:${edition}`), isTwo);
}

export async function bentocache({ isTwo }) {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const bento = new BentoCache({
    default: 'books',
    stores: { books: bentostore().useL1Layer(memoryDriver({ maxItems: 1_000, serialize: false })) },
    ttl: '1h',
  });
  const find = (key) => bento.getOrSet({ key, factory: () => load(key) });
  return hits(
    find,
    (name, edition) => find(`${name}:${edition}`),
    isTwo,
    () => bento.disconnectAll(),
  );
}

export async function cacheable({ isTwo }) {
  const { Cacheable, CacheableMemory, KeyvCacheableMemory, Keyv } = await import('cacheable');
  void CacheableMemory;
  const cache = new Cacheable({ primary: new Keyv({ store: new KeyvCacheableMemory({ lruSize: 1_000, useClone: false }) }), ttl: '1h' });
  const find = (key) => cache.getOrSet(key, async () => load(key));
  return hits(
    find,
    (name, edition) => find(`${name}:${edition}`),
    isTwo,
    () => cache.disconnect(),
  );
}

export async function cacheManager({ isTwo }) {
  const { createCache } = await import('cache-manager');
  const cache = createCache({ ttl: 3_600_000 });
  const find = (key) => cache.wrap(key, async () => load(key));
  return hits(find, (name, edition) => find(`${name}:${edition}`), isTwo);
}

export async function asyncCacheDedupe({ isTwo }) {
  const { createCache } = await import('async-cache-dedupe');
  const cache = createCache({ ttl: 3_600, storage: { type: 'memory', options: { size: 1_000 } } });
  cache.define('find', async (name) => load(name));
  cache.define('findTwo', async ({ name, edition }) => loadTwo(name, edition));
  return hits(
    (name) => cache.find(name),
    (name, edition) => cache.findTwo({ name, edition }),
    isTwo,
  );
}

export async function typeCacheable({ isTwo }) {
  const { Cacheable } = await import('@type-cacheable/core');
  const { useAdapter } = await import('@type-cacheable/lru-cache-adapter');
  const { LRUCache } = await import('lru-cache');
  const client = useAdapter(new LRUCache({ max: 1_000, ttl: 3_600_000 }));
  class BookService {
    async find(name) {
      return load(name);
    }
    async findTwo(name, edition) {
      return loadTwo(name, edition);
    }
  }
  const cacheKeys = { find: ([name]) => name, findTwo: ([name, edition]) => `${name}:${edition}` };
  for (const [name, cacheKey] of Object.entries(cacheKeys)) {
    const descriptor = Object.getOwnPropertyDescriptor(BookService.prototype, name);
    Object.defineProperty(
      BookService.prototype,
      name,
      Cacheable({ client, cacheKey, ttlSeconds: 3_600 })(BookService.prototype, name, descriptor) ?? descriptor,
    );
  }
  const service = new BookService();
  return hits(
    (name) => service.find(name),
    (name, edition) => service.findTwo(name, edition),
    isTwo,
  );
}
