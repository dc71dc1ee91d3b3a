import { CacheConfigurationError, CacheValueError } from '../../errors/index.js';
import { MAXIMUM_DURATION_MS, type Milliseconds } from '../../time/index.js';
import { parseRich } from './rich-reader.js';
import { type Class, isInstance, MAXIMUM_VALUE_DEPTH, revive, stringifyRich } from './rich-value.js';
import { isPlainArray, isPlainObject } from './shape.js';

/** What an entry of the remote tier holds. */
export interface StoredEntry<V = unknown> {
  readonly value: V;
  /** How long it was to live when it was written, in milliseconds. `undefined`: it does not say. */
  readonly life?: Milliseconds;
  /** When that is over, in milliseconds since the Unix epoch, by the clock of the server that stored it. `undefined`: it does not say. */
  readonly end?: Milliseconds;
}

/** Stands for an entry that cannot be decoded. */
export const UNREADABLE = Symbol('unreadable');

/** What a {@link ValueCodec} may be told. */
export interface ValueCodecOptions {
  /**
   * The class of the cached values, of the elements of cached arrays, or of anything inside. Its instances are stored as their own
   * enumerable fields, and revived with the class's prototype, without running the constructor. Instances of subclasses are refused.
   * `#private` fields cannot be seen from outside, so such a class loses them: keep its state in plain fields. Default: none.
   */
  readonly type?: Class;
  /** The most bytes (UTF-8) an encoded entry may have, be it written or read. Default: no limit. */
  readonly maximumValueSize?: number;
}

/** An entry as it is written. Exactly one of `value` and `devalue` is there; `typed` only beside `value`, `end` only beside `life`. */
interface Envelope {
  value?: unknown;
  devalue?: unknown;
  typed?: 'value' | 'elements';
  life?: number;
  end?: number;
}

/** Beyond this a search takes longer than a hash. */
const MOST_IN_A_LIST = 16;

/** What the end of an entry adds to its length at the most. */
const LONGEST_END = `,"end":${Number.MAX_SAFE_INTEGER}`.length;

const COLON = 58;
/** JSON of less than this many characters cannot be nested too deeply: each level takes two. */
const SHORTEST_TOO_DEEP = 2 * MAXIMUM_VALUE_DEPTH;
const NATIVE = /\{\s*\[native code\]\s*\}$/;

/**
 * The form of an entry in the remote tier, and back.
 *
 * Values that JSON alone gives back deep-equal are written in Keyv's own envelope, `{"value":…,"life":…,"end":…}`: a plain Keyv on the same
 * store reads them with no help, and reading one costs a `JSON.parse` and nothing more. Instances of `type`, and arrays of such, are
 * written so too, with `"typed"` beside, and are plain objects to a plain Keyv.
 *
 * Everything else (dates, maps, sets, bigints, `undefined`, `NaN`, `-0`, typed arrays, buffers, cycles, an object met twice, holes, objects
 * without prototype) is written by devalue, as `{"devalue":…,"life":…,"end":…}`. To a plain Keyv that entry is a miss, rather than a value
 * misread; with {@link cacheCodec} it reads it. Strings that begin with `:` go this way too, since Keyv's own decoder takes a colon off.
 *
 * There is no `expires`, which Keyv would compare with the clock of whoever reads: Redis ends an entry by its own clock. A life is a length,
 * written by us; its end is a point of time on the server's clock, added by the server as it stores the entry (see {@link ended}).
 *
 * A value is encoded so that it comes back deep-equal and of the same classes, or it is refused. Not part of a value, as in Node's
 * `isDeepStrictEqual`: non-enumerable properties. Getters come back as what they returned; frozen objects thawed.
 */
