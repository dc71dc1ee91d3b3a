/** The most keys of one step: a script must not hold a server up. */
export const MAXIMUM_CHUNK = 1_000;

/** The most characters that they, or their values, are written out with: a message is no longer than 256 KB, and needs room for the rest. */
export const MAXIMUM_CHUNK_LENGTH = 250 * 1_024;

/** How long a key is in a message, quotation marks and comma included. */
export const writtenLength = (key: string): number => JSON.stringify(key).length + 1;

/** Where the chunk ends that begins at `from`. */
export function endOfChunk(keys: readonly string[], from: number): number {
  let length = 0;
  for (let end = from; end < keys.length; end += 1) {
    length += writtenLength(keys[end] as string);
    if (end > from && (end - from === MAXIMUM_CHUNK || length > MAXIMUM_CHUNK_LENGTH)) return end;
  }
  return keys.length;
}

/** `keys` in pieces, each fit for one step. */
export function chunksOf<K extends string>(keys: readonly K[]): (readonly K[])[] {
  const chunks: (readonly K[])[] = [];
  for (let from = 0; from < keys.length;) {
    const end = endOfChunk(keys, from);
    chunks.push(from === 0 && end === keys.length ? keys : keys.slice(from, end));
    from = end;
  }
  return chunks;
}
