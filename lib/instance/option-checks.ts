import { StoredTypes, type ValueTypes } from '../cache/index.js';
import { CacheConfigurationError, shownWithType } from '../errors/index.js';
import { type CacheLogger, silentLogger } from '../event/index.js';
import type { CredentialsProvider } from '../redis/index.js';
import { type Clock, type Milliseconds, parseDuration } from '../time/index.js';

/**
 * Returns the value of an option as the library uses it.
 *
 * @param option - the name to complain about.
 * @param given - all options of the same object, with their defaults.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` if it is not acceptable.
 */
export type Check<Value> = (option: string, value: unknown, given: Readonly<Record<string, unknown>>) => Value;

const NAME = /^[A-Za-z0-9_.-]{1,128}$/;
/** Names are parts of paths: `/caches/..` would be another page. */
const STEP = /^\.{1,2}$/;

/** A name can be part of a Redis key and of a path, and no property that every object has is called so. */
export function aName(option: string, value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value))
    throw invalid(option, "1 to 128 of the characters A-Z, a-z, 0-9, '_', '.' and '-'", value, colonHint(value));
  // `__proto__`, `constructor`, …: statistics and messages are objects by name.
  if (STEP.test(value) || value in Object.prototype)
    throw invalid(option, 'another name than that of a property of every object, or of a step in a path', value);
  return value;
}

function colonHint(name: unknown): string | undefined {
  if (typeof name !== 'string' || !name.includes(':')) return undefined;
  return "In Redis ':' separates namespace, cache and key. Write '.' instead: `books.details` for Spring's `books::details`.";
}

export function aTopic(option: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw invalid(option, 'a non-empty string', value);
}

/** The name of a shape. A number is the same as its text. */
export function aVersion(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && NAME.test(value)) return value;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value);
  throw invalid(option, "a whole number, or 1 to 128 of the characters A-Z, a-z, 0-9, '_', '.' and '-'", value);
}

/** The age at which a value is loaded anew: before the end of its life, if that has one. */
export const aRefreshAge: Check<Milliseconds> = (option, value, { ttl }) => {
  const ageMs = parseDuration(option, value);
  const ttlMs = parseDuration('ttl', ttl);
  if (ageMs === 0 || ttlMs === 0 || ageMs < ttlMs) return ageMs;
  throw invalid(option, `less than \`ttl\` (${ttlMs} ms)`, value, 'A value is loaded anew while it is still served.');
};

export function aBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(option, 'a boolean', value);
}

/** A whole number from 1 to `most`. */
export const aCount =
  (most = Number.MAX_SAFE_INTEGER): Check<number> =>
  (option, value) => {
    if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
    throw invalid(option, `a whole number from 1 to ${most}`, value);
  };

export function aFraction(option: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalid(option, 'a number from 0 to 1', value);
}

/** A duration within these limits. See {@link parseDuration} for the defaults. */
export const aDuration =
  (leastMs?: Milliseconds, mostMs?: Milliseconds): Check<Milliseconds> =>
  (option, value) =>
    parseDuration(option, value, leastMs, mostMs);

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Check<T> =>
  (option, value) => {
    if (allowed.includes(value as T)) return value as T;
    throw invalid(option, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`, value);
  };

/** A class, or classes by name. See {@link StoredTypes} for what is refused. */
export function aType(option: string, value: unknown): ValueTypes | undefined {
  new StoredTypes(value as ValueTypes | undefined, option);
  return value as ValueTypes | undefined;
}

/** `false` is a logger that writes nothing. */
export function aLogger(option: string, value: unknown): CacheLogger {
  if (value === false) return silentLogger;
  const { info, warn, error } = (typeof value === 'object' && value !== null ? value : {}) as Partial<CacheLogger>;
  if ([info, warn, error].every((level) => typeof level === 'function')) return value as CacheLogger;
  throw invalid(option, 'an object with the functions `info`, `warn` and `error`, or false', value);
}

export function aClock(option: string, value: unknown): Clock {
  if (typeof (value as Partial<Clock> | null)?.now === 'function') return value as Clock;
  throw invalid(option, 'an object with a method `now`', value);
}

/** A function that is asked for credentials. Anything else is not repeated: it may be them. */
export const aCredentialsProvider: Check<CredentialsProvider | undefined> = (option, value, { redis }) => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'function') {
    throw new CacheConfigurationError(
      'CACHE_OPTION_INVALID',
      `Expected \`${option}\` to be a function, got something else (${typeof value}).`,
      {
        hint: 'It is called before each connection and resolves with `{ username, password }`.',
      },
    );
  }
  if (redis === undefined || redis === null) {
    throw new CacheConfigurationError('CACHE_OPTION_INVALID', `\`${option}\` is not used without \`redis\`.`, {
      hint: 'Give `redis` too, or leave it out.',
    });
  }
  return value as CredentialsProvider;
};

/** An object of options, or of whatever `expected` says. */
export function anObject<T extends object>(option: string, value: unknown, expected = 'an object'): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as T;
  throw invalid(option, expected, value);
}

export function invalid(option: string, expected: string, value: unknown, hint?: string): CacheConfigurationError {
  return new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be ${expected}, got ${shownWithType(value)}.`, {
    hint,
  });
}
