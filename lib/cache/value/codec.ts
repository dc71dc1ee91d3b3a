import { CacheValueError } from '../../errors/index.js';
import {
  around,
  corrupt,
  countFacts,
  type EntryFacts,
  type Envelope,
  factsOf,
  type StoredEntry,
  tagsOf,
  type Written,
} from './envelope.js';
import { hasOnlyElements, isPlainJson, isWritten, Seen } from './plain-json.js';
import { parseRich } from './rich-reader.js';
import { stringifyRich } from './rich-value.js';
import { isPlainArray } from './shape.js';
import { StoredTypes, UNNAMED, type ValueTypes } from './stored-types.js';

/** Returned in place of an entry that cannot be decoded. */
export const UNREADABLE = Symbol('unreadable');

/** Options of a {@link ValueCodec}. */
export interface ValueCodecOptions {
  /**
   * The class of the cached values, of the elements of cached arrays, or of objects inside the values; or
   * several classes by name, as in `{ Order, Line }`. The names are stored: an entry with a name that is not
   * known here cannot be decoded.
   *
   * An instance is stored as its own enumerable fields. It is revived with the prototype of the class,
   * without running the constructor. Instances of subclasses are refused. `#private` fields are invisible
   * from outside and would be lost: keep the state of such a class in plain fields. Default: none.
   */
  readonly type?: ValueTypes | undefined;
  /** The largest size of an encoded entry in bytes (UTF-8), written or read. Default: no limit. */
  readonly maximumValueSize?: number | undefined;
}

/**
 * Encodes an entry for the remote tier, and decodes it. An entry has one of two forms:
 * - Keyv's own envelope, `{"value":…,"life":…,"end":…}`, for every value that JSON alone brings back
 *   deep-equal. A plain Keyv on the same store can read it without help. Reading costs one `JSON.parse`, and
 *   nothing more. Instances of `type`, and arrays of them, are written in this form too, with `"typed"`
 *   added. A plain Keyv reads them as plain objects.
 * - `{"devalue":…,"life":…,"end":…}`, written by devalue, for everything else: dates, maps, sets, bigints,
 *   `undefined`, `NaN`, `-0`, typed arrays, buffers, cycles, an object that occurs twice, holes, objects
 *   without prototype. Strings that begin with `:` belong here too, because Keyv's own decoder removes a
 *   colon. A plain Keyv sees a miss, and never a wrong value. With `cacheCodec` it can read this form.
 *
 * In a cache with tags, the value stands in `"entry"`, with `"tags"` and `"since"` beside it: who does not
 * know the tags that were evicted meanwhile must take it for a miss. That is what a plain Keyv does, and what
 * an instance without tags does. The caller adds `since` (see `stamped`).
 *
 * There is no `expires`: Keyv would compare it with the clock of the reader. Redis ends an entry by its own
 * clock. `life` is a length of time, which this library writes, and `stale` is the part at the end of it for
 * which the entry is only kept in case that its method fails: a plain Keyv reads it then, too. `end` is a
 * time on the server's clock, which the server adds when it stores the entry (see `ended`).
 *
 * Every value comes back deep-equal and of the same classes, or it is refused. Non-enumerable properties do
 * not count, as in Node's `isDeepStrictEqual`. A getter becomes its value. A frozen object comes back thawed.
 */
