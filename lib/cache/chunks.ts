import { type Eviction, hasTags, type Withheld } from './eviction.js';

/** The largest number of keys in one step. There is a limit because a long script would block the server. */
export const MAXIMUM_CHUNK = 1_000;

/**
 * The largest number of characters of the written keys, or of the values, in one step. A message has at most
 * 256 KB, and needs some room for its other parts.
 */
export const MAXIMUM_CHUNK_LENGTH = 250 * 1_024;

/** The length of a key in a message, with its quotation marks and comma. */
const writtenLength = (key: string): number => JSON.stringify(key).length + 1;

/** The end of the chunk that begins at `from`. */
function endOfChunk(keys: readonly string[], from: number): number {
  let length = 0;
  for (let end = from; end < keys.length; end += 1) {
    length += writtenLength(keys[end] as string);
    if (end > from && (end - from === MAXIMUM_CHUNK || length > MAXIMUM_CHUNK_LENGTH)) return end;
  }
  return keys.length;
}

/** Splits `keys` into chunks, each small enough for one step. */
export function chunksOf<K extends string>(keys: readonly K[]): (readonly K[])[] {
  const chunks: (readonly K[])[] = [];
  for (let from = 0; from < keys.length;) {
    const end = endOfChunk(keys, from);
    chunks.push(from === 0 && end === keys.length ? keys : keys.slice(from, end));
    from = end;
  }
  return chunks;
}

/** An eviction in parts that are each small enough for one step. */
export function partsOf(eviction: Withheld): readonly Withheld[];
export function partsOf(eviction: Eviction): readonly Eviction[];
export function partsOf(eviction: Eviction): readonly Eviction[] {
  if (eviction === 'all') return [eviction];
  return hasTags(eviction) ? chunksOf(eviction.tags).map((tags) => ({ tags })) : chunksOf(eviction.keys).map((keys) => ({ keys }));
}
