import type { Client, InStatement, Row } from '@libsql/client';
import { openSqlFile } from '../support/sql-file.js';

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
    const client = await openSqlFile(file);
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
