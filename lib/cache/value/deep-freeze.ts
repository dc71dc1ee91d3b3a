import { isMap, isSet } from 'node:util/types';
import { isPlainArray, isPlainObject } from './shape.js';

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
