import type { CacheClient } from '@type-cacheable/core';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';

export interface Book {
  readonly isbn: string;
  readonly name: string;
  readonly price: number;
}

export interface Draft {
  readonly name: string;
}

const book = (name: string): Book => ({ isbn: '9780441172719', name, price: 12 });

/** What stands for a database. */
export const repository = {
  find: async (name: string): Promise<Book> => book(name),
  findAll: async (isbns: readonly string[]): Promise<Map<string, Book>> => new Map(isbns.map((isbn) => [isbn, book(isbn)])),
  save: async ({ name }: Draft): Promise<Book> => book(name),
  update: async (_name: string, _price: number): Promise<void> => {},
  remove: async (_name: string): Promise<void> => {},
};

/** What stands for Keyv on Redis. */
export const sharedStore = new Keyv();

/** What an adapter of type-cacheable would make. */
export const client: CacheClient = {
  get: async () => undefined,
  set: async () => undefined,
  del: async () => undefined,
  keys: async () => [],
  delHash: async () => undefined,
  getClientTTL: () => 0,
};

/** Connects when it is used. */
export const redis = new Redis({ lazyConnect: true });

/** What of DataLoader the page uses. */
export class DataLoader<K, V> {
  readonly #batch: (keys: readonly K[]) => Promise<ArrayLike<V | Error>>;
  #gathered: { readonly keys: K[]; readonly values: Promise<ArrayLike<V | Error>> } | undefined;

  constructor(batch: (keys: readonly K[]) => Promise<ArrayLike<V | Error>>, _options?: { readonly cache?: boolean }) {
    this.#batch = batch;
  }

  async load(key: K): Promise<V> {
    const { keys, values } = (this.#gathered ??= this.#gather());
    const place = keys.push(key) - 1;
    const value = (await values)[place] as V | Error;
    if (value instanceof Error) throw value;
    return value;
  }

  #gather(): { readonly keys: K[]; readonly values: Promise<ArrayLike<V | Error>> } {
    const keys: K[] = [];
    const values = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#gathered = undefined;
      return this.#batch(keys);
    });
    return { keys, values };
  }
}
