import { AsyncLocalStorage } from 'node:async_hooks';
import { type ControlledTransaction, Kysely, type PostgresPool, PostgresDialect, sql, type Transaction } from 'kysely';
import { runInTransaction } from '../../lib/index.js';
import { type DataLayer, untyped } from './data-layer.js';

interface Schema {
  readonly book: { readonly name: string; readonly price: number };
}

/** kysely on PGlite: Postgres in this process. It has one connection, which is handed out to one user at a time. */
export async function openKysely(): Promise<DataLayer> {
  const { PGlite } = await untyped('@electric-sql/pglite');
  const postgres = await PGlite.create();
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: poolOfOne(postgres) }) });
  await sql`CREATE TABLE book (name TEXT PRIMARY KEY, price INTEGER NOT NULL CHECK (price >= 0))`.execute(db);
  const current = new AsyncLocalStorage<Transaction<Schema>>();
  const handle = (): Kysely<Schema> => current.getStore() ?? db;

  return {
    name: 'kysely on PGlite',
    isConcurrent: false,
    transaction: (work) => {
      const outer = current.getStore() as ControlledTransaction<Schema> | undefined;
      if (outer !== undefined) return runInTransaction(() => nested(outer, work));
      return runInTransaction(() => db.transaction().execute((tx) => current.run(tx, work)));
    },
    async findPrice(name) {
      const row = await handle().selectFrom('book').select('price').where('name', '=', name).executeTakeFirst();
      return row?.price;
    },
    async setPrice(name, price) {
      const insert = handle().insertInto('book').values({ name, price });
      await insert.onConflict((conflict) => conflict.column('name').doUpdateSet({ price })).execute();
    },
    async close() {
      await db.destroy();
      await postgres.close();
    },
  };
}

/** kysely's plain transactions do not nest: a savepoint by hand. */
async function nested<T>(outer: Kysely<Schema>, work: () => Promise<T>): Promise<T> {
  await sql`SAVEPOINT nested`.execute(outer);
  try {
    const result = await work();
    await sql`RELEASE SAVEPOINT nested`.execute(outer);
    return result;
  } catch (error) {
    await sql`ROLLBACK TO SAVEPOINT nested`.execute(outer);
    throw error;
  }
}

/** What kysely needs of node-postgres' pool, over one connection. */
function poolOfOne(postgres: any): PostgresPool {
  let last = Promise.resolve();
  return {
    async connect() {
      const before = last;
      let release!: () => void;
      last = new Promise((resolve) => (release = resolve));
      await before;
      return {
        async query(text: string, parameters: readonly unknown[]) {
          const { rows, affectedRows } = await postgres.query(text, [...parameters]);
          return { command: 'SELECT', rowCount: affectedRows ?? 0, rows };
        },
        release,
      };
    },
    end: () => Promise.resolve(),
  } as unknown as PostgresPool;
}
