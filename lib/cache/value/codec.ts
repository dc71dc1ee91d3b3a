import { CacheConfigurationError, CacheValueError } from '../../errors/index.js';
import { MAXIMUM_DURATION_MS, type Milliseconds } from '../../time/index.js';
import { parseRich } from './rich-reader.js';
import { type Class, isInstance, MAXIMUM_VALUE_DEPTH, revive, stringifyRich } from './rich-value.js';
import { isPlainArray, isPlainObject } from './shape.js';

/** An entry of the remote tier. */
export interface StoredEntry<V = unknown> {
  readonly value: V;
  /** How long the entry lives after it was written, in milliseconds. `undefined`: unknown. */
  readonly life?: Milliseconds;
  /**
   * When its life ends, in ms since the Unix epoch, by the clock of the storing server. `undefined`: unknown.
   */
  readonly end?: Milliseconds;
}

/** Returned in place of an entry that cannot be decoded. */
export const UNREADABLE = Symbol('unreadable');

/** Options of a {@link ValueCodec}. */
export interface ValueCodecOptions {
  /**
   * The class of the cached values, of the elements of cached arrays, or of objects inside the values. An
   * instance is stored as its own enumerable fields. It is revived with the prototype of the class, without
   * running the constructor. Instances of subclasses are refused. `#private` fields are invisible from
   * outside and would be lost: keep the state of such a class in plain fields. Default: none.
   */
  readonly type?: Class;
  /** The largest size of an encoded entry in bytes (UTF-8), written or read. Default: no limit. */
  readonly maximumValueSize?: number;
}

/** An entry as written: either `value` or `devalue`; `typed` only with `value`, `end` only with `life`. */
interface Envelope {
  value?: unknown;
  devalue?: unknown;
  typed?: 'value' | 'elements';
  life?: number;
  end?: number;
}

/** With more objects than this, a search in a list takes longer than a hash. */
const MOST_IN_A_LIST = 16;

/** The most characters that the end of an entry adds to its length. */
const LONGEST_END = `,"end":${Number.MAX_SAFE_INTEGER}`.length;

const COLON = 58;
/** JSON with fewer characters than this cannot be nested too deeply: each level takes two. */
const SHORTEST_TOO_DEEP = 2 * MAXIMUM_VALUE_DEPTH;
const NATIVE = /\{\s*\[native code\]\s*\}$/;

/**
 * Encodes an entry for the remote tier, and decodes it. An entry has one of two forms:
 * - Keyv's own envelope, `{"value":…,"life":…,"end":…}`, for every value that JSON alone brings back
 *   deep-equal. A plain Keyv on the same store can read it without help. Reading costs one `JSON.parse`, and
 *   nothing more. Instances of `type`, and arrays of them, are written in this form too, with `"typed"`
 *   added. A plain Keyv reads them as plain objects.
 * - `{"devalue":…,"life":…,"end":…}`, written by devalue, for everything else: dates, maps, sets, bigints,
 *   `undefined`, `NaN`, `-0`, typed arrays, buffers, cycles, an object that occurs twice, holes, objects
 *   without prototype. Strings that begin with `:` belong here too, because Keyv's own decoder removes a
 *   colon. A plain Keyv sees a miss, and never a wrong value. With {@link cacheCodec} it can read this form.
 *
 * There is no `expires`: Keyv would compare it with the clock of the reader. Redis ends an entry by its own
 * clock. `life` is a length of time, which this library writes. `end` is a time on the server's clock, which
 * the server adds when it stores the entry (see {@link ended}).
 *
 * Every value comes back deep-equal and of the same classes, or it is refused. Non-enumerable properties do
 * not count, as in Node's `isDeepStrictEqual`. A getter becomes its value. A frozen object comes back thawed.
 */
