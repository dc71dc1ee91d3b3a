import type { CacheableOperation, CacheInvocation, CachedMethod } from '../annotation/index.js';
import { type Cache, type CacheKey, hitNow } from '../cache/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import { LookUp } from './look-up.js';
import { MethodRun } from './method-run.js';
import type { OperationPlan } from './operation-plan.js';
import { keyOfOne } from './simple-key-generator.js';

/**
 * A function of the application that has no `this`. Called directly, not by `call` or `apply`, it can be
 * inlined.
 */
type ArrowFunction = (argument: unknown) => unknown;

/**
 * The short way of a method that needs no recipe: its only operation is one `@Cacheable`, on one cache that
 * does not depend on the call.
 *
 * A hit costs the key, one look-up, and the promise that the cache already has. There is no closure, no
 * `async` function and no `CacheInvocation` on the way to it, unless a function of the application asks for
 * one. On a miss the method runs under a {@link LookUp}, with the key that was made here: `condition` and
 * `key` are asked once a call.
 */
export class HitPath {
  readonly #cacheable: OperationPlan<CacheableOperation>;
  readonly #cache: Cache;
  readonly #errors: CacheErrorHandler;
  /** Whether `condition` or `key` has to be asked. */
  readonly #asks: boolean;
  /** Whether one argument is enough to ask them, and to make the key. */
  readonly #takesOne: boolean;
  /** Whether a string argument is the key of its call. */
  readonly #isPlain: boolean;
  readonly #condition: ArrowFunction | undefined;
  readonly #key: ArrowFunction | undefined;

  constructor(cacheable: OperationPlan<CacheableOperation>, cache: Cache, errors: CacheErrorHandler) {
    const { condition, key } = cacheable.operation;
    this.#cacheable = cacheable;
    this.#cache = cache;
    this.#errors = errors;
    this.#asks = condition !== undefined || key !== undefined;
    this.#takesOne = cacheable.usesDefaultKeys && [condition, key].every((each) => each === undefined || isArrowFunction(each));
    this.#isPlain = cacheable.usesDefaultKeys && !this.#asks;
    this.#condition = condition as ArrowFunction | undefined;
    this.#key = key as ArrowFunction | undefined;
  }

  /** The answer to a call: the promise of the cache or of the method. */
  answer(target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    const cacheable = this.#cacheable;
    let invocation: CacheInvocation | undefined;
    let key: CacheKey;
    try {
      if (this.#asks) {
        invocation = cacheable.begin(target, args);
        if (!cacheable.applies(invocation)) return method.body.apply(target, args) as Promise<unknown>;
        key = cacheable.key(invocation);
      } else {
        key = cacheable.generateKey(target, args);
      }
    } catch (error) {
      return Promise.reject(error);
    }
    return hitIn(this.#cache, key) ?? this.#load(new MethodRun(method, target, args), key, invocation);
  }

  /**
   * The same for one argument, the commonest call. It needs no array before it has to load: 60 ns in place of
   * 67 for a string, which is its own key. (Without awaiting; see `bench/accepted.md` for this and the
   * following.)
   *
   * Arrow functions have no `this`, so they need no `CacheInvocation` either, and are called as they are: 46
   * ns in place of 60 for a hit under a `key`, 5 ns in place of 21 where a `condition` is false.
   */
  answerOne(target: object, method: CachedMethod, argument: unknown): Promise<unknown> {
    if (this.#isPlain && typeof argument === 'string') {
      return hitIn(this.#cache, argument) ?? this.#load(new MethodRun(method, target, [argument]), argument);
    }
    return this.#takesOne ? this.#askAboutOne(target, method, argument) : this.answer(target, method, [argument]);
  }

  #askAboutOne(target: object, method: CachedMethod, argument: unknown): Promise<unknown> {
    const condition = this.#condition;
    let key: CacheKey;
    try {
      if (condition !== undefined && !this.#cacheable.decided('condition', condition(argument))) {
        return method.body.call(target, argument) as Promise<unknown>;
      }
      const makeKey = this.#key;
      key = makeKey === undefined ? keyOfOne(argument) : this.#cacheable.defined('key', makeKey(argument));
    } catch (error) {
      return Promise.reject(error);
    }
    return hitIn(this.#cache, key) ?? this.#load(new MethodRun(method, target, [argument]), key);
  }

  #load(run: MethodRun, key: CacheKey, invocation = this.#cacheable.begin(run.target, run.args)): Promise<unknown> {
    return new LookUp([this.#cacheable], run, this.#errors).loadSingle(this.#cacheable, invocation, key);
  }
}

/**
 * What a cache can serve at once. A cache that fails here is asked again in full, where the failure is
 * handled.
 */
function hitIn(cache: Cache, key: CacheKey): Promise<unknown> | undefined {
  try {
    return hitNow(cache, key);
  } catch {
    return undefined;
  }
}

/**
 * How the text of an arrow function begins. Nothing else begins so; a text that is not understood counts as
 * none.
 */
const ARROW = /^(?:\(|[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u;

/** Whether `candidate` has no `this` of its own, so that no `CacheInvocation` need be made for it. */
export function isArrowFunction(candidate: (...args: never[]) => unknown): boolean {
  return ARROW.test(Function.prototype.toString.call(candidate));
}
