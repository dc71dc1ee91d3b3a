import { printable } from './printable.js';

/**
 * A refused value as a message may repeat it: printable, bounded, and without what could be a user and a
 * password. Text before an `@` is hidden in any form, because a URL may stand where a name is expected.
 */
export function shown(value: unknown): string {
  const text = withoutCredentials(textOf(value));
  const [, scheme = ''] = SCHEME.exec(text) ?? [];
  const at = text.lastIndexOf('@');
  const safe = at < 0 ? text : `${scheme}***@${text.slice(at + 1)}`;
  return printable(safe);
}

/** The same as the end of a message, with its type. Empty text is told in words. */
export const shownWithType = (value: unknown): string => (value === '' ? 'an empty string' : `\`${shown(value)}\` (${typeof value})`);

/**
 * `text` without users and passwords of URLs. Everything up to the last `@` is removed, because a password
 * may hold `/`, `@`, `#`, `?` and blanks. Of a Redis URL only host, port and database are kept, or path and
 * database. Other text, for example an e-mail address, stays as it is.
 */
export function withoutCredentials(text: string): string {
  if (text.includes('://')) return text.replace(REDIS_URL, masked(ADDRESS)).replace(UNIX_URL, masked(SOCKET)).replace(OTHER_URL, '$1***@');
  return BARE.test(text) ? `***${text.slice(text.lastIndexOf('@'))}` : text;
}

const SCHEME = /^((?:redis|rediss|valkey|valkeys|unix|https?):\/\/)/i;
/** From the scheme to the end: nothing shows where the password ends. */
const REDIS_URL = /((?:redis|valkey)s?:\/\/)([^]*)/gi;
const UNIX_URL = /(unix:\/\/)([^]*)/gi;
const OTHER_URL = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi;
/** `user:password@host:6379/0` is a URL too. A key such as `~["a:b@c"]` is not. */
const BARE = /^[^\s"'{}[\]@]*:[^]*@(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:\/\d*)?$/i;
/** What may follow: the end of the URL and of the text, or a quotation mark and more text. */
const ADDRESS = /^((?:[\w.-]+|\[[\da-f:.]+\])?(?::\d{1,5})?(?:\/\d*)?)(?:$|["'`\])},;\s].*$)/is;

/** The same for a path, `?db=` and what follows. */
const SOCKET = /^(\/[^\s"'`?#@]*(?:\?db=\d*)?)(?:$|["'`\])},;\s].*$)/is;

/** Keeps what follows the last `@`, or the whole, if it has the form of `place`. */
const masked =
  (place: RegExp) =>
  (_match: string, scheme: string, rest: string): string => {
    const at = rest.lastIndexOf('@');
    const tail = rest.slice(at + 1);
    if (!place.test(tail)) return `${scheme}***`;
    return at < 0 ? `${scheme}${rest}` : `${scheme}***@${tail}`;
  };

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value; // An object without a prototype has no text.
  }
}
