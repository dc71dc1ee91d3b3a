import { isArrayBuffer, isDataView, isDate, isMap, isRegExp, isSet, isSharedArrayBuffer } from 'node:util/types';
import * as devalue from 'devalue';
import { CacheValueError } from '../../errors/index.js';
import { foundAt, isOfBuiltIn, isPlainArray, isPlainObject, kindOf, prototypeOf, type Step } from './shape.js';

/** A class whose instances a cache stores and revives. */
export type Class<T extends object = object> = abstract new (...args: never[]) => T;

/** How deep values may be nested: what is deeper risks the stack of the process that reads it. */
export const MAXIMUM_VALUE_DEPTH = 1_000;

/** How many decimal digits a bigint may have: the time to read one grows with their square. */
export const MAXIMUM_BIGINT_DIGITS = 10_000;

const BIGINT_LIMIT = 10n ** BigInt(MAXIMUM_BIGINT_DIGITS);

const HINT = 'Return plain data, give the cache a `type`, or keep this cache out of the remote tier with `tiers: "local"`.';

/**
 * A value that JSON alone would lose, as JSON: `Date`, `Map`, `Set`, `bigint`, `undefined`, `NaN`, `-0`, typed arrays, cycles, and so on.
 * The work is devalue's [1]. What it would silently simplify is refused first: a `Map` with properties, a `Set` of a subclass.
 * Two additions: a `Buffer` stays one, and of a view only the bytes it shows are written, not the whole memory behind it.
 *
 * [1] https://github.com/sveltejs/devalue
 *
 * @param type - instances of exactly this class are allowed anywhere inside.
 * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED`, saying where; never what the value is.
 */
export function stringifyRich(value: unknown, type: Class | undefined): string {
  assertStorable(value, type, new Visit());
  return devalue.stringify(
    value,
    {
      Buffer: (part: unknown) => Buffer.isBuffer(part) && [part.toString('base64')],
      type: (part: unknown) => isInstance(part, type) && { ...(part as object) },
    },
    { operations: { viewInfo } },
  );
}

/** Whether a regular expression takes long to make: up to 15 ms for one `\p{…}`. Flag `v` allows more of the kind. */
export function isCostlyRegExp(source: string, flags: string): boolean {
  return flags.includes('v') || /\\p\{/i.test(source);
}

/** Whether `value` is made by exactly this class. */
export function isInstance(value: unknown, type: Class | undefined): boolean {
  return type !== undefined && typeof value === 'object' && value !== null && prototypeOf(value) === type.prototype;
}

/**
 * Makes an instance of its fields, in place and without running the constructor or a setter. In place, so that a cycle through it closes.
 */
export function revive(fields: object, type: Class | undefined): object {
  return type === undefined ? fields : (Object.setPrototypeOf(fields, type.prototype as object) as object);
}

function viewInfo(view: ArrayBufferView & { readonly length: number }) {
  const buffer =
    view.buffer.byteLength === view.byteLength ? view.buffer : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return { buffer, byteOffset: 0, byteLength: view.byteLength, length: view.length, bufferByteLength: buffer.byteLength };
}

/** Where the check stands, and what it has seen. */
class Visit {
  readonly path: Step[] = [];
  /** Instances on the path: each counts for two levels, itself and its fields. */
  instances = 0;
  readonly seen = new Set<object>();
}

function assertStorable(value: unknown, type: Class | undefined, visit: Visit): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw unsupported(kindOf(value), visit);
  if (typeof value === 'bigint' && (value >= BIGINT_LIMIT || value <= -BIGINT_LIMIT))
    throw unsupported(`a bigint of more than ${MAXIMUM_BIGINT_DIGITS} digits`, visit);
  if (typeof value !== 'object' || value === null || visit.seen.has(value)) return;
  if (visit.path.length + visit.instances > MAXIMUM_VALUE_DEPTH)
    throw unsupported(`more than ${MAXIMUM_VALUE_DEPTH} levels of nesting`, visit, true);
  visit.seen.add(value);
  if (Object.getOwnPropertySymbols(value).length > 0) throw unsupported('a property named by a symbol', visit);
  const isTyped = isInstance(value, type);
  if (isTyped || isPlainObject(value)) {
    if (isTyped) visit.instances += 1;
    for (const [name, part] of Object.entries(value)) {
      // Whoever copies such a property naively changes a prototype.
      if (name === '__proto__') throw unsupported('a property named `__proto__`', visit);
      assertPart(part, name, type, visit);
    }
    if (isTyped) visit.instances -= 1;
  } else if (isPlainArray(value)) {
    assertElements(value, type, visit);
  } else if (isMap(value) && isBare(value)) {
    let index = 0;
    for (const [key, part] of value) {
      assertPart(key, `key ${index}`, type, visit);
      assertPart(part, `value ${index}`, type, visit);
      index += 1;
    }
  } else if (isSet(value) && isBare(value)) {
    let index = 0;
    for (const part of value) assertPart(part, `value ${index++}`, type, visit);
  } else if (!isLeaf(value)) {
    throw unsupported(refusedKindOf(value), visit);
  }
}

function assertPart(part: unknown, step: Step, type: Class | undefined, visit: Visit): void {
  visit.path.push(step);
  assertStorable(part, type, visit);
  visit.path.pop();
}

function assertElements(array: readonly unknown[], type: Class | undefined, visit: Visit): void {
  // By index names, not by counting up: an array may be long and nearly empty.
  for (const name of Object.keys(array)) {
    const index = Number(name);
    if (!(index < array.length)) throw unsupported('an array with properties besides its elements', visit);
    assertPart(array[index], index, type, visit);
  }
}

/** A built-in object without parts to look into, which devalue (or our `Buffer`) brings back as it was. */
function isLeaf(value: object): boolean {
  if (ArrayBuffer.isView(value)) return isBuiltInView(value) && !isSharedArrayBuffer(value.buffer);
  if (!isBare(value)) return false;
  if (isDate(value)) return true;
  // Where a search has got to would be lost.
  if (isRegExp(value)) return value.lastIndex === 0 && !isCostlyRegExp(value.source, value.flags);
  if (isArrayBuffer(value)) return !value.resizable;
  return value instanceof URL;
}

/** Directly of a built-in class, and without properties of its own. */
const isBare = (value: object): boolean => isOfBuiltIn(value) && Object.keys(value).length === 0;

function refusedKindOf(value: object): string {
  if (!isOfBuiltIn(value)) return kindOf(value);
  if (Object.keys(value).length > 0) return `${kindOf(value)} with properties of its own`;
  if (isRegExp(value)) return `${kindOf(value)} ${value.lastIndex === 0 ? 'with Unicode properties or sets' : 'in the middle of a search'}`;
  return isArrayBuffer(value) ? `${kindOf(value)} that can be resized` : kindOf(value);
}

/** Properties put onto a view are not looked for: to list them is to list every index. */
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
    { hint: HINT },
  );
}
