import { MAXIMUM_VALUE_DEPTH } from './rich-value.js';
import { isPlainArray, isPlainObject } from './shape.js';

/** With more objects than this, a search in a list takes longer than a hash. */
const MOST_IN_A_LIST = 16;

const COLON = 58;
/** JSON with fewer characters than this cannot be nested too deeply: each level takes two. */
const SHORTEST_TOO_DEEP = 2 * MAXIMUM_VALUE_DEPTH;

/** The objects found so far; a list while few: a `Set` first gives each an identity (four times slower). */
export class Seen {
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
export function isPlainJson(value: unknown, seen: Seen, depth: number): boolean {
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

/** For an array without holes: whether it has no other properties (the result of `String#match` has some). */
export const hasOnlyElements = (array: readonly unknown[]): boolean =>
  Object.keys(array).length === array.length && Object.getOwnPropertySymbols(array).length === 0;

/**
 * Whether JSON may contain a property named `__proto__`: written in full, or with escapes. The escapes of its
 * characters all begin like this. `encode` writes such escapes only for control characters.
 */
const mayNameProto = (raw: string): boolean => raw.includes('__proto__') || raw.includes('\\u00');

/**
 * Whether the codec would have written `raw` for this value, which JSON made of a part of `raw`: it is not
 * nested too deeply, and has no property named `__proto__`.
 */
export function isWritten(raw: string, value: unknown): boolean {
  if (raw.length < SHORTEST_TOO_DEEP && !mayNameProto(raw)) return true;
  return typeof value !== 'object' || value === null || isStorableJson(value, 0);
}

/** Whether the codec would accept an object that JSON made. */
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
