import type { CacheKey, Unacknowledged } from '../cache/index.js';
import type { Duration, FreshnessOptions } from '../time/index.js';
import type { CacheInvocation } from './cache-invocation.js';
import type { AtMostOne, Without, WithoutFlags, WithoutReport } from './contradictions.js';
import type { ServiceIdentifier } from './service-locator.js';

/** What can be cached: a method that returns a promise. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the widest method type that still lets arguments and result be inferred
export type AsyncMethod = (this: any, ...args: any[]) => Promise<any>;

/** What the promise of a method resolves to. */
export type ResultOf<M extends AsyncMethod> = Awaited<ReturnType<M>>;

/**
 * The names of several caches. An array of names compiles, whatever the type of its elements, except an empty
 * one, whose elements are `never`: its `indexOf` takes no argument at all.
 */
export interface AtLeastOneName extends ReadonlyArray<string> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- `any` can be any type but `never`
  readonly indexOf: (name: any, from?: number) => number;
}

/** What `@CacheConfig` gives to all cache operations of a class. An operation's own value replaces it. */
export interface CacheConfigOptions {
  /**
   * The caches of operations that name none: one name, or an array of at least one. Default: none; such an
   * operation then needs a `cacheResolver`.
   */
  readonly cacheNames?: string | AtLeastOneName | undefined;
  /**
   * The service that makes keys where an operation has no `key`. Default: the bound `KeyGenerator`. An
   * operation sets one of `key`, `keys`, `resultKey`, `keyGenerator` and `allEntries` at the most.
   */
  readonly keyGenerator?: ServiceIdentifier | undefined;
  /**
   * The service that has the caches. Default: the bound `CacheManager`. An operation sets this or
   * `cacheResolver`. If a class sets both, the resolver wins.
   */
  readonly cacheManager?: ServiceIdentifier | undefined;
  /**
   * The service that chooses the caches at each call. Default: the bound `CacheResolver`, which asks the
   * cache manager for the names.
   */
  readonly cacheResolver?: ServiceIdentifier | undefined;
}

type Services = 'cacheManager' | 'cacheResolver';
type KeyOptions = 'key' | 'keyGenerator';

/** What all cache operations have in common. */
interface OperationOptions<M extends AsyncMethod> extends CacheConfigOptions {
  /**
   * Makes the key from the arguments. Default: the key generator's, which is the only argument itself or
   * the array of all arguments. `null` is a key; `undefined` is refused with `CACHE_KEY_UNDEFINED`. Not
   * together with `keyGenerator`.
   */
  readonly key?: ((this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => CacheKey) | undefined;
  /**
   * Whether this operation applies to the call. Called once per call. `false`: its
   * caches are not touched at all.
   */
  readonly condition?: ((this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => boolean) | undefined;
}

/**
 * Each option of `@Cacheable`. See {@link CacheableOptions} for what may be set together. Those of
 * {@link FreshnessOptions} replace what the cache says.
 */
export interface AllCacheableOptions<M extends AsyncMethod> extends OperationOptions<M>, FreshnessOptions {
  /** Prevents storing a result. Not called for a cached result. Not together with `sync`. */
  readonly unless?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => boolean) | undefined;
  /**
   * Spring's restrictions: one cache, no `unless`, no other operation on the method. Concurrent loads of one
   * key are shared with or without it. Default: `false`.
   */
  readonly sync?: boolean | undefined;
  /**
   * Life of a stored result, or a function of it. Default: the cache's `ttl`. `0` means "without end". From a
   * function, 0 or less means "do not store". A function that throws, or returns something that is no
   * duration, is reported as an `error` event, and the result is not stored.
   */
  readonly ttl?: Duration | ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => Duration) | undefined;
  /**
   * What the stored result can be evicted by, made of the result: `(book) => [`author:${book.authorId}`]`. A
   * tag is a key of a kind; at most 32. The caches must have `tags: true`. A function that throws, or returns
   * what cannot be tags, is reported as an `error` event, and the result is not stored. Default: none.
   */
  readonly tags?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => readonly CacheKey[]) | undefined;
}

/** {@link CacheableOptions} without `cacheNames`, because the names come first. */
export type CacheableSettings<M extends AsyncMethod> = Pick<AllCacheableOptions<M>, 'condition' | 'ttl' | 'tags' | keyof FreshnessOptions> &
  AtMostOne<AllCacheableOptions<M>, Services> &
  AtMostOne<AllCacheableOptions<M>, KeyOptions> &
  (
    | (Pick<AllCacheableOptions<M>, 'sync'> & Without<'unless', 'sync'>)
    | (Pick<AllCacheableOptions<M>, 'unless'> & { readonly sync?: false | undefined })
  );