export class ValueCodec {
  readonly #type: Class | undefined;
  readonly #maximumValueSize: number;

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` if `type` is no class or extends a built-in. */
  constructor(options: ValueCodecOptions = {}) {
    this.#type = options.type;
    this.#maximumValueSize = options.maximumValueSize ?? Infinity;
    if (this.#type !== undefined) assertOwnClass(this.#type);
  }

  /**
   * @param life - how long the entry lives, in whole milliseconds. `undefined`: the entry does not say.
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a value that cannot be stored: functions,
   *   symbols, instances of other classes than `type`, properties named by symbols or `__proto__`, more than
   *   1000 levels of nesting. `CACHE_VALUE_TOO_LARGE` for a value that is too large.
   */
  encode(value: unknown, life?: Milliseconds): string {
    const end = life === undefined ? '}' : `,"life":${life}}`;
    let raw: string;
    try {
      raw = (this.#encodePlain(value) ?? `{"devalue":${stringifyRich(value, this.#type)}`) + end;
    } catch (cause) {
      if (cause instanceof CacheValueError) throw cause;
      throw new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'The remote tier cannot store a value that cannot be read.', {
        hint: 'A getter or a proxy inside it threw; see the cause.',
        cause,
      });
    }
    this.#assertSize(raw, life === undefined ? 0 : LONGEST_END);
    return raw;
  }

  /**
   * An entry may be forged or damaged, so it is checked before anything large is built from it. Only what
   * {@link encode} could have written is accepted.
   *
   * @throws {CacheValueError} `CACHE_VALUE_CORRUPT` for what {@link encode} cannot have written, and for an
   *   entry larger than `maximumValueSize`.
   */
  decode(raw: string): StoredEntry {
    if (this.#excessOf(raw, 0) !== undefined) throw corrupt('is larger than `maximumValueSize`');
    // No `cause`: the message of `JSON.parse` quotes the value.
    const envelope = attempt(() => JSON.parse(raw) as Envelope | null, 'is not JSON');
    if (typeof envelope !== 'object' || envelope === null) throw corrupt('is not an object');
    const { value, devalue, typed, life, end } = envelope;
    if (value === undefined && devalue === undefined) throw corrupt('has no value');
    if (life !== undefined && !isWithin(life, MAXIMUM_DURATION_MS)) throw corrupt('has an invalid life');
    if (end !== undefined && (life === undefined || !isWithin(end, Number.MAX_SAFE_INTEGER))) throw corrupt('has an invalid end');
    const parts = 1 + (typed === undefined ? 0 : 1) + (life === undefined ? 0 : 1) + (end === undefined ? 0 : 1);
    if (Object.keys(envelope).length !== parts || (typed !== undefined && value === undefined))
      throw corrupt('holds more than a value, its life and its end');
    if (value === undefined)
      return { value: attempt(() => parseRich(devalue, this.#type), 'is not what devalue wrote'), ...lifeOf(envelope) };
    const isSuspect = raw.length >= SHORTEST_TOO_DEEP || mayNameProto(raw);
    if (isSuspect && typeof value === 'object' && value !== null && !isStorableJson(value, 0))
      throw corrupt('is nested too deeply, or has a property named `__proto__`');
    return typed === undefined ? (envelope as StoredEntry) : this.#revive(envelope);
  }

  /** Like {@link decode}, but returns {@link UNREADABLE} for an entry that cannot be decoded. */
  read(raw: string): StoredEntry | typeof UNREADABLE {
    try {
      return this.decode(raw);
    } catch {
      return UNREADABLE;
    }
  }

  /** The envelope without its end, or `undefined` if JSON would lose something. */
  #encodePlain(value: unknown): string | undefined {
    const type = this.#type;
    if (isInstance(value, type)) {
      const fields = { ...(value as object) };
      return isPlainJson(fields, new Seen([value as object]), 0) ? `{"typed":"value","value":${JSON.stringify(fields)}` : undefined;
    }
    if (type !== undefined && Array.isArray(value) && isPlainArray(value) && value.length > 0 && areInstances(value, type)) {
      const elements = value.map((element) => ({ ...(element as object) }));
      const isPlain =
        hasOnlyElements(value) && new Set(value).size === value.length && isPlainJson(elements, new Seen(value as object[]), 0);
      return isPlain ? `{"typed":"elements","value":${JSON.stringify(elements)}` : undefined;
    }
    return isPlainJson(value, new Seen(), 0) ? `{"value":${JSON.stringify(value)}` : undefined;
  }

  #revive(envelope: Envelope): StoredEntry {
    const { value, typed } = envelope;
    const parts: unknown = typed === 'value' ? [value] : typed === 'elements' ? value : undefined;
    if (
      !Array.isArray(parts) ||
      parts.length === 0 ||
      !parts.every((part) => typeof part === 'object' && part !== null && !Array.isArray(part))
    )
      throw corrupt('is not of the type it claims');
    for (const part of parts as object[]) revive(part, this.#type);
    return { value, ...lifeOf(envelope) };
  }

  #assertSize(raw: string, more: number): void {
    const size = this.#excessOf(raw, more);
    if (size === undefined) return;
    const text = `A value takes ${size} bytes when encoded; the cache takes ${this.#maximumValueSize}.`;
    throw new CacheValueError('CACHE_VALUE_TOO_LARGE', text, { hint: 'Cache less of it, or raise `maximumValueSize`.' });
  }

  /** The size in bytes, with `more` added, if it is too large. */
  #excessOf(raw: string, more: number): number | undefined {
    const limit = this.#maximumValueSize;
    if (raw.length * 3 + more <= limit) return undefined; // One UTF-16 unit takes at most three bytes.
    const size = Buffer.byteLength(raw) + more;
    return size > limit ? size : undefined;
  }
}

