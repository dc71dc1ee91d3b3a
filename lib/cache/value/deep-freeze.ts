import { isMap, isSet } from 'node:util/types';
import { isPlainArray, isPlainObject, prototypeOf } from './shape.js';

/** An array of this length may be nearly empty: it is gone through by its names. */
const LONG_ARRAY = 100_000;

/**
 * Freezes plain objects and arrays, and what `isOwn` says, in depth: through properties, array elements, and
 * the members of maps and sets. Cycles and any depth are handled. Getters are not called.
 *
 * Instances of other classes are neither frozen nor entered: somebody else may depend on changing them.
 * JavaScript could not protect the content of a `Map`, a `Set`, a `Date` or a buffer anyway.
 *
 * @param isOwn - whether an object of a class is frozen too. Default: none is.
 * @returns the same value.
 * @throws whatever a proxy throws that cannot be frozen.
 */
export function deepFreeze<T>(value: T, isOwn: (object: object) => boolean = () => false): T {
  if (typeof value !== 'object' || value === null) return value;
  const reached = new Set<object>([value]);
  const reach = (part: unknown): void => {
    if (typeof part === 'object' && part !== null) reached.add(part);
  };
  // Not recursive, because the stack is limited. The loop also visits what is added while it runs.
  for (const part of reached) {
    if (isPlainArray(part) || isPlainObject(part) || isOwn(part)) {
      Object.freeze(part);
      for (const name of Reflect.ownKeys(part)) reach(Object.getOwnPropertyDescriptor(part, name)?.value);
    } else if (isMap(part)) {
      for (const [key, member] of part) {
        reach(key);
        reach(member);
      }
    } else if (isSet(part)) {
      for (const member of part) reach(member);
    }
  }
  return value;
}

/**
 * The same for a value that the codec has just made, which is known to have no getters, no proxies and no
 * properties named by symbols, to be nested `MAXIMUM_VALUE_DEPTH` levels deep at the most, and to be
 * nobody else's. So it takes a fraction of the time.
 */
export function freezeDecoded(value: unknown, isOwn: (object: object) => boolean): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return; // It was reached before.
  if (Array.isArray(value) && value.length < LONG_ARRAY) {
    Object.freeze(value); // First, so that a cycle ends.
    for (let i = 0; i < value.length; i += 1) {
      const part: unknown = value[i];
      if (typeof part === 'object' && part !== null) freezeDecoded(part, isOwn);
    }
    return;
  }
  const prototype = prototypeOf(value);
  if (prototype === Object.prototype || prototype === null || Array.isArray(value) || isOwn(value)) {
    Object.freeze(value);
    for (const name in value) {
      const part = (value as Readonly<Record<string, unknown>>)[name];
      if (typeof part === 'object' && part !== null) freezeDecoded(part, isOwn);
    }
  } else if (isMap(value) || isSet(value)) {
    deepFreeze(value, isOwn); // These are not frozen themselves, so nothing here would end a cycle through them.
  }
}
