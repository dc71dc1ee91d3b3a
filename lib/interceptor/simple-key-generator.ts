import type { CacheKey } from '../cache/index.js';
import { KeyGenerator } from './key-generator.js';

/**
 * The arguments are the key: the only argument itself, unless it is `null` or an array; else the array of all of them (Spring's
 * `SimpleKeyGenerator`). `undefined` at the end is as good as left out, so `f(1)` and `f(1, undefined)` are one call; a `null` there is not.
 */
export class SimpleKeyGenerator extends KeyGenerator {
  override generate(_target: object, _method: string | symbol, ...args: readonly unknown[]): CacheKey {
    return keyOf(args);
  }
}

/** The same for one argument. */
export function keyOfOne(argument: unknown): CacheKey {
  return typeof argument === 'object' || argument === undefined ? keyOf([argument]) : (argument as CacheKey);
}

/** The same for arguments that are in an array already. What cannot be a key is refused by the cache, which says where it stands. */
export function keyOf(args: readonly unknown[]): CacheKey {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  const only = args[0];
  if (length === 1 && only !== null && !Array.isArray(only)) return only as CacheKey;
  return (length === args.length ? args : args.slice(0, length)) as CacheKey;
}
