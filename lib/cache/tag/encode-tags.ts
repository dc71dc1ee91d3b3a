import { CacheConfigurationError, CacheKeyError } from '../../errors/index.js';
import { encodeKey } from '../key/encode-key.js';
import { MAXIMUM_TAGS } from '../value/envelope.js';

/**
 * The encoded forms of the tags of one entry, or of one eviction, each once.
 *
 * @param most - how many there may be. Default: as many as an entry can carry.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for what is no array, or too many.
 * @throws {CacheKeyError} for a tag that cannot be encoded. A tag is a key of a kind.
 */
export function encodeTags(tags: unknown, most = MAXIMUM_TAGS): readonly string[] {
  if (!Array.isArray(tags)) {
    const got = tags === null ? 'null' : typeof tags;
    throw new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`tags\` to be an array, got ${got}.`, {
      hint: typeof tags === 'string' ? 'Put a single tag into an array, too.' : undefined,
    });
  }
  const encoded = [...new Set(Array.from(tags as unknown[], encodeTag))]; // Not `map`: it skips holes.
  if (encoded.length <= most) return encoded;
  throw new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected at most ${most} tags, got ${encoded.length}.`, {
    hint: 'Tag an entry with what it is made of: one tag for each row, or one for a group of them.',
  });
}

function encodeTag(tag: unknown): string {
  if (tag === undefined) throw new CacheKeyError('CACHE_KEY_UNDEFINED', 'A tag is `undefined`.');
  return encodeKey(tag);
}
