import { pathToFileURL } from 'node:url';
import { type Client, createClient, type InStatement, type Row } from '@libsql/client';

/** How long a statement waits for another process that is writing, in milliseconds. */
const BUSY_TIMEOUT_MS = 2_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS book (
    name    TEXT PRIMARY KEY,
    author  TEXT NOT NULL,
    price   REAL NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
  )`;

/** An SQL database in a file that several processes use at once. */
export class Database {
  readonly #client: Client;

  /** @param client - as {@link Database.open} makes it; closed with this. */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Opens the file, and creates it and its table where they are missing. */
  static async open(file: string): Promise<Database> {
    const client = createClient({ url: pathToFileURL(file).href, timeout: BUSY_TIMEOUT_MS });
    await client.execute('PRAGMA journal_mode = WAL'); // Readers and a writer do not stand in each other's way.
    await client.execute(SCHEMA);
    return new Database(client);
  }

  /** Runs one statement and returns its rows. */
  async execute(statement: InStatement): Promise<readonly Row[]> {
    return (await this.#client.execute(statement)).rows;
  }

  /** Runs all statements in one transaction. */
  async transaction(statements: InStatement[]): Promise<void> {
    await this.#client.batch(statements, 'write');
  }

  /** Idempotent. */
  close(): void {
    this.#client.close();
  }
}