/**
 * Options of `@Cacheable`: those of {@link AllCacheableOptions}. Options that contradict each other do not
 * compile.
 */
export type CacheableOptions<M extends AsyncMethod> = CacheableSettings<M> & Pick<AllCacheableOptions<M>, 'cacheNames'>;

/** Each option of `@CachePut`. See {@link CachePutOptions} for what may be set together. */
export interface AllCachePutOptions<M extends AsyncMethod> extends OperationOptions<M> {
  /** Prevents storing a result. Called before the key is made. */
  readonly unless?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => boolean) | undefined;
  /**
   * Life of the stored result, or a function of it. Default: the cache's `ttl`. `0` means "without end". From
   * a function, 0 or less means "do not store", and the key is evicted. The key is also evicted when the
   * function throws or returns something that is no duration; that is reported as an `error` event.
   */
  readonly ttl?: Duration | ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => Duration) | undefined;
  /**
   * What the stored result can be evicted by, made of the result: `(book) => [`author:${book.authorId}`]`. A
   * tag is a key of a kind; at most 32. The caches must have `tags: true`. A function that throws is reported
   * as an `error` event, and the key is evicted; what cannot be tags fails the put. Default: none.
   */
  readonly tags?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => readonly CacheKey[]) | undefined;
  /**
   * Makes the key from the result, for an id that the method assigns. Not together with
   * `key` or `keyGenerator`.
   */
  readonly resultKey?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => CacheKey) | undefined;
  /**
   * What happens to the caller when Redis has not acknowledged the put in time. `'throw'`: the call
   * rejects with a `CacheEvictError` that carries the method's result. `'report'`: the caller gets the
   * result, and the event `evictPending` and the log tell of it. In either case the key is evicted until
   * Redis has acknowledged that. Default: the cache's `unacknowledged`.
   */
  readonly unacknowledged?: Unacknowledged | undefined;
}

/** {@link CachePutOptions} without `cacheNames`, because the names come first. */
export type CachePutSettings<M extends AsyncMethod> = Pick<
  AllCachePutOptions<M>,
  'condition' | 'unless' | 'ttl' | 'tags' | 'unacknowledged'
> &
  AtMostOne<AllCachePutOptions<M>, Services> &
  AtMostOne<AllCachePutOptions<M>, KeyOptions | 'resultKey'>;

/**
 * Options of `@CachePut`: those of {@link AllCachePutOptions}. Options that contradict each other do not
 * compile.
 */
export type CachePutOptions<M extends AsyncMethod> = CachePutSettings<M> & Pick<AllCachePutOptions<M>, 'cacheNames'>;

/** Each option of `@CacheEvict`. See {@link CacheEvictOptions} for what may be set together. */
export interface AllCacheEvictOptions<M extends AsyncMethod> extends OperationOptions<M> {
  /**
   * Empties the caches. The arguments do not matter then. Default: `false`. Not together with `key`, `keys`,
   * `resultKey`, `tags`, `resultTags` or `keyGenerator`.
   */
  readonly allEntries?: boolean | undefined;
  /**
   * Evicts before the method runs, and so also if the method fails. Default: `false`:
   * evicts after it succeeded.
   */
  readonly beforeInvocation?: boolean | undefined;
  /**
   * Evicts before the method runs and again after it, whether it succeeded or not. In between, no instance
   * stores a value under the key, so a process that dies at any moment, even between the commit in the method
   * and its eviction, leaves nothing stale: the key stays uncached until `intentLease` is over. Costs one
   * round trip more, and reads of the key meanwhile run their methods. Not together with `beforeInvocation`,
   * `allEntries`, `resultKey`, `tags`, `resultTags` or `unless`, and refused for a cache with `tiers:
   * 'local'`. Default: `false`.
   */
  readonly aroundInvocation?: boolean | undefined;
  /**
   * Several keys, evicted together. Not together with `key`, `resultKey`, `tags`, `resultTags`,
   * `keyGenerator` or `allEntries`.
   */
  readonly keys?: ((this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => readonly CacheKey[]) | undefined;
  /**
   * Makes the key from the result. Not together with `key`, `keys`, `tags`, `resultTags`, `keyGenerator`,
   * `allEntries`, `beforeInvocation` or `aroundInvocation`.
   */
  readonly resultKey?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => CacheKey) | undefined;
  /**
   * Evicts every entry that carries one of these tags, in place of an entry under a key. The caches must have
   * `tags: true`. Not together with `key`, `keys`, `resultKey`, `resultTags`, `keyGenerator`, `allEntries` or
   * `aroundInvocation`.
   */
  readonly tags?: ((this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => readonly CacheKey[]) | undefined;
  /** The same, made of the result. Not together with `beforeInvocation` either. */
  readonly resultTags?:
    ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => readonly CacheKey[]) | undefined;
  /**
   * Prevents the eviction once the result is known, for a method that may have changed nothing. Not together
   * with `beforeInvocation` or `aroundInvocation`.
   */
  readonly unless?: ((this: CacheInvocation<Parameters<M>>, result: ResultOf<M>, ...args: Parameters<M>) => boolean) | undefined;
  /**
   * `'all'`: the method's promise waits until no instance serves the old value. `'none'`: it waits until
   * Redis has executed the eviction. Default: `'none'`.
   */
  readonly acks?: 'none' | 'all' | undefined;
  /**
   * What happens to the caller when Redis has not acknowledged the eviction in time. `'throw'`: the call
   * rejects with a `CacheEvictError` that carries the method's result. `'report'`: the caller gets the
   * result, and the event `evictPending` and the log tell of it. The eviction is repeated in either case.
   * Default: the cache's `unacknowledged`. `'report'` cannot be set together with `acks: 'all'` or with
   * `beforeInvocation`, which always throw.
   */
  readonly unacknowledged?: Unacknowledged | undefined;
}

