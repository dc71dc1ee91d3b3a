import type { ClusterOptions, RedisOptions } from 'ioredis';
import { CacheConfigurationError, shown } from '../errors/index.js';
import { insteadOf, useOf } from './ioredis-options.js';
import { bareHost, isDatabase, isFamily, isHost, isPort } from './redis-address.js';
import { invalidOption, invalidSecret, notRepeated, notUsed } from './refusals.js';

/** Checks one value. @param option - the name to complain about. */
type Check = (option: string, value: unknown) => void;

/** The options that say where a server is, or how it is entered. `null` and `undefined` count as absent. */
const CHECKS: Readonly<Record<string, Check>> = {
  host: checkHost,
  port: must(isPort, 'an integer from 1 to 65535'),
  path: checkPath,
  family: must(isFamily, '4, 6 or 0'),
  db: must(isDatabase, 'a non-negative integer'),
  username: checkSecret,
  password: checkSecret,
  tls: checkTls,
  sentinelUsername: checkSecret,
  sentinelPassword: checkSecret,
  sentinelTLS: checkTls,
  enableTLSForSentinelMode: must((value) => typeof value === 'boolean', 'true or false'),
  natMap: must((value) => typeof value === 'function' || typeof value === 'object', 'an object or a function'),
  sentinels: checkSentinels,
};

/** What an entry of `sentinels` may have. */
const OF_A_SENTINEL: readonly string[] = ['host', 'port', 'family'];

/**
 * Checks options that a user wrote for us: every name is used or refused, and so is what contradicts another
 * option.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`, which names the option. The message repeats
 * nothing that may be a password.
 */
export function checkOptions(options: RedisOptions): void {
  for (const name of Object.keys(options)) {
    if (useOf(name) === undefined) throw unknown(`redis.${shown(name)}`, insteadOf(name) ?? 'The options of ioredis are known here.');
  }
  checkClientOptions(options);
  for (const sentinel of options.sentinels ?? []) {
    const stranger = Object.keys(sentinel).find((each) => !OF_A_SENTINEL.includes(each));
    if (stranger !== undefined) throw unknown(`redis.sentinels[].${shown(stranger)}`, `Known here: ${OF_A_SENTINEL.join(', ')}.`);
  }
  const { sentinels, name, host, port, path, preferredSlaves } = options;
  if (isGiven(preferredSlaves)) throw notUsed('`redis.preferredSlaves`', insteadOf('preferredSlaves') as string);
  const place = path ? 'path' : isGiven(host) ? 'host' : isGiven(port) ? 'port' : undefined;
  if (isGiven(sentinels) && place !== undefined) {
    throw notUsed(`\`redis.${place}\` beside \`redis.sentinels\``, 'The Sentinels say where the primary is. Leave it out.');
  }
  if (isGiven(name) && !isGiven(sentinels)) {
    throw notUsed('`redis.name` without `redis.sentinels`', 'It is the name of a primary that Sentinels watch.');
  }
  if (path && (isGiven(host) || isGiven(port))) {
    throw notUsed(`\`redis.${isGiven(host) ? 'host' : 'port'}\` beside \`redis.path\``, 'Leave one of the two out.');
  }
}

/**
 * Checks the options of a client, which are complete, and may be those of another version: values that we use
 * are checked, and what would lead elsewhere than to the primary is refused.
 *
 * @param at - where they are, for complaints. Default: in `redis`.
 * @throws {CacheConfigurationError} as {@link checkOptions}.
 */
export function checkClientOptions(options: RedisOptions, at = 'redis'): void {
  const given = options as Readonly<Record<string, unknown>>;
  for (const [name, check] of Object.entries(CHECKS)) if (isGiven(given[name])) check(`${at}.${name}`, given[name]);
  for (const name of ['keyPrefix', 'Connector', 'readOnly']) {
    if (given[name]) throw notUsed(`\`${at}.${name}\``, insteadOf(name) as string);
  }
  const { role } = given;
  if (isGiven(role) && role !== 'master') {
    throw notUsed(`\`${at}.role\` of \`'${shown(role)}'\``, "Only the primary is used. Leave it out, or write `'master'`.");
  }
}

/**
 * Checks the options of a cluster's client, as {@link checkClientOptions} does.
 *
 * @throws {CacheConfigurationError} as {@link checkOptions}.
 */
export function checkClusterOptions({ keyPrefix, redisOptions }: ClusterOptions): void {
  checkClientOptions(redisOptions ?? {}, 'redis.redisOptions');
  if (keyPrefix) throw notUsed('`redis.keyPrefix`', insteadOf('keyPrefix') as string);
}

function must(isValid: (value: unknown) => boolean, expected: string): Check {
  return (option, value) => {
    if (!isValid(value)) throw invalidOption(option, expected, value);
  };
}

/** Checks that `host` is the name or address of a host. The message does not repeat it: it may be a URL. */
export function checkHost(option: string, host: unknown): void {
  if (typeof host !== 'string') throw invalidOption(option, 'a string', host);
  if (host === '') throw invalidOption(option, 'the name or address of a host', host); // It would mean localhost.
  if (!isHost(bareHost(host))) throw notRepeated(`\`${option}\``, 'the name or address of a host', 'Put a URL into `redis`.');
}

function checkPath(option: string, path: unknown): void {
  if (typeof path !== 'string' || path === '') throw invalidOption(option, 'the path of a Unix socket', path);
  if (path.includes('://')) throw notRepeated(`\`${option}\``, 'the path of a Unix socket', 'Put a URL into `redis`.');
}

function checkSecret(option: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidSecret(option, 'a string', value);
}

/** It may be a key, or hold one: no value is repeated. */
function checkTls(option: string, tls: unknown): void {
  if (typeof tls === 'boolean') return;
  if (typeof tls !== 'object' || Array.isArray(tls)) throw invalidSecret(option, "an object with the options of Node's `tls.connect`", tls);
  for (const name of ['host', 'port', 'path', 'socket'])
    if (isGiven((tls as Readonly<Record<string, unknown>>)[name]))
      throw notUsed(`\`${option}.${name}\``, 'Write where the server is into `redis` itself. `servername` is the name in the certificate.');
}

function checkSentinels(option: string, sentinels: unknown): void {
  const isList = Array.isArray(sentinels) && sentinels.every((each) => typeof each === 'object' && each !== null);
  if (!isList) throw invalidSecret(option, 'an array of `{ host, port }`', sentinels);
  for (const sentinel of sentinels as readonly Readonly<Record<string, unknown>>[]) {
    for (const name of OF_A_SENTINEL) if (isGiven(sentinel[name])) (CHECKS[name] as Check)(`${option}[].${name}`, sentinel[name]);
  }
}

const unknown = (name: string, hint: string): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Unknown option \`${name}\`.`, { hint });

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
