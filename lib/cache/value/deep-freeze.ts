import { isMap, isSet } from 'node:util/types';

/**
 * Freezes `value` and everything it reaches through properties, array elements and the members of maps and sets, cycles included, however
 * deep. Getters are not called. Left as they are, since JavaScript cannot freeze them: what typed arrays and buffers hold, what `set` and
 * `add` do to a `Map`, `Set` or `Date`, and `#private` fields. Functions are not entered.
 *
 * @returns the same object.
 * @throws whatever a proxy throws that will not be frozen.
 */
export function deepFreeze<T>(value: T): T {
  const reached = new Set<object>();
  const reach = (part: unknown): void => {
    // A view with elements cannot be frozen: `Object.freeze` throws.
    if (typeof part === 'object' && part !== null && !ArrayBuffer.isView(part)) reached.add(part);
  };
  reach(value);
  // Not recursive: the stack has an end. The loop comes to what is added meanwhile.
  for (const part of reached) {
    Object.freeze(part);
    if (isMap(part)) {
      for (const [key, member] of part) {
        reach(key);
        reach(member);
      }
    }
    if (isSet(part)) for (const member of part) reach(member);
    for (const name of Reflect.ownKeys(part)) reach(Object.getOwnPropertyDescriptor(part, name)?.value);
  }
  return value;
}
