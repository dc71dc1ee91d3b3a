import type { Client, InStatement, Row } from '@libsql/client';
import { openSqlFile } from '../support/sql-file.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS author (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  );
  CREATE TABLE IF NOT EXISTS book (
    name      TEXT PRIMARY KEY,
    author_id INTEGER NOT NULL REFERENCES author (id),
    price     REAL NOT NULL,
    version   INTEGER NOT NULL DEFAULT 1
  )`;

/** An SQL database in a file that several processes use at once. */
export class Database {
  readonly #client: Client;

  /** @param client - as {@link Database.open} makes it; closed with this. */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Opens the file, and creates it and its tables where they are missing. */
  static async open(file: string): Promise<Database> {
    const client = await openSqlFile(file);
    await client.executeMultiple(SCHEMA);
    return new Database(client);
  }

  /** Runs one statement and returns its rows. */
  async execute(statement: InStatement): Promise<readonly Row[]> {
    return (await this.#client.execute(statement)).rows;
  }

  /** Runs all statements in one transaction and returns the rows of each. */
  async transaction(statements: InStatement[]): Promise<readonly (readonly Row[])[]> {
    return (await this.#client.batch(statements, 'write')).map(({ rows }) => rows);
  }

  /** Idempotent. */
  close(): void {
    this.#client.close();
  }
}
