import type { CacheOperation } from '../annotation/index.js';
import type { Cache } from '../cache/index.js';

/** The call for which caches must be chosen (Spring's `CacheOperationInvocationContext`). */
export interface CacheOperationContext {
  /** What the decorator recorded. Its `cacheNames` are the decorator's own, and may be empty. */
  readonly operation: CacheOperation;
  /** The names that apply: the operation's own, else those of `@CacheConfig`. */
  readonly cacheNames: readonly string[];
  readonly target: object;
  readonly method: string | symbol;
  readonly args: readonly unknown[];
}

/**
 * Chooses the caches of an operation at each call (Spring's `CacheResolver`). The abstract class is the
 * service identifier as well: rebind it to replace the default of a container, or name another service with
 * `cacheResolver`.
 */
export abstract class CacheResolver {
  /**
   * The caches, in the order in which they are asked. An empty list is an error, which reaches the caller of
   * the decorated method.
   */
  abstract resolveCaches(context: CacheOperationContext): readonly Cache[];
}