/** {@link CacheEvictOptions} without `cacheNames`, because the names come first. */
export type CacheEvictSettings<M extends AsyncMethod> = Pick<AllCacheEvictOptions<M>, 'condition'> &
  AtMostOne<AllCacheEvictOptions<M>, Services> &
  (
    | (Pick<AllCacheEvictOptions<M>, 'allEntries'> & Without<WhatOptions, 'allEntries'>)
    | (AtMostOne<AllCacheEvictOptions<M>, WhatOptions> & { readonly allEntries?: false | undefined })
  ) &
  (
    | (Pick<AllCacheEvictOptions<M>, 'beforeInvocation' | 'acks'> &
        Without<'resultKey' | 'resultTags' | 'unless', 'beforeInvocation'> &
        WithoutFlags<'aroundInvocation', 'beforeInvocation'> &
        WithoutReport<'beforeInvocation'>)
    | (Around<M> & AcksOrReport<M>)
    | (Pick<AllCacheEvictOptions<M>, 'unless'> & { readonly [Flag in Flags]?: false | undefined } & AcksOrReport<M>)
  );

/** What an eviction can name: one of them. */
type WhatOptions = KeyOptions | 'keys' | 'resultKey' | 'tags' | 'resultTags';

type Flags = 'beforeInvocation' | 'aroundInvocation';

type Around<M extends AsyncMethod> = Pick<AllCacheEvictOptions<M>, 'aroundInvocation'> &
  Without<'resultKey' | 'tags' | 'resultTags' | 'unless', 'aroundInvocation'> &
  WithoutFlags<'allEntries' | 'beforeInvocation', 'aroundInvocation'>;

type AcksOrReport<M extends AsyncMethod> =
  | (Pick<AllCacheEvictOptions<M>, 'acks'> & WithoutReport<'acks'>)
  | (Pick<AllCacheEvictOptions<M>, 'unacknowledged'> & { readonly acks?: 'none' | undefined });

/**
 * Options of `@CacheEvict`: those of {@link AllCacheEvictOptions}. Options that contradict each other do not
 * compile.
 */
export type CacheEvictOptions<M extends AsyncMethod> = CacheEvictSettings<M> & Pick<AllCacheEvictOptions<M>, 'cacheNames'>;

/** Options of `@Caching`: several operations on one method, each one of a kind or a list of them. */
export interface CachingGroup<M extends AsyncMethod> {
  readonly cacheable?: CacheableOptions<M> | readonly CacheableOptions<M>[] | undefined;
  readonly put?: CachePutOptions<M> | readonly CachePutOptions<M>[] | undefined;
  readonly evict?: CacheEvictOptions<M> | readonly CacheEvictOptions<M>[] | undefined;
}

/**
 * A decorator of promise-returning methods. It can be called in the legacy form (`experimentalDecorators`)
 * and in the standard one. `M` stands alone in exactly one place of each form: elsewhere it could not be
 * inferred from the method.
 *
 * Above a class it decorates every `async` method that the class declares and that has no such decorator of
 * its own, private ones included. `@Caching({})` on a method keeps it out. The methods then share caches and
 * default keys, so name a `keyGenerator` that tells them apart.
 */
export interface CacheDecorator<M extends AsyncMethod> {
  <C extends abstract new (...args: never[]) => unknown>(target: C, context?: ClassDecoratorContext<C>): void;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any class will do
  (value: (this: any, ...args: Parameters<M>) => ReturnType<M>, context: ClassMethodDecoratorContext<any, M>): void;
  (target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M>): void;
}

/** A class decorator that can be called in both forms. */
export type CacheClassDecorator = <C extends abstract new (...args: never[]) => unknown>(
  target: C,
  context?: ClassDecoratorContext<C>,
) => void;
