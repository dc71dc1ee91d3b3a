import type { CacheOperation } from '../annotation/index.js';
import type { Cache } from '../cache/index.js';

/** The call for which caches are to be chosen (Spring's `CacheOperationInvocationContext`). */
export interface CacheOperationContext {
  /** What the decorator recorded; `cacheNames` are its own or those of `@CacheConfig`, and may be empty. */
  readonly operation: CacheOperation;
  /** The names that apply: the operation's own, else those of `@CacheConfig`. */
  readonly cacheNames: readonly string[];
  readonly target: object;
  readonly method: string | symbol;
  readonly args: readonly unknown[];
}

/**
 * Chooses the caches of an operation at each call (Spring's `CacheResolver`). Abstract class and service identifier in one: rebind it to
 * replace the default for a container, or name another service with `cacheResolver`.
 */
export abstract class CacheResolver {
  /** The caches in the order in which they are asked. None at all is an error, which reaches the caller of the decorated method. */
  abstract resolveCaches(context: CacheOperationContext): readonly Cache[];
}