export class ValueCodec {
  readonly #types: StoredTypes;
  readonly #maximumValueSize: number;

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` as {@link StoredTypes} does. */
  constructor(options: ValueCodecOptions = {}) {
    this.#types = new StoredTypes(options.type);
    this.#maximumValueSize = options.maximumValueSize ?? Infinity;
  }

  /**
   * @param facts - what else the entry says.
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a value that cannot be stored: functions,
   *   symbols, instances of classes that are not in `type`, properties named by symbols or `__proto__`, more
   *   than 1000 levels of nesting. `CACHE_VALUE_TOO_LARGE` for a value that is too large.
   */
  encode(value: unknown, facts: EntryFacts = {}): string {
    const { head, tail, more } = around(facts);
    let raw: string;
    try {
      raw = head + (this.#encodePlain(value) ?? `{"devalue":${stringifyRich(value, this.#types)}`) + tail;
    } catch (cause) {
      if (cause instanceof CacheValueError) throw cause;
      throw new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'The remote tier cannot store a value that cannot be read.', {
        hint: 'A getter or a proxy inside it threw; see the cause.',
        cause,
      });
    }
    this.#assertSize(raw, more);
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
    const tagged = tagsOf(envelope);
    const count = countFacts(envelope, tagged);
    const written = tagged === undefined ? envelope : (envelope.entry as Written);
    const { value, devalue, typed, type } = written;
    if (value === undefined && devalue === undefined) throw corrupt('has no value');
    const parts = 1 + (typed === undefined ? 0 : 1) + (type === undefined ? 0 : 1);
    if (
      Object.keys(written).length !== (tagged === undefined ? parts + count : parts) ||
      (tagged !== undefined && Object.keys(envelope).length !== 1 + count) ||
      (typed !== undefined && value === undefined) ||
      (type !== undefined && typed === undefined)
    )
      throw corrupt('holds more than a value, its type, its tags, its version, its life and its end');
    if (value === undefined)
      return { value: attempt(() => parseRich(devalue, this.#types), 'is not what devalue wrote'), ...factsOf(envelope, tagged) };
    if (!isWritten(raw, value)) throw corrupt('is nested too deeply, or has a property named `__proto__`');
    if (typed !== undefined) return { value: this.#revived(written), ...factsOf(envelope, tagged) };
    return tagged === undefined ? (envelope as StoredEntry) : { value, ...factsOf(envelope, tagged) };
  }

  /** Whether an object is an instance of `type`, not through a subclass. */
  isTyped(object: object): boolean {
    return this.#types.nameOf(object) !== undefined;
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
    if (!this.#types.isEmpty) {
      const name = this.#types.nameOf(value);
      if (name !== undefined) {
        const fields = { ...(value as object) };
        return isPlainJson(fields, new Seen([value as object]), 0) ? typedText('value', name, fields) : undefined;
      }
      const ofElements = this.#nameOfElements(value);
      if (ofElements !== undefined) return plainElements(value as readonly object[], ofElements);
    }
    return isPlainJson(value, new Seen(), 0) ? `{"value":${JSON.stringify(value)}` : undefined;
  }

  /** The name of the one class whose instances all elements are. */
  #nameOfElements(value: unknown): string | undefined {
    if (!Array.isArray(value) || !isPlainArray(value) || value.length === 0) return undefined;
    const name = this.#types.nameOf(value[0]);
    if (name === undefined) return undefined;
    // Not `every`: it skips holes, and an array may be nearly all holes.
    for (const element of value) if (this.#types.nameOf(element) !== name) return undefined;
    return name;
  }

  /** The value, with its instances. */
  #revived({ value, typed, type = UNNAMED }: Written): unknown {
    const parts: unknown = typed === 'value' ? [value] : typed === 'elements' ? value : undefined;
    if (
      !Array.isArray(parts) ||
      parts.length === 0 ||
      !parts.every((part) => typeof part === 'object' && part !== null && !Array.isArray(part))
    )
      throw corrupt('is not of the type it claims');
    for (const part of parts as object[])
      if (this.#types.revive(part, type) === undefined) throw corrupt('is of a type that has no name here');
    return value;
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

function plainElements(elements: readonly object[], name: string): string | undefined {
  const fields = elements.map((element) => ({ ...element }));
  const isPlain = hasOnlyElements(elements) && new Set(elements).size === elements.length && isPlainJson(fields, new Seen(elements), 0);
  return isPlain ? typedText('elements', name, fields) : undefined;
}

function typedText(typed: 'value' | 'elements', name: string, fields: object): string {
  const type = name === UNNAMED ? '' : `,"type":${JSON.stringify(name)}`;
  return `{"typed":"${typed}"${type},"value":${JSON.stringify(fields)}`;
}

function attempt<T>(read: () => T, otherwise: string): T {
  try {
    return read();
  } catch {
    throw corrupt(otherwise);
  }
}
