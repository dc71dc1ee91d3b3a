import { printable } from '../errors/index.js';
import { ALL_STATES, findCache, type KnownCache, ownerOfState } from '../eviction/index.js';
import type { InstanceStatus } from '../fleet/index.js';
import { scan, type Scanned } from './scan.js';
import type { StoreLink } from './store-link.js';
import { firstOf } from './table.js';

/** Where a cache is looked for, or several. */
interface Wanted {
  readonly namespace: string;
  readonly caches: readonly string[];
}

/** How many keys of the database are looked at for the names of caches. */
const MAXIMUM_SCANNED = 100_000;

/** How many names of caches are told. */
const MAXIMUM_NAMES = 50;

/**
 * A cache as Redis knows it. Without bookkeeping it complains, with the names that Redis knows, and
 * returns `undefined`. It only reads.
 *
 * @throws {RemoteCacheError} when Redis does not answer, or another program has written the generation.
 */
export async function knownCache(link: StoreLink, cache: string, complain: (line: string) => void): Promise<KnownCache | undefined> {
  const { connection, namespace } = link;
  const known = await findCache(connection, namespace, cache);
  if (known !== undefined) return known;
  const scanned = await scan(link, ALL_STATES, MAXIMUM_SCANNED).catch(() => undefined); // The user may not have the right.
  complain(`Redis at ${connection.endpoint.label} knows no cache '${cache}' in namespace '${namespace}'.${knownNames(namespace, scanned)}`);
  return undefined;
}

function knownNames(namespace: string, scanned: Scanned | undefined): string {
  if (scanned === undefined) return '';
  const known = scanned.keys.map(ownerOfState).filter((owner) => owner !== undefined);
  const caches = known.filter((owner) => owner.namespace === namespace).map(({ cache }) => cache);
  const namespaces = new Set(known.map((owner) => owner.namespace));
  const partly = scanned.isWhole ? '' : ` (in the first ${MAXIMUM_SCANNED} keys of the database)`;
  if (caches.length > 0) return ` Caches there${partly}: ${listOf(caches)}.`;
  return namespaces.size > 0 ? ` Namespaces with caches${partly}: ${listOf([...namespaces])}.` : ` There is no cache at all${partly}.`;
}

/** A complaint for each wanted cache that none of these instances has. Without instances there is none. */
export function unknownToAll({ namespace, caches }: Wanted, instances: readonly InstanceStatus[]): readonly string[] {
  if (instances.length === 0) return [];
  const known = new Set(instances.flatMap((status) => Object.keys(status.caches)));
  const there = known.size === 0 ? 'they have none' : `they have ${listOf([...known].sort())}`;
  return caches
    .filter((name) => !known.has(name))
    .map((name) => `No instance of namespace '${namespace}' has a cache '${name}'; ${there}.`);
}

const listOf = (names: readonly string[]): string => firstOf(names, MAXIMUM_NAMES, ', ', printable);
