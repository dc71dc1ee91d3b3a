import type { CacheKey } from '../cache/index.js';
import { KeyGenerator } from './key-generator.js';

/**
 * Makes the key of the arguments: a single argument is the key itself, unless it is `null` or an array;
 * otherwise the key is the array of all arguments (Spring's `SimpleKeyGenerator`). An `undefined` at the end
 * counts as left out, so that `f(1)` and `f(1, undefined)` have one key. A `null` at the end does not.
 */
export class SimpleKeyGenerator extends KeyGenerator {
  override generate(_target: object, _method: string | symbol, ...args: readonly unknown[]): CacheKey {
    return keyOf(args);
  }
}

/** The key of a call with one argument. */
export function keyOfOne(argument: unknown): CacheKey {
  return typeof argument === 'object' || argument === undefined ? keyOf([argument]) : argument;
}

/** The key of a call with these arguments. The cache refuses what cannot be a key, and says where that is. */
export function keyOf(args: readonly unknown[]): CacheKey {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  const only = args[0];
  if (length === 1 && only !== null && !Array.isArray(only)) return only;
  return (length === args.length ? args : args.slice(0, length)) as CacheKey;
}
