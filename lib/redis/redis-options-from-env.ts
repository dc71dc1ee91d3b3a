import type { RedisOptions } from 'ioredis';
import { CacheConfigurationError, shown } from '../errors/index.js';
import { bareHost, isDatabase, isHost, isPort } from './redis-address.js';
import { readRedisUrl } from './redis-url.js';
import { notRepeated } from './refusals.js';

/**
 * Reads from environment variables how Redis is reached: from `REDIS_URL`, or else from `REDIS_HOST` with
 * `REDIS_PORT` (default: 6379), `REDIS_USERNAME`, `REDIS_PASSWORD`, `REDIS_DB` (default: 0) and `REDIS_TLS`
 * (`true` or `false`; default: `false`). An empty variable counts as absent. The others are not read when
 * `REDIS_URL` is set.
 *
 * @param env - the variables. Default: `process.env`.
 * @returns `undefined` when neither `REDIS_URL` nor `REDIS_HOST` is set: no Redis is wanted.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a variable that cannot be read. The message
 * names the variable, and never repeats a URL or a password.
 */
export function redisOptionsFromEnv(env: Readonly<Record<string, string | undefined>> = process.env): string | RedisOptions | undefined {
  const url = read(env, 'REDIS_URL');
  if (url !== undefined) {
    readRedisUrl(url, 'the environment variable REDIS_URL');
    return url;
  }
  const given = read(env, 'REDIS_HOST');
  if (given === undefined) return undefined;
  const host = bareHost(given);
  if (!isHost(host)) {
    throw notRepeated(
      'the environment variable REDIS_HOST',
      'the name or address of a host',
      'A URL belongs in REDIS_URL, a port in REDIS_PORT.',
    );
  }
  const port = readNumber(env, 'REDIS_PORT', isPort, 'an integer from 1 to 65535');
  const db = readNumber(env, 'REDIS_DB', isDatabase, 'a non-negative integer');
  const username = read(env, 'REDIS_USERNAME');
  const password = read(env, 'REDIS_PASSWORD');
  return {
    host,
    port: port ?? 6379,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    db: db ?? 0,
    ...(booleanFromEnv(env, 'REDIS_TLS') === true ? { tls: {} } : {}),
  };
}

function read(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function readNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  isValid: (value: number) => boolean,
  expected: string,
): number | undefined {
  const text = read(env, name);
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (isValid(value)) return value;
  throw new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected the environment variable ${name} to be ${expected}, got \`${shown(text)}\`.`,
  );
}

/**
 * The environment variable as a boolean; `undefined` if it is absent or empty.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a value that means neither.
 */
export function booleanFromEnv(env: Readonly<Record<string, string | undefined>>, name: string): boolean | undefined {
  const text = read(env, name)?.toLowerCase();
  if (text === undefined) return undefined;
  if (text === 'false' || text === '0' || text === 'no' || text === 'off') return false;
  if (text === 'true' || text === '1' || text === 'yes' || text === 'on') return true;
  throw new CacheConfigurationError(
    'CACHE_OPTION_INVALID',
    `Expected the environment variable ${name} to be \`true\` or \`false\`, got \`${shown(text)}\`.`,
  );
}
