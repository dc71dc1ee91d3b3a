import type { Absent, CacheKey } from '../cache/index.js';
import type { Duration, FreshnessOptions } from '../time/index.js';
import type { CacheInvocation } from './cache-invocation.js';
import type { AtMostOne } from './contradictions.js';
import type { AtLeastOneName, CacheConfigOptions } from './decorator-options.js';

/** A method over many ids: the first parameter is an array of them, and it returns a `Map` or an array. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the widest method type that still lets arguments and result be inferred
export type AllMethod = (this: any, ids: any, ...others: any[]) => Promise<ReadonlyMap<any, any> | readonly any[]>;

/** An {@link AllMethod} that returns a `Map`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export type MapMethod = (this: any, ids: any, ...others: any[]) => Promise<ReadonlyMap<any, any>>;

type IdsOf<M extends AllMethod> = Parameters<M>[0];
type AnswerOf<M extends AllMethod> = Awaited<ReturnType<M>>;

/** One of the ids. */
export type IdOf<M extends AllMethod> = IdsOf<M> extends readonly (infer K)[] ? K : never;

/** The parameters after the ids. */
export type OthersOf<M extends AllMethod> = Parameters<M> extends [unknown, ...infer Others] ? Others : [];

/** One of the elements. */
export type ElementOf<M extends AllMethod> = Exclude<
  AnswerOf<M> extends ReadonlyMap<unknown, infer V> ? V : AnswerOf<M> extends readonly (infer V)[] ? V : never,
  undefined
>;

/** `null` only where an element can be `null`. */
type AbsentOf<M extends AllMethod> = null extends ElementOf<M> ? Absent : Exclude<Absent, 'null'>;

/** `this`, the element, its id, and the other arguments. */
type AboutElement<M extends AllMethod, R> = (
  this: CacheInvocation<Parameters<M>>,
  element: ElementOf<M>,
  id: IdOf<M>,
  ...others: OthersOf<M>
) => R;

/**
 * Each option of `@CacheableAll`. Those of {@link FreshnessOptions} replace what the cache says, for each
 * element by itself.
 */
export interface AllCacheableAllOptions<M extends AllMethod> extends CacheConfigOptions, FreshnessOptions {
  /**
   * Makes the key of one element. Default: the key generator's for `(id, ...others)`, so that the entries are
   * those of a `@Cacheable` method with these parameters. Not together with `keyGenerator`.
   */
  readonly key?: ((this: CacheInvocation<Parameters<M>>, id: IdOf<M>, ...others: OthersOf<M>) => CacheKey) | undefined;
  /**
   * Whether this operation applies to the call. Called once per call. `false`: its caches are not touched at
   * all.
   */
  readonly condition?: ((this: CacheInvocation<Parameters<M>>, ...args: Parameters<M>) => boolean) | undefined;
  /** Prevents storing an element. Not called for a cached one, nor for one that does not exist. */
  readonly unless?: AboutElement<M, boolean> | undefined;
  /** Life of a stored element, or a function of it. Default: the cache's `ttl`. See `@Cacheable`. */
  readonly ttl?: Duration | AboutElement<M, Duration> | undefined;
  /**
   * What the stored element can be evicted by. The caches must have `tags: true`. Default: none. See
   * `@Cacheable`.
   */
  readonly tags?: AboutElement<M, readonly CacheKey[]> | undefined;
  /**
   * What is stored, under the cache's `nullTtl`, for an id that the method has no element for, and answered
   * from then on: `null` or `undefined`. It must be what the method that reads one id answers then, because
   * they share their entries: without it, a `null` that `find` has cached is an element here as well. Of
   * several caches, the last one stores it. Default: nothing is stored, and the method is asked again at the
   * next call.
   */
  readonly absent?: AbsentOf<M> | undefined;
  /**
   * The most ids that the method is given at a time. If the process itself lacks more elements, so many are
   * looked for and loaded at a time, one part after the other. Default, and at most: 1000.
   */
  readonly maximumBatch?: number | undefined;
}

/**
 * In which shape the method returns its elements, and its callers get them. When everything is found, the
 * method does not run, and nothing else could tell.
 */
type ResultOption<M extends AllMethod> =
  AnswerOf<M> extends readonly unknown[]
    ? {
        /** The method returns an array with one element for each id. */
        readonly result: 'array';
      }
    : {
        /** `'array'`: the method returns an array with one element for each id. Default: `'map'`. */
        readonly result?: 'map' | undefined;
      };

/** {@link CacheableAllOptions} without `cacheNames`, because the names come first. */
export type CacheableAllSettings<M extends AllMethod> = Pick<
  AllCacheableAllOptions<M>,
  'condition' | 'unless' | 'ttl' | 'tags' | 'absent' | 'maximumBatch' | keyof FreshnessOptions
> &
  AtMostOne<AllCacheableAllOptions<M>, 'cacheManager' | 'cacheResolver'> &
  AtMostOne<AllCacheableAllOptions<M>, 'key' | 'keyGenerator'> &
  ResultOption<M>;

/**
 * Options of `@CacheableAll`: those of {@link AllCacheableAllOptions}, and `result`, which an array needs.
 * Options that contradict each other do not compile.
 */
export type CacheableAllOptions<M extends AllMethod> = CacheableAllSettings<M> & Pick<AllCacheableAllOptions<M>, 'cacheNames'>;

/** Names alone are enough for a method that returns a `Map`. */
export type NamesOfAll<M extends AllMethod> =
  AnswerOf<M> extends readonly unknown[]
    ? TypeError<"A method that returns an array needs the option `result: 'array'`.">
    : string | AtLeastOneName;

/** Whether an id can be a key of the `Map`. The type of either may be the wider one. */
type IsMapBy<K, Answer> =
  Answer extends ReadonlyMap<infer Key, unknown> ? ([K] extends [Key] ? true : [Key] extends [K] ? true : false) : false;

/** What `@CacheableAll` demands of a method. */
type Demanded<M extends AllMethod> =
  IdsOf<M> extends readonly unknown[]
    ? AnswerOf<M> extends readonly unknown[]
      ? unknown
      : IsMapBy<IdOf<M>, AnswerOf<M>> extends true
        ? unknown
        : TypeError<'The method must return a Map by its ids, or an array.'>
    : TypeError<'The first parameter must be an array of ids.'>;

interface TypeError<Message extends string> {
  readonly invalid: Message;
}

/**
 * A decorator of methods over many ids. It can be called in the legacy form (`experimentalDecorators`) and in
 * the standard one.
 */
export interface AllDecorator<M extends AllMethod> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any class will do
  (value: (this: any, ...args: Parameters<M>) => ReturnType<M>, context: ClassMethodDecoratorContext<any, M> & Demanded<M>): void;
  (target: object, method: string | symbol, descriptor: TypedPropertyDescriptor<M> & Demanded<M>): void;
}

/** The decorator of a method of this type; `never` if it cannot have one. */
export type AllDecoratorOf<M> = M extends AllMethod ? (Demanded<M> extends TypeError<string> ? never : AllDecorator<M>) : never;
