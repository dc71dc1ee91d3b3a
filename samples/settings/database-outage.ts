import type { Client } from '@libsql/client';
import { openSqlFile } from '../support/sql-file.js';
import type { SettingValue } from './setting.js';

/**
 * How the database goes away in the story, and comes back. A migration goes wrong, and the table has another name:
 * from one moment to the next every query of every server fails. No server is told.
 */
export class DatabaseOutage {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @param file - the database. It has the table. */
  static async open(file: string): Promise<DatabaseOutage> {
    return new DatabaseOutage(await openSqlFile(file));
  }

  async begin(): Promise<void> {
    await this.#client.execute('ALTER TABLE setting RENAME TO setting_away');
  }

  /** @param corrections - what is written into the table by hand before it is back. No server is told. */
  async end(corrections: Readonly<Record<string, SettingValue>>): Promise<void> {
    const sql = 'UPDATE setting_away SET value = :value, version = version + 1 WHERE name = :name';
    const updates = Object.entries(corrections).map(([name, value]) => ({ sql, args: { name, value: JSON.stringify(value) } }));
    await this.#client.batch([...updates, 'ALTER TABLE setting_away RENAME TO setting'], 'write');
  }

  /** Idempotent. */
  close(): void {
    this.#client.close();
  }
}
