import { isMap, isSet } from 'node:util/types';

/**
 * Freezes `value` and everything it reaches through properties, array elements and the members of maps and sets, cycles included.
 * Getters are not called. Left as they are, since JavaScript cannot freeze them: what typed arrays and buffers hold, what `set` and `add`
 * do to a `Map`, `Set` or `Date`, and `#private` fields. Functions are not entered.
 *
 * @returns the same object.
 */
export function deepFreeze<T>(value: T): T {
  freeze(value, new Set());
  return value;
}

function freeze(value: unknown, seen: Set<object>): void {
  // A view with elements cannot be frozen: `Object.freeze` throws.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  Object.freeze(value);
  if (isMap(value)) for (const member of value) freeze(member, seen);
  if (isSet(value)) for (const member of value) freeze(member, seen);
  for (const name of Reflect.ownKeys(value)) freeze(Object.getOwnPropertyDescriptor(value, name)?.value, seen);
}