/**
 * An encoded entry with its end added, as the server's script writes it: in place of the last brace.
 *
 * @param end - when its life ends, in whole ms since the Unix epoch, by the clock of the storing server.
 */
export const ended = (raw: string, end: Milliseconds): string => `${raw.slice(0, -1)},"end":${end}}`;

/** What `new Keyv(store, …)` accepts: the form of entries in the remote tier, under Keyv's names. */
export interface CacheCodec {
  // Generic like Keyv's own `Serialize` and `Deserialize`, which promise a type that nothing checks.
  /** Encodes an entry, without Keyv's `expires`: the store ends it, as Redis does by its own clock. */
  serialize<V>(entry: { value?: V; expires?: number | null }): string;
  /**
   * Decodes an entry. `life` is the length of its life in milliseconds. `end` is when that life ends, by the
   * server's clock, in milliseconds since the Unix epoch. Both are absent in what `serialize` wrote.
   */
  deserialize<V>(raw: string): { value: V; life?: Milliseconds; end?: Milliseconds };
}

/**
 * A codec for your own Keyv on the same store as a cache, for tools and tests:
 * `new Keyv(store, { namespace, useKeyPrefix: false, ...createCacheCodec({ type: Book }) })`. Use it only to
 * read: the caches of running instances do not notice what such a Keyv writes.
 */
export function createCacheCodec(options: ValueCodecOptions = {}): CacheCodec {
  const codec = new ValueCodec(options);
  return {
    serialize: (entry) => codec.encode(entry.value),
    deserialize: <V>(raw: string) => codec.decode(raw) as StoredEntry<V>,
  };
}

/**
 * For a plain Keyv that reads entries of a cache from the same store:
 * `new Keyv(store, { namespace, useKeyPrefix: false, ...cacheCodec })`. It reads instances of the cache's
 * `type` as plain objects. Use it only to read: the caches do not notice what such a Keyv writes.
 */
export const cacheCodec: CacheCodec = Object.freeze(createCacheCodec());

/** The objects found so far; a list while few: a `Set` first gives each an identity (four times slower). */
class Seen {
  readonly #few: object[];
  #many: Set<object> | undefined;

  constructor(objects: readonly object[] = []) {
    this.#few = [...objects];
  }

