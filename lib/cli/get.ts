import { inspect } from 'node:util';
import { type StoredTags, ValueCodec } from '../cache/index.js';
import { CacheError, CacheValueError, MAXIMUM_LINE_LENGTH, printable, printableJson, withoutCredentials } from '../errors/index.js';
import { RemoteKeys } from '../eviction/index.js';
import type { Milliseconds } from '../time/index.js';
import type { CommandLine } from './command-line.js';
import { knownCache } from './known-caches.js';
import type { StoreLink } from './store-link.js';
import { milliseconds } from './table.js';
import { keyForPeople, type TypedKey } from './typed-key.js';

/** What Redis holds of a key. */
type Stored =
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly reason: string }
  | ({
      /**
       * `overtaken`: a tag of it was evicted after it was loaded. `stale`: its life has ended, and it is kept
       * in case that its method fails.
       */
      readonly state: 'held' | 'stale' | 'overtaken';
      readonly ageMs?: Milliseconds | undefined;
      /** Of its life; of a stale one, until it is not kept any more. */
      readonly leftMs?: Milliseconds | undefined;
      /** What its writer calls the shape of its value. */
      readonly version?: string | undefined;
    } & StoredValue &
      Partial<TagsFound>);

/** What Redis tells of the tags of an entry. */
interface TagsFound {
  readonly tags: readonly string[];
  /** Those that were evicted after the entry was loaded. */
  readonly evictedBy: readonly string[];
  /** Whether Redis knows of every eviction of them since then. */
  readonly isRecorded: boolean;
}

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
 * @returns the exit code: `1` if it is absent, damaged, stale or overtaken, or Redis knows no such cache.
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
  const known = await knownCache(link, cache, complain);
  if (known === undefined) return 1;
  const keys = new RemoteKeys(line.namespace, cache);
  const found: { readonly key: string; readonly stored: Stored }[] = [];
  for (const key of encoded) found.push({ key: withoutCredentials(key), stored: await read(link, keys, known.generation, key) });
  if (line.isJson) for (const { key, stored } of found) print(printableJson({ cache, key, ...stored }, Infinity));
  else {
    const present = found.filter(({ stored }) => stored.state !== 'absent');
    for (const { key, stored } of present.length > 0 ? present : found.slice(0, 1)) tell({ cache, key, stored }, print, complain);
    if (hint !== undefined) complain(hint);
  }
  return found.some(({ stored }) => stored.state === 'held') ? 0 : 1;
}

async function read(link: StoreLink, keys: RemoteKeys, generation: string, key: string): Promise<Stored> {
  try {
    const [raw, [seconds, micros]] = await Promise.all([
      link.ask('get', (client) => client.get(keys.data(generation, key))),
      link.ask('time', (client) => client.time()),
    ]);
    if (typeof raw !== 'string') return { state: 'absent' };
    const { value, life, stale = 0, end, version, tagged } = new ValueCodec().decode(raw);
    const keptMs = end === undefined ? undefined : Math.max(0, end - Math.floor(Number(seconds) * 1_000 + Number(micros) / 1_000));
    const isStale = stale > 0 && keptMs !== undefined && keptMs <= stale;
    const leftMs = keptMs === undefined || isStale ? keptMs : keptMs - stale;
    const ageMs = keptMs === undefined || life === undefined ? undefined : Math.max(0, life - keptMs);
    const found = tagged && (await look(link, keys.tags, generation, tagged));
    return {
      state: found !== undefined && found.evictedBy.length > 0 ? 'overtaken' : isStale ? 'stale' : 'held',
      ...(ageMs === undefined ? {} : { ageMs }),
      ...(leftMs === undefined ? {} : { leftMs }),
      ...(version === undefined ? {} : { version }),
      ...found,
      ...shownAs(raw, value),
    };
  } catch (error) {
    if (error instanceof CacheValueError) return { state: 'damaged', reason: error.message };
    if (isOfAnotherType(error)) return { state: 'damaged', reason: 'It is not a string in Redis.' };
    throw error;
  }
}

/** The value in an entry, or in the `entry` of one with tags. */
type Written = StoredValue & { readonly devalue?: unknown };

/** Looks when the tags of an entry were evicted last, as instances do: see `TAGS` in `script-prelude.ts`. */
async function look(link: StoreLink, tagsKey: string, generation: string, { tags, since }: StoredTags): Promise<TagsFound> {
  const ask = link.ask('tags', (client) => client.zmScore(tagsKey, [`*${generation}`, ...tags.map((tag) => `:${tag}`)]));
  const [floor, ...numbers] = await ask.catch((error: unknown) => {
    if (isOfAnotherType(error)) return [];
    throw error;
  });
  return {
    tags: tags.map(withoutCredentials),
    evictedBy: tags.filter((_, i) => (numbers[i] ?? 0) > since).map(withoutCredentials),
    isRecorded: tags.length === 0 || (typeof floor === 'number' && -floor <= since),
  };
}

/** The value, and what the entry says of its form. */
function shownAs(raw: string, value: unknown): StoredValue {
  const envelope = JSON.parse(raw) as Written & { readonly entry?: Written | undefined };
  const { devalue, typed, type } = envelope.entry ?? envelope;
  if (devalue !== undefined) return { inspected: inspect(value, WHOLE) };
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
  print([`${name} is in ${cache}`, ...lifeOf(stored), ...typeOf(stored), ...tagsOf(stored)].join(', '));
  if (stored.state === 'stale') complain('Its life has ended: instances serve it only if its method fails.');
  const { evictedBy = [], isRecorded = true } = stored;
  if (evictedBy.length > 0) complain(`No instance serves it any more: it was evicted by ${tagsInWords(evictedBy)}.`);
  else if (!isRecorded) complain('Redis does not know any more whether a tag of it was evicted since it was loaded.');
  print(stored.inspected === undefined ? printableJson(stored.value, Infinity) : printable(stored.inspected, Infinity));
}

function lifeOf({ state, ageMs, leftMs, version }: Exclude<Stored, { readonly state: 'absent' | 'damaged' }>): readonly string[] {
  const kept = state === 'stale' ? 'stale, kept for' : 'for';
  return [
    ...(ageMs === undefined ? [] : [`${milliseconds(ageMs)} old`]),
    leftMs === undefined ? 'for an unknown time' : `${kept} ${milliseconds(leftMs)} more`,
    ...(version === undefined ? [] : [`version ${printable(version)}`]),
  ];
}

const tagsOf = ({ tags = [] }: Partial<TagsFound>): readonly string[] => (tags.length === 0 ? [] : [tagsInWords(tags)]);

const tagsInWords = (tags: readonly string[]): string =>
  `${tags.length === 1 ? 'tag' : 'tags'} ${tags.map((tag) => keyForPeople(tag)).join(' ')}`;

function typeOf({ typed, type }: StoredValue): readonly string[] {
  if (typed === undefined) return [];
  const what = type === undefined ? "an instance of the cache's class" : `an instance of '${printable(type)}'`;
  return [typed === 'elements' ? `each element ${what}` : what];
}
