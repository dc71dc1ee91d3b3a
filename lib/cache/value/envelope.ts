import { CacheValueError } from '../../errors/index.js';
import { MAXIMUM_DURATION_MS, type Milliseconds } from '../../time/index.js';

/** How long an entry lives. */
export interface Life {
  /** For how long after it was written its value is fresh. Longer than 0. */
  readonly ttlMs: Milliseconds;
  /** For how long after that it is kept, in case that its method fails. */
  readonly staleMs: Milliseconds;
}

/** What an entry says beside its value, as its writer knows it. */
export interface EntryFacts {
  /** Default: the entry does not say. */
  readonly life?: Life | undefined;
  /** Those that it carries, in a cache with tags. `since` has to be added. Default: no such cache. */
  readonly tags?: readonly string[] | undefined;
  /** Of the shape of its value. Default: none. */
  readonly version?: string | undefined;
}

/** An entry of the remote tier. */
export interface StoredEntry<V = unknown> {
  readonly value: V;
  /** How long the entry is kept after it was written, in milliseconds. `undefined`: unknown. */
  readonly life?: Milliseconds | undefined;
  /** How much of that, at the end of it, is no part of the life of its value. Default: nothing. */
  readonly stale?: Milliseconds | undefined;
  /**
   * Until when it is kept, in ms since the Unix epoch, by the clock of the storing server. `undefined`:
   * unknown.
   */
  readonly end?: Milliseconds | undefined;
  /** What its writer calls the shape of its value. */
  readonly version?: string | undefined;
  /** The tags that it carries, of a cache with tags. */
  readonly tagged?: StoredTags | undefined;
}

/** What an entry of a cache with tags says beside its value. */
export interface StoredTags {
  /** In their encoded form, each once. */
  readonly tags: readonly string[];
  /** The number of the last eviction before its load began. */
  readonly since: number;
}

/** A value as written: either `value` or `devalue`; `typed` only with `value`, `type` only with `typed`. */
export interface Written {
  value?: unknown;
  devalue?: unknown;
  /** What is an instance: the value, or each of its elements. */
  typed?: 'value' | 'elements' | undefined;
  /** The stored name of its class. Absent: the class has none. */
  type?: string | undefined;
}

/**
 * An entry as written: a value, or, with tags, `entry`, `tags` and `since` in its place; `end` and `stale`
 * only with `life`.
 */
export interface Envelope extends Written {
  entry?: Written | undefined;
  tags?: readonly string[] | undefined;
  since?: number | undefined;
  version?: string | undefined;
  life?: number | undefined;
  stale?: number | undefined;
  end?: number | undefined;
}

/** The most tags that an entry may carry. */
export const MAXIMUM_TAGS = 32;

/** The most characters that the end of an entry adds to its length. */
const LONGEST_END = `,"end":${Number.MAX_SAFE_INTEGER}`.length;
const LONGEST_SINCE = `,"since":${Number.MAX_SAFE_INTEGER}`.length;

/** The text before an encoded value and the text behind it, and how much is added to it when it is stored. */
export function around({ life, tags, version }: EntryFacts): { readonly head: string; readonly tail: string; readonly more: number } {
  const staleMs = life === undefined ? 0 : keptMs(life) - life.ttlMs;
  const stale = staleMs > 0 ? `,"stale":${staleMs}` : '';
  const lives = life === undefined ? '' : `,"life":${keptMs(life)}${stale}`;
  const own = tags === undefined ? '' : `},"tags":${JSON.stringify(tags)}`;
  return {
    head: tags === undefined ? '' : '{"entry":',
    tail: `${own}${version === undefined ? '' : `,"version":${JSON.stringify(version)}`}${lives}}`,
    more: (life === undefined ? 0 : LONGEST_END) + (tags === undefined ? 0 : LONGEST_SINCE),
  };
}

/** How long an entry is kept: while it is fresh, and after. */
export const keptMs = ({ ttlMs, staleMs }: Life): Milliseconds => Math.min(ttlMs + staleMs, MAXIMUM_DURATION_MS);

