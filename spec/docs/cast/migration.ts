import type { CacheClient } from '@type-cacheable/core';
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
