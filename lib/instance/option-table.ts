import { CacheConfigurationError, shown } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import { anObject, type Check } from './option-checks.js';

/** One option in a table: its default, and its check. */
export interface Row<Value, Default, Unit extends string> {
  /** What holds if the option is not given. `undefined`: the check decides. */
  readonly default: Default;
  readonly check: Check<Value>;
  /** What is put behind the name of the resolved option: `ttl` becomes `ttlMs`. */
  readonly unit: Unit;
}

/** A row for each option of `Options`, by its name. */
export type Table<Options> = { readonly [Name in keyof Options]-?: Row<unknown, Options[Name] | undefined, string> };

type AnyTable = Readonly<Record<string, Row<unknown, unknown, string>>>;

/** What the options of a table are after {@link resolveRows}. */
export type Resolved<T> = {
  readonly [Name in keyof T as `${Name & string}${UnitOf<T[Name]>}`]: T[Name] extends Row<infer Value, unknown, string> ? Value : never;
};

type UnitOf<R> = R extends Row<unknown, unknown, infer Unit> ? Unit : never;

/** The defaults of a table, without the options that have none. */
export type Defaults<T> = {
  readonly [Name in keyof T as T[Name] extends { readonly default: undefined } ? never : Name]: T[Name] extends {
    readonly default: infer Default;
  }
    ? Default
    : never;
};

/** A row whose resolved option has the same name. */
export function row<Value, const Default>(fallback: Default, check: Check<Value>): Row<Value, Default, ''> {
  return { default: fallback, check, unit: '' };
}

/** A row for a duration: `check` returns it in milliseconds. */
export function duration<const Default>(fallback: Default, check: Check<Milliseconds>): Row<Milliseconds, Default, 'Ms'> {
  return { default: fallback, check, unit: 'Ms' };
}

/** The defaults that a table names. */
export function defaultsOf<T extends AnyTable>(table: T): Defaults<T> {
  const named = Object.entries(table).filter(([, { default: fallback }]) => fallback !== undefined);
  return Object.freeze(Object.fromEntries(named.map(([name, { default: fallback }]) => [name, fallback]))) as Defaults<T>;
}

/**
 * Checks and converts each option of a table.
 *
 * @param path - what stands before the names in complaints: `''` or `caches.book`.
 * @param given - the options, with their defaults.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for the first option that is wrong.
 */
export function resolveRows<T extends AnyTable>(table: T, path: string, given: Readonly<Record<string, unknown>>): Resolved<T> {
  const before = path === '' ? '' : `${path}.`;
  const resolved = Object.entries(table).map(([name, { check, unit }]) => [`${name}${unit}`, check(before + name, given[name], given)]);
  return Object.fromEntries(resolved) as Resolved<T>;
}

/**
 * Refuses a value that is no object, and options that the table does not have.
 *
 * @param path - as in {@link resolveRows}.
 */
export function checkNames(table: object, path: string, options: unknown): void {
  const before = path === '' ? '' : `${path}.`;
  const known = Object.keys(table);
  for (const name of Object.keys(anObject(path === '' ? 'options' : path, options))) {
    if (known.includes(name)) continue;
    throw new CacheConfigurationError('CACHE_OPTION_INVALID', `Unknown option \`${before}${shown(name)}\`.`, {
      hint: `Known here: ${known.join(', ')}.`,
    });
  }
}
