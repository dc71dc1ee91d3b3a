import type { ConnectionOptions } from 'node:tls';
import type { Cluster, RedisOptions } from 'ioredis';
import { shown } from '../errors/index.js';
import { bareHost, hostAndPort } from './redis-address.js';
import { checkConnection, isClient, isCluster, type RedisConnection } from './redis-option.js';
import { checkClientOptions, checkHost, checkOptions } from './redis-option-checks.js';
import { readRedisUrl } from './redis-url.js';
import { severalServers } from './refusals.js';

/** Where one Redis server is and how it is entered: plain values, from which any client can be made. */
export interface RedisEndpoint {
  /** Host name or address, IPv6 without brackets. Not used when {@link path} is set. */
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, in place of host and port. */
  readonly path?: string | undefined;
  /** `undefined`: the default user. */
  readonly username?: string | undefined;
  /** `undefined`: none. */
  readonly password?: string | undefined;
  /** The version of IP, 4 or 6. `undefined`: either. */
  readonly family?: number | undefined;
  /** The logical database. Pub/Sub ignores it. */
  readonly db: number;
  /** Options of TLS, `{}` for the defaults. `undefined`: no TLS. */
  readonly tls?: ConnectionOptions | undefined;
  /** Names the server in messages: `host:port`, or the path of its socket. Holds no credential. */
  readonly label: string;
}

/**
 * The single server that `redis` leads to.
 *
 * See {@link readRedisUrl} for the form of a string, and {@link checkOptions} for the options of ioredis.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for text that cannot be read, which the message
 * does not repeat; for options that are not used or are wrong; and for Sentinel options and Cluster clients,
 * which lead to more than one server.
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
    ...(options.family ? { family: options.family } : {}),
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
 * `redis` as options of ioredis, checked, with IPv6 addresses as clients take them.
 *
 * @throws {CacheConfigurationError} as {@link redisEndpoint}.
 */
export function connectionOptions(redis: Exclude<RedisConnection, Cluster>): RedisOptions {
  const options = typeof redis === 'string' ? readRedisUrl(redis) : isClient(redis) ? redis.options : redis;
  if (options === redis) checkOptions(options);
  else checkClientOptions(options);
  const { host, sentinels } = options;
  return {
    ...options,
    ...(host ? { host: bareHost(host) } : {}),
    ...(sentinels ? { sentinels: sentinels.map((each) => (each.host ? { ...each, host: bareHost(each.host) } : each)) } : {}),
  };
}

function firstNode(cluster: Cluster): string {
  // ioredis' types do not show the nodes. Each is a URL, a port or an address, and a URL may hold a password.
  const [node] =
    (
      cluster as unknown as {
        readonly startupNodes?: readonly (string | number | { host?: string | undefined; port?: number | undefined })[] | undefined;
      }
    ).startupNodes ?? [];
  if (typeof node === 'string') return redisLabel(node);
  if (typeof node === 'number') return hostAndPort('127.0.0.1', node);
  const { host = '127.0.0.1', port = 6379 } = node ?? {};
  checkHost('redis.startupNodes[].host', host);
  return hostAndPort(bareHost(host), port);
}