export class ValueCodec {
  readonly #type: Class | undefined;
  readonly #maximumValueSize: number;

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a `type` that is no class, or one that extends a built-in one. */
  constructor(options: ValueCodecOptions = {}) {
    this.#type = options.type;
    this.#maximumValueSize = options.maximumValueSize ?? Infinity;
    if (this.#type !== undefined) assertOwnClass(this.#type);
  }

  /**
   * @param life - how long the entry is to live, in whole milliseconds. `undefined`: it says nothing of that.
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for what cannot be stored (functions, symbols, instances of other classes than
   * `type`, properties named by symbols or `__proto__`, nesting beyond 1000 levels), `CACHE_VALUE_TOO_LARGE`.
   */
  encode(value: unknown, life?: Milliseconds): string {
    const end = life === undefined ? '}' : `,"life":${life}}`;
    let raw: string;
    try {
      raw = (this.#encodePlain(value) ?? `{"devalue":${stringifyRich(value, this.#type)}`) + end;
    } catch (cause) {
      if (cause instanceof CacheValueError) throw cause;
      throw new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'The remote tier cannot store a value that fails to be read.', {
        hint: 'A getter or a proxy inside it threw; see the cause.',
        cause,
      });
    }
    this.#assertSize(raw, life === undefined ? 0 : LONGEST_END);
    return raw;
  }

  /**
   * An entry may be forged or damaged: it is judged before anything large is made of it. What is accepted, {@link encode} would write.
   *
   * @throws {CacheValueError} `CACHE_VALUE_CORRUPT` for what {@link encode} cannot have written, and for more than `maximumValueSize`.
   */
  decode(raw: string): StoredEntry {
    if (this.#excessOf(raw, 0) !== undefined) throw corrupt('is larger than `maximumValueSize`');
    // No causes: what `JSON.parse` complains about quotes the value.
    const envelope = attempt(() => JSON.parse(raw) as Envelope | null, 'is not JSON');
    if (typeof envelope !== 'object' || envelope === null) throw corrupt('is not an object');
    const { value, devalue, typed, life, end } = envelope;
    if (value === undefined && devalue === undefined) throw corrupt('has no value');
    if (life !== undefined && !isWithin(life, MAXIMUM_DURATION_MS)) throw corrupt('has a life that is none');
    if (end !== undefined && (life === undefined || !isWithin(end, Number.MAX_SAFE_INTEGER))) throw corrupt('has an end that is none');
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

  /** As {@link decode}, for callers to whom an entry that cannot be decoded is no failure. */
  read(raw: string): StoredEntry | typeof UNREADABLE {
    try {
      return this.decode(raw);
    } catch {
      return UNREADABLE;
    }
  }

  /** All but the end of the envelope, or `undefined` if JSON would lose something. */
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

  /** The size in bytes with so many more, if it is too much. */
  #excessOf(raw: string, more: number): number | undefined {
    const limit = this.#maximumValueSize;
    if (raw.length * 3 + more <= limit) return undefined; // One UTF-16 unit takes three bytes at most.
    const size = Buffer.byteLength(raw) + more;
    return size > limit ? size : undefined;
  }
}

/**
 * An encoded entry with its end, as the server's script writes it: in the place of its last character, which is a brace.
 *
 * @param end - when the entry's life is over, in whole milliseconds since the Unix epoch, by the clock of whoever stores it.
 */
export const ended = (raw: string, end: Milliseconds): string => `${raw.slice(0, -1)},"end":${end}}`;

/** What `new Keyv(store, …)` takes: the form of entries in the remote tier, under Keyv's names. */
export interface CacheCodec {
  // Generic as Keyv's own `Serialize` and `Deserialize` are, which promise a type that nothing checks.
  /** An entry as the remote tier holds it. Keyv's `expires` is left out: the store ends the entry, as Redis does by its own clock. */
  serialize<V>(entry: { value?: V; expires?: number | null }): string;
  /**
   * And back. `life` is the length of its life in milliseconds, `end` when that is over by the server's clock, since the Unix epoch; both are
   * absent in what `serialize` wrote.
   */
  deserialize<V>(raw: string): { value: V; life?: Milliseconds; end?: Milliseconds };
}

/**
 * A codec for a Keyv of one's own that shares a store with a cache, for tools and tests:
 * `new Keyv(store, { namespace, useKeyPrefix: false, ...createCacheCodec({ type: Book }) })`. Read with it; what such a Keyv writes,
 * the caches of running instances do not hear of.
 */
export function createCacheCodec(options: ValueCodecOptions = {}): CacheCodec {
  const codec = new ValueCodec(options);
  return {
    serialize: (entry) => codec.encode(entry.value),
    deserialize: <V>(raw: string) => codec.decode(raw) as StoredEntry<V>,
  };
}

/**
 * For a plain Keyv that reads entries of a cache from the same store: `new Keyv(store, { namespace, useKeyPrefix: false, ...cacheCodec })`.
 * Instances of the cache's `type` are read as plain objects. Read only: what such a Keyv writes, the caches do not hear of.
 */
export const cacheCodec: CacheCodec = Object.freeze(createCacheCodec());

/** The objects met in a value. A list, while they are few: a `Set` gives each of them an identity first, which takes four times as long. */
class Seen {
  readonly #few: object[];
  #many: Set<object> | undefined;

  constructor(objects: readonly object[] = []) {
    this.#few = [...objects];
  }

  /** Whether it is met for the first time. */
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
 * Whether `JSON.parse(JSON.stringify(value))` is deep-equal to `value`, by Keyv's decoder as well as by ours.
 * A single object met twice is not: it would come back as two.
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
  // Inherited or not enumerable, it would run all the same; as a property it is refused later.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
  if (isPlainArray(value)) {
    for (let i = 0; i < value.length; i += 1) if (!isPlainJson(value[i], seen, depth + 1)) return false;
    return hasOnlyElements(value);
  }
  if (!isPlainObject(value) || Object.getPrototypeOf(value) === null || Object.getOwnPropertySymbols(value).length > 0) return false;
  // What an object inherits is looked at as well, which does no harm; to list its own names would take a list for each.
  for (const name in value) {
    if (name === '__proto__' || !isPlainJson(value[name], seen, depth + 1)) return false;
  }
  return true;
}

/** Not `every`, which passes over holes: an array may be long and nearly empty. */
function areInstances(array: readonly unknown[], type: Class): boolean {
  for (const element of array) if (!isInstance(element, type)) return false;
  return true;
}

/**
 * Whether a property named `__proto__` may be in JSON: there in full, or with an escape in it. Escapes of its characters begin alike; encode
 * writes such only for control characters.
 */
const mayNameProto = (raw: string): boolean => raw.includes('__proto__') || raw.includes('\\u00');

/** Whether {@link ValueCodec.encode} would take an object that JSON made. */
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

/** What an envelope says of its life, for an entry. */
const lifeOf = ({ life, end }: Envelope): { life?: number; end?: number } => {
  if (life === undefined) return {};
  return end === undefined ? { life } : { life, end };
};

/** Whether `n` is a whole number above 0, and at most `most`. */
const isWithin = (n: unknown, most: number): boolean => Number.isSafeInteger(n) && (n as number) > 0 && (n as number) <= most;

/** For an array without holes: whether it has no other properties (as the result of `String#match` has). */
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
