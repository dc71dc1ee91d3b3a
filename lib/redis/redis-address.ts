import { isIP, isIPv6 } from 'node:net';

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Whether both lead to the same server. Compares the texts: two names of one host are two addresses. */
export const isSameAddress = (one: RedisAddress, other: RedisAddress): boolean => one.host === other.host && one.port === other.port;

/** `host:port`, with an IPv6 address in brackets. */
export const hostAndPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** `host`. An IPv6 address loses the brackets that it has in URLs: no client connects to it with them. */
export function bareHost(host: string): string {
  const inside = /^\[(.*)\]$/.exec(host)?.[1];
  return inside !== undefined && isIPv6(inside) ? inside : host;
}

/**
 * Whether `host` can be the name or address of a host, without brackets. Messages print it, so anything else
 * (such as a URL) must not pass.
 */
export const isHost = (host: unknown): boolean =>
  typeof host === 'string' && (isIP(host) !== 0 || /^(?:[^\s\p{C}\p{P}\p{S}]|[._-])*$/u.test(host));

/** Whether `port` is an integer from 1 to 65535. */
export const isPort = (port: unknown): boolean => typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;

/** Whether `db` can be the number of a logical database. */
export const isDatabase = (db: unknown): boolean => typeof db === 'number' && Number.isInteger(db) && db >= 0;

/** Whether `family` is a version of IP: 4, 6, or 0 for either. */
export const isFamily = (family: unknown): boolean => family === 0 || family === 4 || family === 6;
