import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { runInTransaction } from '../../lib/index.js';
import { type DataLayer, untyped } from './data-layer.js';

/** drizzle-orm on an SQLite file by way of libsql, which gives each transaction a connection of its own. */
export async function openDrizzle(): Promise<DataLayer> {
  const [{ drizzle }, { integer, sqliteTable, text }, { eq }] = await Promise.all(
    ['drizzle-orm/libsql', 'drizzle-orm/sqlite-core', 'drizzle-orm'].map(untyped),
  );
  const folder = await mkdtemp(join(tmpdir(), 'transactions-'));
  const client = createClient({ url: `file:${join(folder, 'book.db')}` });
  await client.executeMultiple(
    'PRAGMA journal_mode = WAL; CREATE TABLE book (name TEXT PRIMARY KEY, price INTEGER NOT NULL CHECK (price >= 0));',
  );
  const db = drizzle(client);
  const book = sqliteTable('book', { name: text().primaryKey(), price: integer().notNull() });
  const current = new AsyncLocalStorage<any>();
  const handle = (): any => current.getStore() ?? db;

  return {
    name: 'drizzle-orm on libsql',
    isConcurrent: true,
    transaction: (work) => runInTransaction(() => handle().transaction((tx: unknown) => current.run(tx, work))),
    async findPrice(name) {
      const [row] = await handle().select().from(book).where(eq(book.name, name));
      return row?.price;
    },
    async setPrice(name, price) {
      await handle().insert(book).values({ name, price }).onConflictDoUpdate({ target: book.name, set: { price } });
    },
    async close() {
      client.close();
      await rm(folder, { recursive: true });
    },
  };
}
