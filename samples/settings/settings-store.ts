import type { Client, Row } from '@libsql/client';
import { injectable } from 'inversify';
import { noteCommit, noteDatabaseRead } from '../support/request-trace.js';
import { openSqlFile } from '../support/sql-file.js';
import { DEFINITIONS, type Setting, SettingError, type SettingValue } from './setting.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS setting (
    name    TEXT PRIMARY KEY,
    value   TEXT NOT NULL, -- JSON
    version INTEGER NOT NULL DEFAULT 1
  )`;

/** The truth about settings: a table in an SQL database that all servers use. */
@injectable()
export class SettingsStore {
  readonly #client: Client;

  /** @param client - as {@link SettingsStore.open} makes it; closed with this. */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Opens the file, and fills in what is missing. */
  static async open(file: string): Promise<SettingsStore> {
    const client = await openSqlFile(file);
    const sql = 'INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING';
    const initial = Object.entries(DEFINITIONS).map(([name, { initial }]) => ({ sql, args: { name, value: JSON.stringify(initial) } }));
    await client.batch([SCHEMA, ...initial], 'write');
    return new SettingsStore(client);
  }

  async findAll(): Promise<readonly Setting[]> {
    return this.#execute('SELECT name, value, version FROM setting');
  }

  async find(name: string): Promise<Setting | undefined> {
    const [found] = await this.#execute('SELECT name, value, version FROM setting WHERE name = :name', { name });
    noteDatabaseRead();
    return found;
  }

  /** Returns it with its new version. */
  async save(name: string, value: SettingValue): Promise<Setting> {
    const sql = 'UPDATE setting SET value = :value, version = version + 1 WHERE name = :name RETURNING name, value, version';
    const [saved] = await this.#execute(sql, { name, value: JSON.stringify(value) });
    noteCommit();
    if (saved === undefined) throw new Error(`The database has no setting '${name}'.`);
    return saved;
  }

  /** Idempotent. */
  close(): void {
    this.#client.close();
  }

  /** @throws {SettingError} 503 when the database does not do it. */
  async #execute(sql: string, args: Readonly<Record<string, string>> = {}): Promise<readonly Setting[]> {
    try {
      return (await this.#client.execute({ sql, args })).rows.map(toSetting);
    } catch (cause) {
      const why = (cause as Error).message.replace(/^SQLITE_\w+: /, '');
      throw new SettingError(503, `The database failed: ${why}`, { cause });
    }
  }
}

const toSetting = ({ name, value, version }: Row): Setting => ({
  name: String(name),
  value: JSON.parse(String(value)) as SettingValue,
  version: Number(version),
});
