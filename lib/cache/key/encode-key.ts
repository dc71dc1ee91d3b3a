import { isDate } from 'node:util/types';
import { CacheKeyError } from '../../errors/index.js';
import type { CacheKey } from './cache-key.js';
import { digestOf, KeyDigest } from './key-digest.js';
import { foundAt, isOfBuiltIn, isPlainArray, isPlainObject, kindOf, quote, type Step } from '../value/shape.js';

/** The largest size of an encoded key in bytes (UTF-8). A longer key is replaced by its digest. */
export const MAXIMUM_KEY_BYTES = 4_096;

/** The largest size of a key, written out, in bytes (UTF-8). What is longer is no key. */
export const MAXIMUM_WRITTEN_BYTES = 1_048_576;

/** How deep arrays and objects may be nested in a key. */
export const MAXIMUM_KEY_DEPTH = 64;

/** A key with at least this many UTF-16 units may need a digest: one unit takes at most three bytes. */
const LENGTH_WORTH_COUNTING = Math.floor(MAXIMUM_KEY_BYTES / 3) + 1;

/**
 * Strings that must be quoted: those that begin with the tag, and those with control characters, line
 * separators or (because of flag `u`) a lone surrogate.
 */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const NEEDS_QUOTES = /^~|[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/u;

/** The characters that JSON, or {@link quote}, would escape in a string. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const NEEDS_ESCAPES = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/u;
const LONGEST_FLAT = 8;

const HINT = 'Give the operation a `key` made of strings, numbers, bigints, booleans, null, undefined, dates, arrays and plain objects.';

/**
 * The encoded form of a key, used in the local tier, in Redis and in messages. Equal keys have the same form
 * in every process, and different keys have different forms. The form is safe in logs.
 *
 * A plain string is its own encoded form. A string that begins with `~`, or has control characters (C0, DEL,
 * C1, U+2028, U+2029) or a lone surrogate, is written as `~` and JSON, with these characters escaped. Every
 * other key is written as `~` and a superset of JSON:
 *
 * | key | encoded | | key | encoded |
 * |---|---|---|---|---|
 * | `1`, `-0`, `NaN` | `~1`, `~-0`, `~NaN` | | `['Dune', 2]` | `~["Dune",2]` |
 * | `1n` | `~1n` | | `{ b: 1, a: [] }` | `~{"a":[],"b":1}` (sorted by UTF-16 unit) |
 * | `null`, `undefined`, `true` | `~null`, `~undefined`, `~true` | | `new Date(5)` | `~@5` |
 *
 * `0` and `-0` are two keys, and so are `{}` and `{ a: undefined }`: two calls share a key only if the method
 * cannot tell them apart. An object counts by its own enumerable string properties, with or without a
 * prototype. Identity does not count: a key in which one object occurs twice is equal to a key with two
 * objects of the same content.
 *
 * @param key - anything; a value that is not a {@link CacheKey} is refused. There is no second parameter, so
 *   `keys.map(encodeKey)` works.
 *   A key of more than 4096 bytes is replaced by its digest, `~#…`.
 * @returns at most 4096 bytes of well-formed text without control characters.
 * @throws {CacheKeyError} `CACHE_KEY_UNSUPPORTED` for class instances, `Map`, `Set`, functions, symbols,
 *   invalid dates, cycles, arrays with holes or extra properties, and nesting deeper than
 *   64. `CACHE_KEY_TOO_LONG` for more than 1 MiB.
 */
export function encodeKey(key: CacheKey): string {
  if (typeof key === 'string') return encodeString(key);
  if (typeof key === 'number') return `~${encodeNumber(key)}`;
  if (key instanceof KeyDigest) return key.encoded;
  return bounded(encodeFlat(key) ?? `~${encode(key, new Walk())}`);
}

function encodeString(key: string): string {
  if (key.length > MAXIMUM_WRITTEN_BYTES) throw tooLong(); // Not even looked at.
  return bounded(NEEDS_QUOTES.test(key) ? `~${quote(key)}` : key);
}

/**
 * The fast way for a short array of strings and numbers that need no escapes: the arguments of most methods.
 * `undefined`: the general way is needed.
 */
function encodeFlat(key: CacheKey): string | undefined {
  if (!Array.isArray(key) || key.length > LONGEST_FLAT || !isPlainArray(key)) return undefined;
  let text = '~[';
  for (let i = 0; i < key.length; i += 1) {
    const element: unknown = key[i];
    if (i > 0) text += ',';
    if (typeof element === 'number') text += encodeNumber(element);
    else if (typeof element === 'string' && element.length < LENGTH_WORTH_COUNTING && !NEEDS_ESCAPES.test(element)) text += `"${element}"`;
    else return undefined;
  }
  return Object.keys(key).length === key.length ? `${text}]` : undefined;
}

/** The current position of the encoder, and how much it may still write. */
class Walk {
  readonly path: Step[] = [];
  /** The arrays and objects around the current value. */
  readonly around: object[] = [];
  /**
   * The number of characters that may still be written. It is counted during the walk, because a small value
   * in which objects repeat can become exponentially long when it is written.
   */
  left = MAXIMUM_WRITTEN_BYTES;

  /** Counts `text` and returns it. */
  write(text: string): string {
    this.left -= text.length;
    if (this.left < 0) throw tooLong();
    return text;
  }

  enter(value: object): void {
    if (this.around.includes(value)) throw unsupported('a cycle', this);
    if (this.around.length === MAXIMUM_KEY_DEPTH) throw unsupported(`more than ${MAXIMUM_KEY_DEPTH} levels of nesting`, this);
    this.around.push(value);
    this.write('[]');
  }
}

function encode(value: unknown, walk: Walk): string {
  switch (typeof value) {
    case 'string':
      return walk.write(quote(value));
    case 'number':
      return walk.write(encodeNumber(value));
    case 'bigint':
      return walk.write(`${value}n`);
    case 'boolean':
    case 'undefined':
      return walk.write(String(value));
    case 'object':
      return value === null ? walk.write('null') : encodeObject(value, walk);
    default:
      throw unsupported(kindOf(value), walk);
  }
}

const encodeNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function encodeObject(value: object, walk: Walk): string {
  if (value instanceof KeyDigest) throw unsupported('a digest inside another key', walk);
  if (isDate(value) && isOfBuiltIn(value)) return walk.write(encodeDate(value, walk));
  if (isPlainArray(value)) return encodeArray(value, walk);
  if (isPlainObject(value)) return encodeProperties(value, walk);
  throw unsupported(kindOf(value), walk);
}

function encodeDate(date: Date, walk: Walk): string {
  const time = date.getTime();
  if (Number.isNaN(time)) throw unsupported('an invalid date', walk);
  if (Object.keys(date).length > 0) throw unsupported('a date with properties of its own', walk);
  return `@${time}`;
}

function encodeArray(array: readonly unknown[], walk: Walk): string {
  walk.enter(array);
  let text = '';
  for (let i = 0; i < array.length; i += 1) {
    walk.path.push(i);
    const element = array[i];
    if (element === undefined && !Object.hasOwn(array, i)) throw unsupported('a hole in an array', walk);
    text += (i === 0 ? '' : walk.write(',')) + encode(element, walk);
    walk.path.pop();
  }
  if (Object.keys(array).length > array.length) throw unsupported('an array with properties besides its elements', walk);
  walk.around.pop();
  return `[${text}]`;
}

function encodeProperties(object: Readonly<Record<string, unknown>>, walk: Walk): string {
  walk.enter(object);
  if (Object.getOwnPropertySymbols(object).length > 0) throw unsupported('a property named by a symbol', walk);
  let text = '';
  for (const name of Object.keys(object).sort()) {
    walk.path.push(name);
    text += (text === '' ? '' : walk.write(',')) + walk.write(`${quote(name)}:`) + encode(object[name], walk);
    walk.path.pop();
  }
  walk.around.pop();
  return `{${text}}`;
}

function bounded(encoded: string): string {
  if (encoded.length < LENGTH_WORTH_COUNTING) return encoded;
  const bytes = Buffer.byteLength(encoded);
  if (bytes > MAXIMUM_WRITTEN_BYTES) throw tooLong();
  return bytes > MAXIMUM_KEY_BYTES ? digestOf(encoded) : encoded;
}

const unsupported = (what: string, walk: Walk): CacheKeyError =>
  new CacheKeyError('CACHE_KEY_UNSUPPORTED', `A key cannot be made of ${what}${foundAt(walk.path)}.`, { hint: HINT });

const tooLong = (): CacheKeyError =>
  new CacheKeyError('CACHE_KEY_TOO_LONG', `A key takes more than ${MAXIMUM_WRITTEN_BYTES} bytes when written out.`, {
    hint: 'Give the operation a `key` that picks what identifies the result.',
  });
