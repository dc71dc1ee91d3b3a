import { MAXIMUM_LINE_LENGTH, printable, printableJson, withoutCredentials } from '../errors/index.js';
import { defaultTopic, Guest, type GuestReceipt } from '../eviction/index.js';
import type { CommandLine } from './command-line.js';
import type { FleetLink } from './fleet-link.js';
import { knownGeneration } from './known-caches.js';
import type { StoreLink } from './store-link.js';
import { counted, firstOf, MAXIMUM_KEYS_PRINTED } from './table.js';
import { keyForPeople } from './typed-key.js';

/** The connections that an eviction needs. */
export interface EvictLinks {
  readonly store: StoreLink;
  /** Hears the acknowledgements. */
  readonly fleet: FleetLink;
}

/** How many names of instances are printed. */
const MAXIMUM_INSTANCES_PRINTED = 20;

/**
 * Evicts keys, or clears a cache, as an instance does that does not keep the cache. A cache without
 * bookkeeping in Redis is refused, and then nothing is written.
 *
 * @returns the exit code: `1` if Redis knows no such cache.
 * @throws {CacheError} when Redis cannot be reached, or did not execute it.
 */
export async function evict(
  line: CommandLine,
  { store, fleet }: EvictLinks,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const { namespace, topic, acks, command, isJson } = line;
  const cache = line.caches[0] as string;
  const generation = await knownGeneration(store, cache, (text) => complain(`${text} Nothing was written.`));
  if (generation === undefined) return 1;
  const channel = topic ?? defaultTopic(namespace, cache, fleet.database);
  const guest = new Guest({
    connection: store.connection,
    container: fleet.listeners,
    namespace,
    cache,
    channel,
    generation,
    name: `command-line-${process.pid}`,
  });
  const keys = [...new Set(line.keys.flatMap(({ encoded }) => encoded))];
  const receipt = await guest.evict(command === 'clear' ? 'all' : { keys }, acks === 'all');
  const written = keys.map(withoutCredentials);
  const { present, hearing } = receipt;
  if (hearing !== undefined && hearing.heard.length === 0 && hearing.missing.length > 0)
    complain(`No instance has heard it on the topic '${channel}'. If the cache has another topic, name that by --topic.`);
  if (isJson) {
    const heardBy = hearing && { heardBy: hearing.heard.length, missing: hearing.missing };
    print(printableJson({ cache, op: command, keys: written, acks, present, ...heardBy }));
    return 0;
  }
  const what =
    command === 'clear'
      ? `Cleared ${printable(cache)}`
      : `Evicted ${firstOf(written, MAXIMUM_KEYS_PRINTED, ' ', (key) => keyForPeople(key))} from ${printable(cache)}`;
  print(`${what}: ${[...presenceOf(receipt, keys.length), hearingOf(receipt)].join('; ')}`);
  for (const { hint } of line.keys) if (hint !== undefined) print(printable(hint, MAXIMUM_LINE_LENGTH));
  return 0;
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
