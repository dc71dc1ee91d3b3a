import { inspect } from 'node:util';
import { ValueCodec } from '../cache/index.js';
import { CacheError, CacheValueError, MAXIMUM_LINE_LENGTH, printable, printableJson, withoutCredentials } from '../errors/index.js';
import { RemoteKeys } from '../eviction/index.js';
import type { Milliseconds } from '../time/index.js';
import type { CommandLine } from './command-line.js';
import { knownGeneration } from './known-caches.js';
import type { StoreLink } from './store-link.js';
import { milliseconds } from './table.js';
import { keyForPeople, type TypedKey } from './typed-key.js';

/** What Redis holds of a key. */
type Stored =
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly reason: string }
  | ({ readonly state: 'held'; readonly ageMs?: Milliseconds | undefined; readonly leftMs?: Milliseconds | undefined } & StoredValue);

/** A value, as far as a program can know it that does not have the application's classes. */
interface StoredValue {
  /** A value that JSON can express. */
  readonly value?: unknown;
  /** Any other value, in the words of Node's `inspect`. */
  readonly inspected?: string | undefined;
  /** What is an instance of a class of the application: the value, or its elements. */
  readonly typed?: string | undefined;
  /** The name of that class in the option `type`, if it has one. */
  readonly type?: string | undefined;
}

/**
 * Prints what Redis holds of a key: the value, its age and what is left of its life. It only reads.
 *
 * @returns the exit code: `1` if it is absent or damaged, or Redis knows no such cache.
 * @throws {CacheError} when Redis does not answer.
 */
export async function get(
  line: CommandLine,
  link: StoreLink,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const cache = line.caches[0] as string;
  const { encoded, hint } = line.keys[0] as TypedKey;
  const generation = await knownGeneration(link, cache, complain);
  if (generation === undefined) return 1;
  const keys = new RemoteKeys(line.namespace, cache);
  const found: { readonly key: string; readonly stored: Stored }[] = [];
  for (const key of encoded) found.push({ key: withoutCredentials(key), stored: await read(link, keys.data(generation, key)) });
  if (line.isJson) for (const { key, stored } of found) print(printableJson({ cache, key, ...stored }, Infinity));
  else {
    const present = found.filter(({ stored }) => stored.state !== 'absent');
    for (const { key, stored } of present.length > 0 ? present : found.slice(0, 1)) tell({ cache, key, stored }, print, complain);
    if (hint !== undefined) complain(hint);
  }
  return found.some(({ stored }) => stored.state === 'held') ? 0 : 1;
}

async function read(link: StoreLink, key: string): Promise<Stored> {
  try {
    const [raw, [seconds, micros]] = await Promise.all([
      link.ask('get', (client) => client.get(key)),
      link.ask('time', (client) => client.time()),
    ]);
    if (typeof raw !== 'string') return { state: 'absent' };
    const { value, life, end } = new ValueCodec().decode(raw);
    const leftMs = end === undefined ? undefined : Math.max(0, end - Math.floor(Number(seconds) * 1_000 + Number(micros) / 1_000));
    const ageMs = leftMs === undefined || life === undefined ? undefined : Math.max(0, life - leftMs);
    return {
      state: 'held',
      ...(ageMs === undefined ? {} : { ageMs }),
      ...(leftMs === undefined ? {} : { leftMs }),
      ...shownAs(raw, value),
    };
  } catch (error) {
    if (error instanceof CacheValueError) return { state: 'damaged', reason: error.message };
    if (isOfAnotherType(error)) return { state: 'damaged', reason: 'It is not a string in Redis.' };
    throw error;
  }
}

/** The value, and what the entry says of its form. */
function shownAs(raw: string, value: unknown): StoredValue {
  const envelope = JSON.parse(raw) as StoredValue & { readonly devalue?: unknown };
  if (envelope.devalue !== undefined) return { inspected: inspect(value, WHOLE) };
  const { typed, type } = envelope;
  return { value, ...(typed === undefined ? {} : { typed }), ...(type === undefined ? {} : { type }) };
}

/** Everything, on one line. */
const WHOLE = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, breakLength: Infinity, compact: true } as const;

const isOfAnotherType = (error: unknown): boolean =>
  CacheError.is(error) && error.cause instanceof Error && error.cause.message.startsWith('WRONGTYPE ');

function tell(
  { cache, key, stored }: { readonly cache: string; readonly key: string; readonly stored: Stored },
  print: (line: string) => void,
  complain: (line: string) => void,
): void {
  const name = keyForPeople(key, MAXIMUM_LINE_LENGTH);
  if (stored.state === 'absent') return complain(`${name} is not in ${cache}.`);
  if (stored.state === 'damaged') return complain(`${name} is in ${cache}, but cannot be read: ${stored.reason}`);
  print([`${name} is in ${cache}`, ...lifeOf(stored), ...typeOf(stored)].join(', '));
  print(stored.inspected === undefined ? printableJson(stored.value, Infinity) : printable(stored.inspected, Infinity));
}

function lifeOf({
  ageMs,
  leftMs,
}: {
  readonly ageMs?: Milliseconds | undefined;
  readonly leftMs?: Milliseconds | undefined;
}): readonly string[] {
  return [
    ...(ageMs === undefined ? [] : [`${milliseconds(ageMs)} old`]),
    leftMs === undefined ? 'for an unknown time' : `for ${milliseconds(leftMs)} more`,
  ];
}

function typeOf({ typed, type }: StoredValue): readonly string[] {
  if (typed === undefined) return [];
  const what = type === undefined ? "an instance of the cache's class" : `an instance of '${printable(type)}'`;
  return [typed === 'elements' ? `each element ${what}` : what];
}
