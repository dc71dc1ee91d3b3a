import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Cluster, RedisOptions } from 'ioredis';
import { CacheConfigurationError, shown } from '../errors/index.js';
import { checkConnection, isClient, isCluster, type RedisConnection } from './redis-option.js';

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Whether both lead to the same server. Compares the texts: two names of one host are two addresses. */
export const isSameAddress = (one: RedisAddress, other: RedisAddress): boolean => one.host === other.host && one.port === other.port;

/** Where one Redis server is and how it is entered: plain values, from which any client can be made. */
export interface RedisEndpoint {
  /** Host name or address, IPv6 without brackets. Not used when {@link path} is set. */
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, in place of host and port. */
  readonly path?: string;
  /** `undefined`: the default user. */
  readonly username?: string;
  /** `undefined`: none. */
  readonly password?: string;
  /** The logical database. Pub/Sub ignores it. */
  readonly db: number;
  /** Options of TLS, `{}` for the defaults. `undefined`: no TLS. */
  readonly tls?: ConnectionOptions;
  /** Names the server in messages: `host:port`, or the path of its socket. Holds no credential. */
  readonly label: string;
}

/**
 * The single server that `redis` leads to.
 *
 * A URL is `redis[s]://[user][:password@]host[:port][/db]`, with user and password percent-encoded. `?db=`
 * and `?family=` are read, other parameters are not. A string without a scheme is read as `host:port`; one
 * that begins with `/` is the path of a Unix socket.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for text that cannot be read, which the message
 * does not repeat; and for Sentinel options and Cluster clients, which lead to more than one server.
 */
export function redisEndpoint(redis: RedisConnection): RedisEndpoint {
  checkConnection(redis);
  if (isCluster(redis)) throw severalServers('a Cluster client');
  const options = connectionOptions(redis);
  if (options.sentinels) throw severalServers('Sentinel options');
  const host = options.host ?? 'localhost';
  const port = options.port ?? 6379;
  const db = options.db ?? 0;
  return {
    host,
    port,
    ...(options.path ? { path: options.path } : {}),
    ...(options.username ? { username: options.username } : {}),
    ...(options.password ? { password: options.password } : {}),
    db,
    ...(options.tls ? { tls: typeof options.tls === 'object' ? options.tls : {} } : {}),
    label: options.path ? options.path : hostAndPort(host, port),
  };
}

/**
 * Names `redis` in messages: by `host:port`, the path of its socket, its first Sentinel or the first node
 * of its cluster. Never contains a credential.
 *
 * @throws {CacheConfigurationError} as {@link redisEndpoint}.
 */
export function redisLabel(redis: RedisConnection): string {
  checkConnection(redis);
  if (isCluster(redis)) return `cluster of ${firstNode(redis)}`;
  const { sentinels, name, host, port, path } = connectionOptions(redis);
  if (sentinels)
    return `${shown(name ?? 'master')} of sentinel ${hostAndPort(sentinels[0]?.host ?? 'localhost', sentinels[0]?.port ?? 26379)}`;
  return path ? path : hostAndPort(host ?? 'localhost', port ?? 6379);
}

/**
 * `redis` as options of ioredis. Those that we rely on are checked.
 *
 * @throws {CacheConfigurationError} as {@link redisEndpoint}.
 */
export function connectionOptions(redis: Exclude<RedisConnection, Cluster>): RedisOptions {
  const options = typeof redis === 'string' ? parseUrl(redis) : isClient(redis) ? redis.options : redis;
  const { host, port, db, path, sentinels } = options;
  checkHost('redis.host', host);
  if (Array.isArray(sentinels)) for (const sentinel of sentinels) checkHost('redis.sentinels[].host', sentinel?.host);
  if (path !== undefined && path !== null && typeof path !== 'string') throw invalid('redis.path', 'a string', path);
  if (path?.includes('://')) throw notRepeated('`redis.path`', "a Unix socket's path", 'Put a URL into `redis`.');
  if (port !== undefined && port !== null && !isPort(port)) throw invalid('redis.port', 'an integer from 1 to 65535', port);
  if (db !== undefined && db !== null && !isDatabase(db)) throw invalid('redis.db', 'a non-negative integer', db);
  return options;
}

