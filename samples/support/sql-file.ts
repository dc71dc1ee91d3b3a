import { pathToFileURL } from 'node:url';
import { type Client, createClient } from '@libsql/client';

/** How long a statement waits for another process that is writing, in milliseconds. */
const BUSY_TIMEOUT_MS = 2_000;

/** Opens an SQL database in a file that several processes may use at once, and creates it where it is missing. */
export async function openSqlFile(file: string): Promise<Client> {
  const client = createClient({ url: pathToFileURL(file).href, timeout: BUSY_TIMEOUT_MS });
  await client.execute('PRAGMA journal_mode = WAL'); // Readers and a writer do not stand in each other's way.
  return client;
}
