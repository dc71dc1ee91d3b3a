import { isArrayBuffer, isDataView, isDate, isMap, isRegExp, isSet, isSharedArrayBuffer } from 'node:util/types';
import * as devalue from 'devalue';
import { CacheValueError } from '../../errors/index.js';
import { foundAt, isNative, isOfBuiltIn, isPlainArray, isPlainObject, kindOf, prototypeOf, type Step } from './shape.js';
import { type StoredTypes, UNNAMED } from './stored-types.js';

/** How deep values may be nested. A deeper value could overflow the stack of the process that reads it. */
export const MAXIMUM_VALUE_DEPTH = 1_000;

/** How many decimal digits a bigint may have. The time to read one grows with the square of its digits. */
export const MAXIMUM_BIGINT_DIGITS = 10_000;

const BIGINT_LIMIT = 10n ** BigInt(MAXIMUM_BIGINT_DIGITS);

const HINT = 'Return plain data, give the cache a `type`, or keep this cache out of the remote tier with `tiers: "local"`.';

/**
 * Writes a value that JSON alone would lose, as JSON: `Date`, `Map`, `Set`, `bigint`, `undefined`, `NaN`,
 * `-0`, typed arrays, cycles, and so on.
 *
 * devalue [1] does the work. Values that devalue would simplify silently are refused first, for example a
 * `Map` with properties, or a `Set` of a subclass. There are two additions: a `Buffer` stays a `Buffer`, and
 * only the visible bytes of a view are written, not the whole memory behind it.
 *
 * [1] https://github.com/sveltejs/devalue
 *
 * @param types - instances of exactly these classes are allowed anywhere inside.
 * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED`. The message says where the problem is, and never what
 *   the value is.
 */
export function stringifyRich(value: unknown, types: StoredTypes): string {
  assertStorable(value, types, new Visit());
  return devalue.stringify(
    value,
    {
      Buffer: (part: unknown) => Buffer.isBuffer(part) && [part.toString('base64')],
      ...reducersOf(types),
    },
    { operations: { viewInfo } },
  );
}

/** What stands before the fields of an instance: the stored name of its class, if it has one. */
export const TYPE_TAG = 'type';

/** The tag of the instances of a class with this stored name. */
const tagOf = (name: string): string => (name === UNNAMED ? TYPE_TAG : `${TYPE_TAG}:${name}`);

/** What makes fields of instances: for each class one function that knows its own, as devalue wants it. */
function reducersOf(types: StoredTypes): Record<string, (part: unknown) => false | object> {
  const reducers = [...types.names].map((name) => [tagOf(name), (part: unknown) => types.nameOf(part) === name && { ...(part as object) }]);
  return Object.fromEntries(reducers) as Record<string, (part: unknown) => false | object>;
}

/**
 * Whether it takes long to create this regular expression: one `\p{…}` can take up to 15 ms. The flag `v`
 * allows more such constructs.
 */