/**
 * Checks that `host` is the name or address of a host, or absent.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. The message does not repeat a text: it may be a
 * URL with a password.
 */
function checkHost(option: string, host: unknown): void {
  if (host === undefined || host === null || isHost(host)) return;
  if (typeof host !== 'string') throw invalid(option, 'a string', host);
  throw notRepeated(`\`${option}\``, 'the name or address of a host', 'Put a URL into `redis`.');
}

/**
 * Whether `host` can be the name or address of a host. Messages print it, so anything else (such as a URL)
 * must not pass.
 */
export const isHost = (host: unknown): boolean =>
  typeof host === 'string' && (isIP(host) !== 0 || /^(?:[^\s\p{C}\p{P}\p{S}]|[._-])*$/u.test(host));

/** Whether `port` is an integer from 1 to 65535. */
export const isPort = (port: unknown): boolean => typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;

/** Whether `db` can be the number of a logical database. */
export const isDatabase = (db: unknown): boolean => typeof db === 'number' && Number.isInteger(db) && db >= 0;

function parseUrl(text: string): RedisOptions {
  if (text.startsWith('/') && !text.startsWith('//')) return { path: text };
  const url = tryUrl(text);
  if (url === undefined) throw invalidUrl();
  try {
    const username = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const db = url.searchParams.get('db') ?? url.pathname.slice(1);
    const family = url.searchParams.get('family');
    // A password with `#` or `?` ends the address too early; the part before it looks like a host and a port.
    if (url.search.includes('@') || url.hash.includes('@') || !isHost(host)) throw invalidUrl();
    if (!/^\d*$/.test(db) || (family !== null && !/^[046]$/.test(family))) throw invalidUrl();
    return {
      host: host || 'localhost',
      port: url.port === '' ? 6379 : Number(url.port),
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(db === '' ? {} : { db: Number(db) }),
      ...(family === null ? {} : { family: Number(family) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    };
  } catch {
    throw invalidUrl();
  }
}

function tryUrl(text: string): URL | undefined {
  try {
    const url = new URL(text.includes('://') ? text : `redis://${text}`);
    return url.protocol === 'redis:' || url.protocol === 'rediss:' ? url : undefined;
  } catch {
    return undefined; // Node's error contains the whole text, password included: it must not become a cause.
  }
}

function firstNode(cluster: Cluster): string {
  // ioredis' types do not show the nodes. Each is a URL, a port or an address, and a URL may hold a password.
  const [node] =
    (cluster as unknown as { readonly startupNodes?: readonly (string | number | { host?: string; port?: number })[] }).startupNodes ?? [];
  if (typeof node === 'string') return redisLabel(node);
  if (typeof node === 'object') checkHost('redis.startupNodes[].host', node.host);
  return typeof node === 'number' ? hostAndPort('127.0.0.1', node) : hostAndPort(node?.host ?? '127.0.0.1', node?.port ?? 6379);
}

/** `host:port`, with an IPv6 address in brackets. */
export const hostAndPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

function invalid(option: string, expected: string, got: unknown): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${expected}, got \`${shown(got)}\`.`);
}

function invalidUrl(): CacheConfigurationError {
  return notRepeated(
    '`redis`',
    'a URL such as redis://user:password@host:6379/0 or rediss://host',
    'Percent-encode special characters of the password.',
  );
}

/**
 * The error for text that may contain a password: the message says what was expected, and does not repeat the
 * text.
 */
export function notRepeated(what: string, expected: string, hint: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected ${what} to be ${expected}, got something else.`, {
    hint: `${hint} The text is not repeated here because it may hold ${hint.endsWith('password.') ? 'one' : 'a password'}.`,
  });
}

/** The error where one server is needed and `what` leads to several. */
export function severalServers(what: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`redis\` to lead to one server, got ${what}.`);
}
