import { type CacheKey, decodeKey, encodeKey } from '../cache/index.js';
import { printable, withoutCredentials } from '../errors/index.js';

/** A key as people type it. */
export interface TypedKey {
  /**
   * What may be meant, as the cache writes it. Text such as `42` may be the text or the number: both are
   * tried.
   */
  readonly encoded: readonly string[];
  /** Says what was tried, if there is more than one. */
  readonly hint: string | undefined;
}

/**
 * Reads a key as the cache writes it, or text.
 *
 * @throws {CacheKeyError} `CACHE_KEY_UNSUPPORTED` for text that begins with `~` and is not a key.
 */
export function readTypedKey(text: string): TypedKey {
  const encoded = encodeKey(decodeKey(text));
  const other = text.startsWith('~') ? undefined : untagged(text);
  if (other === undefined) return { encoded: [encoded], hint: undefined };
  const otherEncoded = encodeKey(other.key);
  const [asText, asOther] = [text, otherEncoded].map(withoutCredentials);
  return { encoded: [encoded, otherEncoded], hint: `${asText} was tried as text and as the ${kindOf(other.key)} ${asOther}.` };
}

/** An encoded key for people, printable. The empty key is shown as it can be typed. */
export const keyForPeople = (encoded: string, maximumLength?: number): string =>
  encoded === '' ? '~""' : printable(encoded, maximumLength);

/** The key that is written as `text` behind its `~`, if there is one and it is no text. */
function untagged(text: string): { readonly key: CacheKey } | undefined {
  try {
    const key = decodeKey(`~${text}`);
    return typeof key === 'string' ? undefined : { key };
  } catch {
    return undefined;
  }
}

function kindOf(key: CacheKey): string {
  if (key === null || key === undefined) return 'value';
  if (key instanceof Date) return 'date';
  return Array.isArray(key) ? 'list' : typeof key;
}