export function isCostlyRegExp(source: string, flags: string): boolean {
  return flags.includes('v') || /\\p\{/i.test(source);
}

function viewInfo(view: ArrayBufferView & { readonly length: number }) {
  const buffer =
    view.buffer.byteLength === view.byteLength ? view.buffer : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return { buffer, byteOffset: 0, byteLength: view.byteLength, length: view.length, bufferByteLength: buffer.byteLength };
}

/** The current position of the check, and the objects it has seen. */
class Visit {
  readonly path: Step[] = [];
  /** The number of instances on the path. Each counts as two levels: the instance and its fields. */
  instances = 0;
  readonly seen = new Set<object>();
}

function assertStorable(value: unknown, types: StoredTypes, visit: Visit): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw unsupported(kindOf(value), visit);
  if (typeof value === 'bigint' && (value >= BIGINT_LIMIT || value <= -BIGINT_LIMIT))
    throw unsupported(`a bigint of more than ${MAXIMUM_BIGINT_DIGITS} digits`, visit);
  if (typeof value !== 'object' || value === null || visit.seen.has(value)) return;
  if (visit.path.length + visit.instances > MAXIMUM_VALUE_DEPTH)
    throw unsupported(`more than ${MAXIMUM_VALUE_DEPTH} levels of nesting`, visit, true);
  visit.seen.add(value);
  if (Object.getOwnPropertySymbols(value).length > 0) throw unsupported('a property named by a symbol', visit);
  const isTyped = types.nameOf(value) !== undefined;
  if (isTyped || isPlainObject(value)) {
    if (isTyped) visit.instances += 1;
    for (const [name, part] of Object.entries(value)) {
      // Code that copies such a property naively would change a prototype.
      if (name === '__proto__') throw unsupported('a property named `__proto__`', visit);
      assertPart(part, name, types, visit);
    }
    if (isTyped) visit.instances -= 1;
  } else if (isPlainArray(value)) {
    assertElements(value, types, visit);
  } else if (isMap(value) && isBare(value)) {
    let index = 0;
    for (const [key, part] of value) {
      assertPart(key, `key ${index}`, types, visit);
      assertPart(part, `value ${index}`, types, visit);
      index += 1;
    }
  } else if (isSet(value) && isBare(value)) {
    let index = 0;
    for (const part of value) assertPart(part, `value ${index++}`, types, visit);
  } else if (!isLeaf(value)) {
    throw unsupported(refusedKindOf(value), visit);
  }
}

function assertPart(part: unknown, step: Step, types: StoredTypes, visit: Visit): void {
  visit.path.push(step);
  assertStorable(part, types, visit);
  visit.path.pop();
}

function assertElements(array: readonly unknown[], types: StoredTypes, visit: Visit): void {
  // Goes through the index names and does not count up: an array may be long and nearly empty.
  for (const name of Object.keys(array)) {
    const index = Number(name);
    if (!(index < array.length)) throw unsupported('an array with properties besides its elements', visit);
    assertPart(array[index], index, types, visit);
  }
}

/** A built-in object without parts to look into, which devalue (or our `Buffer`) restores exactly. */
function isLeaf(value: object): boolean {
  if (ArrayBuffer.isView(value)) return isBuiltInView(value) && !isSharedArrayBuffer(value.buffer);
  if (!isBare(value)) return false;
  if (isDate(value)) return true;
  // The position of a search (`lastIndex`) would be lost.
  if (isRegExp(value)) return value.lastIndex === 0 && !isCostlyRegExp(value.source, value.flags);
  if (isArrayBuffer(value)) return !value.resizable;
  return value instanceof URL;
}

/** An object directly of a built-in class, without properties of its own. */
const isBare = (value: object): boolean => isOfBuiltIn(value) && Object.keys(value).length === 0;

function refusedKindOf(value: object): string {
  if (!isOfBuiltIn(value) || !isNative(value.constructor)) return kindOf(value);
  if (Object.keys(value).length > 0) return `${kindOf(value)} with properties of its own`;
  if (isRegExp(value)) return `${kindOf(value)} ${value.lastIndex === 0 ? 'with Unicode properties or sets' : 'in the middle of a search'}`;
  return isArrayBuffer(value) ? `${kindOf(value)} that can be resized` : kindOf(value);
}

/**
 * Whether a view is of a built-in class. Properties that were added to the view are not looked for: listing
 * them would list every index.
 */
function isBuiltInView(view: ArrayBufferView): boolean {
  const prototype = prototypeOf(view);
  if (prototype === null || prototype === Buffer.prototype) return prototype !== null;
  // Typed arrays have a common parent class between their own and `Object`.
  return isDataView(view) ? isOfBuiltIn(view) : isOfBuiltIn(prototype);
}

function unsupported(what: string, visit: Visit, isPathTooLong = false): CacheValueError {
  return new CacheValueError(
    'CACHE_VALUE_UNSUPPORTED',
    `The remote tier cannot store ${what}${isPathTooLong ? '' : foundAt(visit.path)}.`,
    { hint: HINT, refused: what },
  );
}