  /** Adds an object. Returns whether it is found for the first time. */
  add(value: object): boolean {
    if (this.#few.length < MOST_IN_A_LIST) {
      if (this.#few.includes(value)) return false;
      this.#few.push(value);
      return true;
    }
    const many = (this.#many ??= new Set(this.#few));
    const before = many.size;
    return many.add(value).size > before;
  }
}

/**
 * Whether JSON alone brings `value` back deep-equal, with Keyv's decoder as well as with ours. It does not if
 * an object occurs twice: the object would come back as two.
 */
function isPlainJson(value: unknown, seen: Seen, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.charCodeAt(0) !== COLON;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'boolean':
      return true;
    case 'object':
      return value === null || isPlainJsonObject(value, seen, depth);
    default:
      return false;
  }
}

function isPlainJsonObject(value: object, seen: Seen, depth: number): boolean {
  if (depth > MAXIMUM_VALUE_DEPTH || !seen.add(value)) return false;
  // An inherited or non-enumerable `toJSON` would run as well. An enumerable one is refused later.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
  if (isPlainArray(value)) {
    for (let i = 0; i < value.length; i += 1) if (!isPlainJson(value[i], seen, depth + 1)) return false;
    return hasOnlyElements(value);
  }
  if (!isPlainObject(value) || Object.getPrototypeOf(value) === null || Object.getOwnPropertySymbols(value).length > 0) return false;
  // Inherited properties are looked at too, which is harmless. `Object.keys` would build a list each time.
  for (const name in value) {
    if (name === '__proto__' || !isPlainJson(value[name], seen, depth + 1)) return false;
  }
  return true;
}

/** Whether all elements are instances. Not `every`: it skips holes, and an array may be nearly all holes. */
function areInstances(array: readonly unknown[], type: Class): boolean {
  for (const element of array) if (!isInstance(element, type)) return false;
  return true;
}

/**
 * Whether JSON may contain a property named `__proto__`: written in full, or with escapes. The escapes of its
 * characters all begin like this. `encode` writes such escapes only for control characters.
 */
const mayNameProto = (raw: string): boolean => raw.includes('__proto__') || raw.includes('\\u00');

/** Whether {@link ValueCodec.encode} would accept an object that JSON made. */
function isStorableJson(value: object, depth: number): boolean {
  if (depth > MAXIMUM_VALUE_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      const part: unknown = value[i];
      if (typeof part === 'object' && part !== null && !isStorableJson(part, depth + 1)) return false;
    }
    return true;
  }
  for (const name in value) {
    const part = (value as Record<string, unknown>)[name];
    if (name === '__proto__' || (typeof part === 'object' && part !== null && !isStorableJson(part, depth + 1))) return false;
  }
  return true;
}

/** The life and the end in an envelope, as fields of an entry. */
const lifeOf = ({ life, end }: Envelope): { life?: number; end?: number } => {
  if (life === undefined) return {};
  return end === undefined ? { life } : { life, end };
};

/** Whether `n` is a whole number greater than 0, and at most `most`. */
const isWithin = (n: unknown, most: number): boolean => Number.isSafeInteger(n) && (n as number) > 0 && (n as number) <= most;

/** For an array without holes: whether it has no other properties (the result of `String#match` has some). */
const hasOnlyElements = (array: readonly unknown[]): boolean =>
  Object.keys(array).length === array.length && Object.getOwnPropertySymbols(array).length === 0;

function assertOwnClass(type: Class): void {
  const invalid = (what: string): CacheConfigurationError =>
    new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`type\` to be a class that keeps its state in fields, got ${what}.`, {
      hint: 'Dates, maps, sets and plain objects need no `type`.',
    });
  if (typeof type !== 'function') throw invalid(`\`${String(type)}\``);
  if (typeof type.prototype !== 'object') throw invalid('a function');
  for (let prototype = type.prototype as object | null; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const { constructor } = prototype;
    const isRoot = Object.getPrototypeOf(prototype) === null && prototype !== type.prototype;
    if (isRoot || typeof constructor !== 'function' || !NATIVE.test(Function.prototype.toString.call(constructor))) continue;
    throw invalid(constructor === type ? `the built-in ${type.name}` : `${type.name}, which extends the built-in ${constructor.name}`);
  }
}

function attempt<T>(read: () => T, otherwise: string): T {
  try {
    return read();
  } catch {
    throw corrupt(otherwise);
  }
}

const corrupt = (why: string): CacheValueError =>
  new CacheValueError('CACHE_VALUE_CORRUPT', `An entry of the remote tier ${why}.`, {
    hint: 'Another program wrote it, or another version of this library. It is replaced when its key is next loaded.',
  });
