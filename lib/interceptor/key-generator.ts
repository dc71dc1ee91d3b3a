import type { CacheKey } from '../cache/index.js';

/**
 * Makes the keys of operations that have no `key` of their own (Spring's `KeyGenerator`). The abstract class
 * is the service identifier as well: rebind it to replace the default of a container, or name another service
 * with `keyGenerator`.
 */
export abstract class KeyGenerator {
  /**
   * @param target - the service.
   * @param method - the property key of the method.
   * @param args - what the caller passed; rest parameters are not gathered into an array.
   * @returns equal keys for calls that mean the same. The name of the cache is no part of the key.
   *   `undefined` is refused.
   */
  abstract generate(target: object, method: string | symbol, ...args: readonly unknown[]): CacheKey;
}
