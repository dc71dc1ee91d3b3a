import { CacheConfigurationError, shown } from '../../errors/index.js';
import { isNative, prototypeOf } from './shape.js';

/** A class whose instances a cache stores and revives. */
export type Class<T extends object = object> = abstract new (...args: never[]) => T;

/**
 * The classes whose instances a cache stores and revives: one class, or several by name, as in `{ Order, Line
 * }`. The names are stored with the instances. So a class may be renamed, or its name shortened by a bundler,
 * as long as its name here stays the same.
 */
export type ValueTypes = Class | Readonly<Record<string, Class>>;

/** The stored name of the only class. It is not written. */
export const UNNAMED = '';

/** The classes whose instances one cache stores, by their stored names. */
export class StoredTypes {
  /** By name. */
  readonly #classes: ReadonlyMap<string, Class>;
  /** By prototype. */
  readonly #names: ReadonlyMap<object, string>;

  /**
   * @param types - default: none.
   * @param option - the name to complain about.
   * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for what is no class, a class that extends a
   *   built-in, no class at all, or a class with two names.
   */
  constructor(types: ValueTypes | undefined, option = 'type') {
    this.#classes = new Map(entriesOf(types, option));
    this.#names = new Map([...this.#classes].map(([name, type]) => [type.prototype as object, name]));
    if (types !== undefined && this.#classes.size === 0) throw invalid(option, 'an object without classes');
    if (this.#names.size < this.#classes.size) throw invalid(option, 'an object that names a class twice');
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#classes.size === 0;
  }

  /** The names of all classes. */
  get names(): Iterable<string> {
    return this.#classes.keys();
  }

  /** The stored name of the class that `value` is an instance of, not through a subclass; or `undefined`. */
  nameOf(value: unknown): string | undefined {
    if (this.#names.size === 0 || typeof value !== 'object' || value === null) return undefined;
    const prototype = prototypeOf(value);
    return prototype === null ? undefined : this.#names.get(prototype);
  }

  /**
   * Turns an object with the fields of an instance into the instance. Runs no constructor and no setter. It
   * changes the object itself, so that a cycle through it stays closed. Without any classes the object stays
   * plain.
   *
   * @returns `undefined` for a name that is not known here.
   */
  revive(fields: object, name: string): object | undefined {
    if (this.isEmpty) return fields;
    const type = this.#classes.get(name);
    return type && (Object.setPrototypeOf(fields, type.prototype as object) as object);
  }
}

function entriesOf(types: ValueTypes | undefined, option: string): readonly (readonly [string, Class])[] {
  if (types === undefined) return [];
  if (typeof types === 'function') return [[UNNAMED, ownClass(types, option)]];
  if (typeof types !== 'object' || types === null || Array.isArray(types)) throw invalid(option, got(types));
  return Object.entries(types).map(([name, type]) => {
    if (name === UNNAMED) throw invalid(option, 'an object with an empty name');
    return [name, ownClass(type, `${option}.${shown(name)}`)];
  });
}

/** `type`, if its instances can be written as their fields. */
function ownClass(type: Class, option: string): Class {
  if (typeof type !== 'function') throw invalid(option, got(type));
  if (typeof type.prototype !== 'object') throw invalid(option, 'a function');
  for (let prototype = type.prototype as object | null; prototype !== null; prototype = prototypeOf(prototype)) {
    const { constructor } = prototype;
    const isRoot = prototypeOf(prototype) === null && prototype !== type.prototype;
    if (isRoot || !isNative(constructor)) continue;
    throw invalid(
      option,
      constructor === type ? `the built-in ${type.name}` : `${type.name}, which extends the built-in ${constructor.name}`,
    );
  }
  return type;
}

const got = (value: unknown): string => (Array.isArray(value) ? 'an array' : `\`${shown(value)}\``);

const invalid = (option: string, what: string): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}\` to be a class that keeps its state in fields, got ${what}.`, {
    hint: 'For several classes give an object of them, as in `{ Order, Line }`. Dates, maps, sets and plain objects need no `type`.',
  });