/**
 * An encoded entry with its end added, as the server's script writes it: in place of the last brace.
 *
 * @param end - until when it is kept, in whole ms since the Unix epoch, by the clock of the storing server.
 */
export const ended = (raw: string, end: Milliseconds): string => `${raw.slice(0, -1)},"end":${end}}`;

/**
 * An encoded entry of a cache with tags, with the number of the last eviction before its load began. Stored
 * without it, it would be unreadable.
 */
export const stamped = (raw: string, since: number): string => `${raw.slice(0, -1)},"since":${since}}`;

/** How the text of an entry ends. No value can end so: the brace of an object in it would come between. */
const TAIL = /"life":(\d+)(?:,"stale":(\d+))?(?:,"since":\d+)?,"end":(\d+)\}$/;
const LONGEST_TAIL = 128;

/**
 * When a stored entry was written, and until when its value is fresh, by the clock of the storing server.
 * `undefined`: it does not say. `LIFE` in `lib/eviction/script-prelude.ts` does the same on the server.
 */
export function livesIn(raw: string): { readonly writtenAt: Milliseconds; readonly freshUntil: Milliseconds } | undefined {
  const found = TAIL.exec(raw.slice(-LONGEST_TAIL));
  if (found === null) return undefined;
  const [life, stale, end] = [found[1], found[2] ?? '0', found[3]].map(Number) as [number, number, number];
  return { writtenAt: end - life, freshUntil: end - stale };
}

/**
 * How many properties of an envelope say something beside its value.
 *
 * @throws {CacheValueError} `CACHE_VALUE_CORRUPT` if one of them cannot be right.
 */
export function countFacts({ life, stale, end, version }: Envelope, tagged: StoredTags | undefined): number {
  if (life !== undefined && !isWithin(life, MAXIMUM_DURATION_MS)) throw corrupt('has an invalid life');
  if (stale !== undefined && !(life !== undefined && isWithin(stale, life))) throw corrupt('has an invalid stale time');
  if (end !== undefined && (life === undefined || !isWithin(end, Number.MAX_SAFE_INTEGER))) throw corrupt('has an invalid end');
  if (version !== undefined && typeof version !== 'string') throw corrupt('has an invalid version');
  const said = (fact: unknown): number => (fact === undefined ? 0 : 1);
  return said(life) + said(stale) + said(end) + said(version) + (tagged === undefined ? 0 : 2);
}

/** What an envelope says beside its value, as fields of an entry. */
export const factsOf = ({ life, stale, end, version }: Envelope, tagged: StoredTags | undefined): Omit<StoredEntry, 'value'> => ({
  ...(life === undefined ? {} : { life }),
  ...(stale === undefined ? {} : { stale }),
  ...(end === undefined ? {} : { end }),
  ...(version === undefined ? {} : { version }),
  ...(tagged === undefined ? {} : { tagged }),
});

/**
 * The tags in an envelope. `undefined`: it is one of a cache without tags.
 *
 * @throws {CacheValueError} `CACHE_VALUE_CORRUPT`.
 */
export function tagsOf({ entry, tags, since }: Envelope): StoredTags | undefined {
  if (entry === undefined && tags === undefined && since === undefined) return undefined;
  const isRead = typeof entry === 'object' && entry !== null && Array.isArray(tags) && tags.length <= MAXIMUM_TAGS;
  if (!isRead || !tags.every((tag) => typeof tag === 'string') || !Number.isSafeInteger(since) || (since as number) < 0)
    throw corrupt('has invalid tags');
  return { tags, since: since as number };
}

/** Whether `n` is a whole number greater than 0, and at most `most`. */
const isWithin = (n: unknown, most: number): boolean => Number.isSafeInteger(n) && (n as number) > 0 && (n as number) <= most;

export const corrupt = (why: string): CacheValueError =>
  new CacheValueError('CACHE_VALUE_CORRUPT', `An entry of the remote tier ${why}.`, {
    hint: 'Another program wrote it, or another version of this library. It is replaced when its key is next loaded.',
  });
