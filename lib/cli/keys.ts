import { MAXIMUM_LINE_LENGTH, printableJson } from '../errors/index.js';
import { RemoteKeys } from '../eviction/index.js';
import type { CommandLine } from './command-line.js';
import { knownCache } from './known-caches.js';
import { scan } from './scan.js';
import type { StoreLink } from './store-link.js';
import { counted } from './table.js';
import { keyForPeople } from './typed-key.js';

/**
 * Lists the keys that Redis holds of a cache, or counts them. It only reads.
 *
 * @returns the exit code: `1` if Redis knows no such cache.
 * @throws {CacheError} when Redis does not answer, or the user may not scan.
 */
export async function keys(
  { caches, namespace, limit, isCount, isJson }: CommandLine,
  link: StoreLink,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const cache = caches[0] as string;
  const known = await knownCache(link, cache, complain);
  if (known === undefined) return 1;
  const prefix = new RemoteKeys(namespace, cache).data(known.generation, '');
  const found = await scan(link, `${prefix}*`, limit); // Names hold no wildcards.
  const partly = `${limit === 1 ? 'the first key of the database was' : `the first ${limit} keys of the database were`} looked at; see --limit`;
  if (isCount) {
    const count = found.keys.length;
    if (isJson) print(printableJson({ cache, count, isWhole: found.isWhole }));
    else if (found.isWhole) print(counted(count, 'key'));
    else print(`at least ${counted(count, 'key')} (${partly})`);
    return 0;
  }
  for (const stored of found.keys) {
    const key = stored.slice(prefix.length);
    print(isJson ? printableJson({ cache, key }) : keyForPeople(key, MAXIMUM_LINE_LENGTH));
  }
  if (!found.isWhole) complain(`There may be more: ${partly}.`);
  return 0;
}
