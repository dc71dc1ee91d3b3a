import type { RedisOptions } from 'ioredis';
import type { CacheConfigurationError } from '../errors/index.js';
import { insteadOf, isKnownName, useOf } from './ioredis-options.js';
import { bareHost, isDatabase, isFamily, isHost, isPort } from './redis-address.js';
import { notRepeated, notUsed } from './refusals.js';

/** The schemes, and whether they stand for TLS. */
const SCHEMES: Readonly<Record<string, boolean>> = { 'redis:': false, 'rediss:': true, 'valkey:': false, 'valkeys:': true };

/** `unix://`, user and password, and the beginning of a path. */
const UNIX = /^unix:\/\/([^/?#]*@)?\//i;

/** An address that holds nothing but user and password, host, port, database and parameters. */
const WITH_PORT = /^(?:(?:redis|valkey)s?:\/\/)?(?:[^@/?#]*@)?[^@/?#]*:(\d+)(?:\/\d*)?\/?(?:\?[^@#]*)?$/i;

/** The parameters that are read. */
const DB = 'db';
const FAMILY = 'family';

/**
 * Reads where a server is and how it is entered from text:
 * - a URL `redis[s]://[user][:password@]host[:port][/db]`, also with `valkey[s]://`,
 * - `unix://[user][:password@]/path/to.sock`, or the path of the socket alone,
 * - `host:port`.
 *
 * User and password are percent-encoded. `?db=` and `?family=` are read. Other parameters that ioredis knows
 * are accepted if they concern only ioredis itself, and refused if not.
 *
 * @param what - names the text in messages, which never repeat it.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` when it cannot be read.
 */
export function readRedisUrl(text: string, what = '`redis`'): RedisOptions {
  if (/^\/(?!\/)/.test(text)) return { path: text };
  const isUnix = UNIX.test(text);
  const url = isUnix ? tryUrl(text.replace(UNIX, 'unix://$1socket/')) : tryUrl(text.includes('://') ? text : `redis://${text}`);
  if (hasWrongPort(text)) throw notRepeated(what, 'a URL with a port from 1 to 65535', 'The port is another one.');
  // A password with `#` or `?` ends the address too early; the part before it looks like a host and a port.
  if (url === undefined || url.search.includes('@') || url.hash.includes('@')) throw notAUrl(what);
  const place = isUnix ? socketOf(url) : serverOf(url);
  const login = loginOf(url);
  if (place === undefined || login === undefined) throw notAUrl(what);
  checkParameters(url, what, isUnix);
  return { ...place, ...login };
}

function hasWrongPort(text: string): boolean {
  const port = WITH_PORT.exec(text)?.[1];
  return port !== undefined && !isPort(Number(port));
}

function tryUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined; // Node's error contains the whole text, password included: it must not become a cause.
  }
}

function serverOf(url: URL): RedisOptions | undefined {
  const host = bareHost(url.hostname);
  const path = /^\/?(\d*)\/?$/.exec(url.pathname)?.[1];
  const db = numberOf(url.searchParams.get(DB) ?? path);
  const family = numberOf(url.searchParams.get(FAMILY) ?? '');
  if (!(url.protocol in SCHEMES)) return undefined;
  if (!isHost(host) || !(url.port === '' || isPort(Number(url.port))) || path === undefined) return undefined;
  if (!isAbsentOr(isDatabase, db) || !isAbsentOr(isFamily, family)) return undefined;
  return {
    host: host === '' ? 'localhost' : host,
    port: url.port === '' ? 6379 : Number(url.port),
    ...(db === undefined ? {} : { db }),
    ...(family === undefined ? {} : { family }),
    ...(SCHEMES[url.protocol] === true ? { tls: {} } : {}),
  };
}

function socketOf(url: URL): RedisOptions | undefined {
  const path = decoded(url.pathname);
  const db = numberOf(url.searchParams.get(DB) ?? '');
  // As above: a password with a `/` ends too early, and the path would hold the rest of it.
  if (path === undefined || path === '/' || url.pathname.includes('@') || !isAbsentOr(isDatabase, db)) return undefined;
  return { path, ...(db === undefined ? {} : { db }) };
}

function loginOf(url: URL): RedisOptions | undefined {
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === undefined || password === undefined) return undefined;
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

/** Whatever is dropped in silence may lead to another server than was meant, or to the keys of others. */
function checkParameters(url: URL, what: string, isUnix: boolean): void {
  for (const name of url.searchParams.keys()) {
    if (name === DB || (name === FAMILY && !isUnix) || useOf(name) === 'own') continue;
    if (!isKnownName(name)) {
      throw notRepeated(`the parameters of ${what}`, '`db` or `family`', insteadOf(name) ?? 'Options of ioredis are known as well.');
    }
    const hint = useOf(name) === 'elsewhere' ? insteadOf(name) : undefined;
    throw notUsed(
      `The parameter \`${name}\` of ${what}`,
      hint ??
        'In a URL it is rediss://user:password@host:port/db, or unix://user:password@/path?db=0. All else needs the options of ioredis.',
    );
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `undefined` for an empty text, and `NaN` for one that is no number. */
const numberOf = (text: string | undefined): number | undefined =>
  text === '' || text === undefined ? undefined : /^\d+$/.test(text) ? Number(text) : Number.NaN;

const isAbsentOr = (check: (value: unknown) => boolean, value: unknown): boolean => value === undefined || check(value);

const notAUrl = (what: string): CacheConfigurationError =>
  notRepeated(
    what,
    'a URL such as redis://user:password@host:6379/0 or rediss://host',
    'Percent-encode special characters of the password.',
  );
