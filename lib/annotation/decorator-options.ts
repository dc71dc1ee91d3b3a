import type { CacheKey } from '../cache/index.js';
import type { Duration } from '../time/index.js';
import type { CacheInvocation } from './cache-invocation.js';
import type { ServiceIdentifier } from './service-locator.js';

/** What can be cached: a method that returns a promise. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the widest method type that still lets arguments and result be inferred
export type AsyncMethod = (this: any, ...args: any[]) => Promise<any>;

/** What the promise of a method resolves to. */
export type ResultOf<M extends AsyncMethod> = Awaited<ReturnType<M>>;

/** What `@CacheConfig` gives to all cache operations of a class. An operation's own value replaces the one given here. */
export interface CacheConfigOptions {
  /** The caches of operations that name none. Default: none; such an operation then needs a `cacheResolver`. */
  readonly cacheNames?: string | readonly string[];
  /** The service that makes keys where an operation has no `key`. Default: the bound `KeyGenerator`. */
  readonly keyGenerator?: ServiceIdentifier;
  /** The service that has the caches. Default: the bound `CacheManager`. An operation gives this or `cacheResolver`; on a class the resolver wins. */
  readonly cacheManager?: ServiceIdentifier;
  /** The service that chooses the caches at each call. Default: the bound `CacheResolver`, which asks the cache manager for the names. */
  readonly cacheResolver?: ServiceIdentifier;
}

/** What all cache operations have in common. */
export interface OperationOptions<M extends AsyncMethod> extends CacheConfigOptions {
  /**
   * Makes the key of the arguments. Default: the key generator's, which is the only argument itself or the array of all.
   * `null` is a key; `undefined` is refused with `CACHE_KEY_UNDEFINED`. Not together with `keyGenerator`.
   */
  readonly key?: (this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => CacheKey;
  /** Whether this operation applies to the call. Asked once per call; `false` means that its caches are not touched at all. */
  readonly condition?: (this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => boolean;
}

/** Options of `@Cacheable`. */
export interface CacheableOptions<M extends AsyncMethod> extends OperationOptions<M> {
  /** Vetoes storing a result. Not asked about a cached one. */
  readonly unless?: (this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => boolean;
  /**
   * Spring's restrictions: one cache, no `unless`, no other operation on the method. Loads of one key are shared in any case.
   * Default: `false`.
   */
  readonly sync?: boolean;
  /**
   * Life of a stored result, or a function of it. Default: the cache's `ttl`. `0` means "without end"; from a function, 0 or less means "do not
   * store". A function that throws, or gives what is no duration, is told as an `error` event, and the result is not stored.
   */
  readonly ttl?: Duration | ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => Duration);
}

/** Options of `@CachePut`. */
export interface CachePutOptions<M extends AsyncMethod> extends OperationOptions<M> {
  /** Vetoes storing a result. Asked before the key is made. */
  readonly unless?: (this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => boolean;
  /**
   * Life of the stored result, or a function of it. Default: the cache's `ttl`. `0` means "without end"; from a function, 0 or less means "do not
   * store", and evicts the key. So does a function that throws, or gives what is no duration; it is told as an `error` event.
   */
  readonly ttl?: Duration | ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => Duration);
  /** Makes the key of the result, for an id that the method assigns. Not together with `key` or `keyGenerator`. */
  readonly resultKey?: (this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => CacheKey;
}

/** Options of `@CacheEvict`. */
export interface CacheEvictOptions<M extends AsyncMethod> extends OperationOptions<M> {
  /** Empties the caches; the arguments play no part then. Default: `false`. */
  readonly allEntries?: boolean;
  /** Evicts before the method runs, and also if it then fails. Default: `false`, after it succeeded. */
  readonly beforeInvocation?: boolean;
  /** Several keys, evicted together. Not together with `key`, `resultKey`, `keyGenerator` or `allEntries`. */
  readonly keys?: (this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => readonly CacheKey[];
  /** Makes the key of the result. Not together with `key`, `keys`, `keyGenerator`, `allEntries` or `beforeInvocation`. */
  readonly resultKey?: (this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => CacheKey;
  /** Vetoes the eviction once the result is known, for a method that may have changed nothing. Not together with `beforeInvocation`. */
  readonly unless?: (this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => boolean;
  /** `'all'`: the method's promise waits until no instance serves the old value. Default: `'none'`, until Redis executed the eviction. */
  readonly acks?: 'none' | 'all';
}

/** Options of `@Caching`: several operations on one method, each one of a kind or a list of them. */
export interface CachingGroup<M extends AsyncMethod> {
  readonly cacheable?: CacheableOptions<M> | readonly CacheableOptions<M>[];
  readonly put?: CachePutOptions<M> | readonly CachePutOptions<M>[];
  readonly evict?: CacheEvictOptions<M> | readonly CacheEvictOptions<M>[];
}

/**
 * A decorator of promise-returning methods, callable in the legacy form (`experimentalDecorators`) and in the standard one.
 * `M` stands alone in exactly one place of each form; anywhere else it would no longer be inferred from the method.
 *
 * Above a class it decorates every `async` method that the class declares and that has no such decorator of its own, private ones included;
 * `@Caching({})` on a method keeps it out. Methods share caches and default keys then: name a `keyGenerator` that tells them apart.
 */
export interface CacheDecorator<M extends AsyncMethod> {
  <C extends abstract new (...args: never[]) => unknown>(target: C, context?: ClassDecoratorContext<C>): void;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any class will do
  (value: (this: any, ...args: Parameters<M>) => ReturnType<M>, context: ClassMethodDecoratorContext<any, M>): void;
  (target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
}

/** A class decorator, callable in both forms. */
export type CacheClassDecorator = <C extends abstract new (...args: never[]) => unknown>(
  target: C,
  context?: ClassDecoratorContext<C>,
) => void;
