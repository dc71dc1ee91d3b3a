import type { Cache } from '../cache/index.js';
import type { ServiceLocator } from './service-locator.js';

/**
 * One call of one decorated method as one of its cache operations sees it: `this` of `key`, `condition`, `unless`, `ttl`, `resultKey` and
 * `keys` functions, where they are written as `function`. (Arrow functions get the same arguments and no `this`.)
 * Spring's root variables `#root.target`, `#root.methodName`, `#root.args` and `#root.caches` are here.
 */
export interface CacheInvocation<A extends readonly unknown[] = readonly unknown[]> {
  /** The service whose method was called: the object itself, not a proxy. */
  readonly target: object;
  /** The property key of the method, which no minifier changes. */
  readonly method: string | symbol;
  /** The arguments as the caller passed them; not copied. */
  readonly args: A;
  /** The caches of this operation, in declared order. */
  readonly caches: readonly Cache[];
  /** The container that the service came from. */
  readonly container: ServiceLocator;
}
