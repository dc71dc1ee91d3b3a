// compiles
import {
  type AllDecorator,
  type AllMethod,
  Cacheable,
  CacheableAll,
  type CacheableAllOptions,
  CacheEvict,
  cacheProxy,
  Caching,
  composeDecorators,
  type ServiceLocator,
} from '../../../lib/index.js';

/** Stands for a class of somebody else's. */
interface Client {
  find(id: number): Promise<string>;
  findAll(ids: readonly number[], language?: string): Promise<Map<number, string>>;
  list(ids: number[]): Promise<(string | undefined)[]>;
  record(ids: readonly number[]): Promise<Record<number, string>>;
  byName(ids: readonly number[]): Promise<Map<string, string>>;
}

/** A decorator with a name of its own. */
const Fresh = <M extends AllMethod>(options: CacheableAllOptions<M>): AllDecorator<M> => CacheableAll<M>('book', options);

export class Books {
  @Fresh({ key: (id) => id.toFixed() })
  async findAll(_ids: readonly number[]): Promise<Map<number, string>> {
    return new Map();
  }

  // @ts-expect-error -- it must be the only cache operation of its method
  @composeDecorators(CacheableAll('book'), CacheEvict('list', { allEntries: true }))
  async composed(_ids: readonly number[]): Promise<Map<number, string>> {
    return new Map();
  }

  // @ts-expect-error -- it must be the only cache operation of its method
  @Caching({ cacheableAll: { cacheNames: 'book' } })
  async grouped(_ids: readonly number[]): Promise<Map<number, string>> {
    return new Map();
  }
}

/** A stand-in takes it for the methods that it can be written above. */
export const proxied = (locator: ServiceLocator, client: Client): readonly Client[] => [
  cacheProxy(locator, client, {
    find: Cacheable('name', { key: (id) => id.toFixed() }),
    findAll: CacheableAll('name', { key: (id, language) => [id.toFixed(), language ?? ''], unless: (name, id) => name.length === id }),
    list: CacheableAll('name', { result: 'array', key: (id) => id.toFixed(), unless: (name) => name.length === 0 }),
  }),
  cacheProxy(locator, client, { findAll: CacheableAll('name') }),
  cacheProxy(locator, client, { findAll: CacheableAll() }),
  cacheProxy(locator, client, { findAll: CacheableAll({ cacheNames: 'name', ttl: (name, id) => name.length * id }) }),
  cacheProxy(locator, client, { findAll: Cacheable('name', { key: (ids, language) => [ids.join(), language ?? ''] }) }),
  cacheProxy(locator, client, { findAll: composeDecorators(Cacheable('name'), CacheEvict('list', { key: (ids) => ids[0] })) }),
  // @ts-expect-error -- it has no ids
  cacheProxy(locator, client, { find: CacheableAll('name') }),
  // @ts-expect-error -- an array needs `result: 'array'`
  cacheProxy(locator, client, { list: CacheableAll('name') }),
  // @ts-expect-error -- a map is no array
  cacheProxy(locator, client, { findAll: CacheableAll('name', { result: 'array' }) }),
  // @ts-expect-error -- a record is no map
  cacheProxy(locator, client, { record: CacheableAll('name') }),
  // @ts-expect-error -- the keys of the map are no ids
  cacheProxy(locator, client, { byName: CacheableAll('name') }),
  // @ts-expect-error -- the id is a number
  cacheProxy(locator, client, { findAll: CacheableAll('name', { key: (id) => id.trim() }) }),
];
