import type { Client } from '@libsql/client';
import { injectable } from 'inversify';
import { openSqlFile } from '../support/sql-file.js';
import type { ApiKey } from './api-key.js';
import { isPlanName } from './plan.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS api_key (
    id          TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    owner       TEXT NOT NULL,
    plan        TEXT NOT NULL,
    is_admin    INTEGER NOT NULL,
    revoked_at  INTEGER
  );
  CREATE TABLE IF NOT EXISTS revoked_token (
    id         TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
  )`;

/** The truth about credentials: an SQL database in a file, which all gateways share. It holds fingerprints and ids, no credential. */
@injectable()
export class CredentialStore {
  readonly #client: Client;

  /** @param client - as {@link CredentialStore.open} makes it; closed with this. */
  constructor(client: Client) {
    this.#client = client;
  }

  static async open(file: string): Promise<CredentialStore> {
    const client = await openSqlFile(file);
    await client.executeMultiple(SCHEMA);
    return new CredentialStore(client);
  }

  async addKey({ id, owner, plan, isAdmin }: ApiKey, fingerprint: string): Promise<void> {
    const sql = 'INSERT INTO api_key (id, fingerprint, owner, plan, is_admin) VALUES (:id, :fingerprint, :owner, :plan, :isAdmin)';
    await this.#client.execute({ sql, args: { id, fingerprint, owner, plan, isAdmin } });
  }

  /** `undefined`: there is none, or it is revoked. */
  async findKey(fingerprint: string): Promise<ApiKey | undefined> {
    const sql = 'SELECT id, owner, plan, is_admin FROM api_key WHERE fingerprint = :fingerprint AND revoked_at IS NULL';
    const [row] = (await this.#client.execute({ sql, args: { fingerprint } })).rows;
    if (row === undefined) return undefined;
    const { id, owner, plan, is_admin: isAdmin } = row;
    if (!isPlanName(plan)) throw new Error(`Key '${String(id)}' has the plan '${String(plan)}', which there is not.`);
    return { id: String(id), owner: String(owner), plan, isAdmin: isAdmin === 1 };
  }

  /** The fingerprint of the key that is revoked from now on, or was before. `undefined`: there is none of this id. */
  async revokeKey(id: string): Promise<string | undefined> {
    const sql = 'UPDATE api_key SET revoked_at = coalesce(revoked_at, :now) WHERE id = :id RETURNING fingerprint';
    const [row] = (await this.#client.execute({ sql, args: { id, now: Date.now() } })).rows;
    return row === undefined ? undefined : String(row['fingerprint']);
  }

  /** Idempotent. Those that have expired meanwhile are forgotten: nobody accepts them any more. */
  async revokeToken(id: string, expiresAtMs: number): Promise<void> {
    await this.#client.batch(
      [
        { sql: 'DELETE FROM revoked_token WHERE expires_at < :now', args: { now: Date.now() } },
        { sql: 'INSERT OR IGNORE INTO revoked_token VALUES (:id, :expiresAtMs)', args: { id, expiresAtMs } },
      ],
      'write',
    );
  }

  async isTokenRevoked(id: string): Promise<boolean> {
    const sql = 'SELECT 1 FROM revoked_token WHERE id = :id';
    return (await this.#client.execute({ sql, args: { id } })).rows.length > 0;
  }

  /** Idempotent. */
  close(): void {
    this.#client.close();
  }
}
