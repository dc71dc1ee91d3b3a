import { isMap, isSet } from 'node:util/types';

/**
 * Freezes `value` and everything it reaches through properties, array elements, and the members of maps and
 * sets. Cycles and any depth are handled. Getters are not called. Functions are not frozen or entered.
 *
 * JavaScript cannot freeze some things, so they stay as they are: the contents of typed arrays and buffers,
 * the effects of `set` and `add` on a `Map`, `Set` or `Date`, and `#private` fields.
 *
 * @returns the same object.
 * @throws whatever a proxy throws that cannot be frozen.
 */
export function deepFreeze<T>(value: T): T {
  const reached = new Set<object>();
  const reach = (part: unknown): void => {
    // `Object.freeze` throws for a view with elements.
    if (typeof part === 'object' && part !== null && !ArrayBuffer.isView(part)) reached.add(part);
  };
  reach(value);
  // Not recursive, because the stack is limited. The loop also visits what is added while it runs.
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
