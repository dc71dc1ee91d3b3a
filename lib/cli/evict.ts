import { MAXIMUM_LINE_LENGTH, printable, printableJson, withoutCredentials } from '../errors/index.js';
import { defaultTopic, Guest, type GuestReceipt, type KnownCache, RemoteKeys } from '../eviction/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { knownCache } from './known-caches.js';
import type { StoreLink } from './store-link.js';
import { counted, firstOf, MAXIMUM_KEYS_PRINTED } from './table.js';
import { keyForPeople, type TypedKey } from './typed-key.js';

/** The connections that an eviction needs. */
export interface EvictLinks {
  readonly store: StoreLink;
  /** Hears the acknowledgements. */
  readonly fleet: FleetLink;
}

/** How many names of instances are printed. */
const MAXIMUM_INSTANCES_PRINTED = 20;

/**
 * Evicts keys or tags, or clears a cache, as an instance does that does not keep the cache. A cache without
 * bookkeeping in Redis is refused, and so are tags of a cache without them; then nothing is written.
 *
 * @returns the exit code: `1` if Redis knows no such cache, or no tags of it.
 * @throws {CacheError} when Redis cannot be reached, or did not execute it.
 */
export async function evict(
  line: CommandLine,
  { store, fleet }: EvictLinks,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const { namespace, topic, acks } = line;
  const cache = line.caches[0] as string;
  const known = await knownCache(store, cache, (text) => complain(`${text} Nothing was written.`));
  if (known === undefined) return 1;
  if (line.tags.length > 0 && !(await hasTags(known, line, store))) {
    complain(`No instance stores tags in cache '${cache}' of namespace '${namespace}'. Nothing was written.`);
    return 1;
  }
  const channel = topic ?? defaultTopic(namespace, cache, fleet.database);
  const guest = new Guest({
    connection: store.connection,
    container: fleet.listeners,
    namespace,
    cache,
    channel,
    generation: known.generation,
    isTagged: known.isPure,
    name: `command-line-${process.pid}`,
  });
  const [keys, tags] = [encodedOf(line.keys), encodedOf(line.tags)];
  const receipt = await guest.evict(line.command === 'clear' ? 'all' : tags.length > 0 ? { tags } : { keys }, acks === 'all');
  const { hearing } = receipt;
  if (hearing !== undefined && hearing.heard.length === 0 && hearing.missing.length > 0)
    complain(`No instance has heard it on the topic '${channel}'. If the cache has another topic, name that by --topic.`);
  tell(line, { keys: keys.map(withoutCredentials), tags: tags.map(withoutCredentials) }, receipt, print);
  return 0;
}

/** Without them, an eviction of tags would begin a new generation, and so clear the cache. */
async function hasTags({ isPure }: KnownCache, { namespace, caches }: CommandLine, store: StoreLink): Promise<boolean> {
  const { tags } = new RemoteKeys(namespace, caches[0] as string);
  return isPure || (await store.ask('zcard', (client) => client.zCard(tags))) > 0;
}

const encodedOf = (typed: readonly TypedKey[]): readonly string[] => [...new Set(typed.flatMap(({ encoded }) => encoded))];

function tell(
  line: CommandLine,
  { keys, tags }: { readonly keys: readonly string[]; readonly tags: readonly string[] },
  receipt: GuestReceipt,
  print: (line: string) => void,
): void {
  const { command, acks, isJson } = line;
  const cache = line.caches[0] as string;
  const { present, hearing } = receipt;
  if (isJson) {
    const heardBy = hearing && { heardBy: hearing.heard.length, missing: hearing.missing };
    const of = tags.length > 0 ? { op: 'evictTagged', keys, tags } : { op: command, keys };
    return print(printableJson({ cache, ...of, acks, present, ...heardBy }));
  }
  const named = firstOf(tags.length > 0 ? tags : keys, MAXIMUM_KEYS_PRINTED, ' ', (key) => keyForPeople(key));
  const evicted = tags.length === 0 ? named : `${tags.length === 1 ? 'tag' : 'tags'} ${named}`;
  const what = command === 'clear' ? `Cleared ${printable(cache)}` : `Evicted ${evicted} from ${printable(cache)}`;
  print(`${what}: ${[...presenceOf(receipt, keys.length), hearingOf(receipt)].join('; ')}`);
  for (const { hint } of [...line.keys, ...line.tags]) if (hint !== undefined) print(printable(hint, MAXIMUM_LINE_LENGTH));
}

function presenceOf({ present }: GuestReceipt, count: number): readonly string[] {
  if (present === undefined) return [];
  return [`${present} of ${counted(count, 'key')} ${present === 1 || count === 1 ? 'was' : 'were'} there`];
}

function hearingOf({ hearing }: GuestReceipt): string {
  if (hearing === undefined) return 'the instances follow within their bound.';
  const { heard, missing } = hearing;
  const by = `heard by ${counted(heard.length, 'instance')}`;
  if (missing.length === 0) return `${by}.`;
  const names = firstOf(missing, MAXIMUM_INSTANCES_PRINTED, ', ', printable);
  return `${by}; not by ${names}: ${missing.length === 1 ? 'its read lease has' : 'their read leases have'} ended.`;
}
