import type { StoreLink } from './store-link.js';

/** The keys that a {@link scan} found. */
export interface Scanned {
  readonly keys: readonly string[];
  /** Whether the whole database was looked at. */
  readonly isWhole: boolean;
}

/** How many keys one step looks at. It takes the server less than a millisecond. */
const KEYS_PER_STEP = 1_000;

/**
 * The keys of the database that match `pattern`, sorted.
 *
 * @param limit - how many keys of the database are looked at, whether they match or not. A few more may be.
 * @throws {RemoteCacheError} when Redis does not answer, or the user may not scan.
 */
export async function scan(link: StoreLink, pattern: string, limit: number): Promise<Scanned> {
  const found = new Set<string>(); // A key may come twice.
  let cursor = '0';
  let looked = 0;
  do {
    const count = Math.min(KEYS_PER_STEP, limit - looked);
    const reply = await link.ask('scan', (client) => client.scan(cursor, { MATCH: pattern, COUNT: count }));
    for (const key of reply.keys) found.add(key);
    cursor = reply.cursor;
    looked += count;
  } while (cursor !== '0' && looked < limit);
  return { keys: [...found].sort(), isWhole: cursor === '0' };
}
