import type { Absent, Unacknowledged } from '../cache/index.js';
import type { FreshnessOptions, Milliseconds } from '../time/index.js';
import type { CacheInvocation } from './cache-invocation.js';
import type { ServiceIdentifier } from './service-locator.js';

/**
 * A function from a decorator's options. The decorator has checked its type; from here on only the caller
 * knows what it takes and returns.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the decorator checked it against the method it decorates
export type OperationFunction = (this: CacheInvocation, ...args: any[]) => unknown;

/**
 * What `@CacheConfig` gives to the operations of its class. An operation may replace each item for
 * itself; nothing is merged.
 */
export interface CacheDefaults {
  readonly cacheNames: readonly string[];
  readonly keyGenerator: ServiceIdentifier | undefined;
  readonly cacheManager: ServiceIdentifier | undefined;
  readonly cacheResolver: ServiceIdentifier | undefined;
}

interface CommonOperation extends CacheDefaults {
  readonly key: OperationFunction | undefined;
  readonly condition: OperationFunction | undefined;
}

/** What `@Cacheable` asks for. */
export interface CacheableOperation extends CommonOperation {
  readonly kind: 'cacheable';
  readonly unless: OperationFunction | undefined;
  readonly sync: boolean;
  readonly ttl: Milliseconds | OperationFunction | undefined;
  readonly tags: OperationFunction | undefined;
  /** `undefined`: what the cache says. */
  readonly freshness: FreshnessOptions | undefined;
}

/** What `@CacheableAll` asks for. Its functions are asked about one element at a time. */
export interface CacheableAllOperation extends CommonOperation {
  readonly kind: 'cacheableAll';
  readonly unless: OperationFunction | undefined;
  readonly ttl: Milliseconds | OperationFunction | undefined;
  readonly tags: OperationFunction | undefined;
  /** `undefined`: what the cache says. */
  readonly freshness: FreshnessOptions | undefined;
  /** In which shape the method returns its elements. */
  readonly result: 'map' | 'array';
  readonly absent: Absent | undefined;
  readonly maximumBatch: number | undefined;
}

/** What `@CachePut` asks for. */
export interface CachePutOperation extends CommonOperation {
  readonly kind: 'put';
  readonly unless: OperationFunction | undefined;
  readonly ttl: Milliseconds | OperationFunction | undefined;
  readonly tags: OperationFunction | undefined;
  readonly resultKey: OperationFunction | undefined;
  /** `undefined`: what the cache says. */
  readonly unacknowledged: Unacknowledged | undefined;
}

/** What `@CacheEvict` asks for. */
export interface CacheEvictOperation extends CommonOperation {
  readonly kind: 'evict';
  readonly unless: OperationFunction | undefined;
  readonly allEntries: boolean;
  readonly beforeInvocation: boolean;
  readonly aroundInvocation: boolean;
  readonly keys: OperationFunction | undefined;
  readonly resultKey: OperationFunction | undefined;
  readonly tags: OperationFunction | undefined;
  readonly resultTags: OperationFunction | undefined;
  readonly acks: 'none' | 'all';
  /** `undefined`: what the cache says. */
  readonly unacknowledged: Unacknowledged | undefined;
}

/** One decorator on one method, checked and frozen (Spring's `CacheOperation`). */
export type CacheOperation = CacheableOperation | CacheableAllOperation | CachePutOperation | CacheEvictOperation;

/** The decorator that records operations of this kind, for messages. */
export const DECORATOR_OF = {
  cacheable: '@Cacheable',
  cacheableAll: '@CacheableAll',
  put: '@CachePut',
  evict: '@CacheEvict',
} as const satisfies Record<CacheOperation['kind'], string>;
