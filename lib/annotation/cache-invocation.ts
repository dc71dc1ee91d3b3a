import type { Cache } from '../cache/index.js';
import type { ServiceLocator } from './service-locator.js';

/**
 * One call of a decorated method, as one of its cache operations sees it. It is the `this` of `key`,
 * `condition`, `unless`, `ttl`, `resultKey` and `keys`, if they are written as `function`. (Arrow functions
 * get the same arguments and no `this`.) It holds Spring's root variables `#root.target`, `#root.methodName`,
 * `#root.args` and `#root.caches`.
 */
export interface CacheInvocation<A extends readonly unknown[] = readonly unknown[]> {
  /** The service whose method was called: the object itself, not a proxy. */
  readonly target: object;
  /** The property key of the method, which no minifier changes. */
  readonly method: string | symbol;
  /** The arguments as the caller passed them. They are not copied. */
  readonly args: A;
  /** The caches of this operation, in declared order. */
  readonly caches: readonly Cache[];
  /** The container that the service came from. */
  readonly container: ServiceLocator;
}
