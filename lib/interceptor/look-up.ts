import type { CacheableOperation, CacheInvocation } from '../annotation/index.js';
import { type Cache, type CacheKey, Load, type LoadOptions } from '../cache/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import { isKeyError, keyErrorOf } from './key-error.js';
import type { MethodRun } from './method-run.js';
import { NOT_STORED, type OperationPlan } from './operation-plan.js';
import { UnfollowedLoad } from './unfollowed-load.js';

/** One `@Cacheable` in one call. `unless` and `ttl` are asked once, however many caches it fills. */
class CacheableCall {
  readonly #plan: OperationPlan<CacheableOperation>;
  readonly #invocation: CacheInvocation;
  #isVetoed: boolean | undefined;
  #ttl: number | undefined;

  constructor(plan: OperationPlan<CacheableOperation>, invocation: CacheInvocation) {
    this.#plan = plan;
    this.#invocation = invocation;
  }

  /** `@Cacheable on BookService.find`, for messages. */
  get label(): string {
    return this.#plan.label;
  }

  /** Whether the result must not be stored: `unless` or `ttl` says so. */
  isVetoed(result: unknown): boolean {
    this.#isVetoed ??= this.#plan.isVetoed(this.#invocation, result) || !this.#hasLife(result);
    return this.#isVetoed;
  }

  #hasLife(result: unknown): boolean {
    const ttl = this.#plan.ttl(this.#invocation, result);
    if (ttl === NOT_STORED) return false;
    this.#ttl = ttl;
    return true;
  }

  /** The life of what is stored: by the time the cache asks, `isVetoed` was answered. */
  get ttl(): LoadOptions['ttl'] {
    const { ttl } = this.#plan.operation;
    return typeof ttl === 'function' ? () => this.#ttl! : ttl;
  }
}

/**
 * The look-ups of one call, as loads inside loads: the first cache is asked first; its loader asks the second; the innermost runs the method.
 * Fences and sharing stay with the caches that way, each knowing when its own load began. A hit in an inner cache does not fill the outer ones
 * (Spring fills the caches it missed only from the method), because they would store a value whose load they have not seen begin.
 * A cache that does not follow its loads, and is loading the same key further out, is passed over: it is filled from there.
 */
export class LookUp {
  readonly #cacheables: readonly OperationPlan<CacheableOperation>[];
  readonly #target: object;
  readonly #args: readonly unknown[];
  readonly #body: MethodRun;
  #join: boolean;
  readonly #errors: CacheErrorHandler;

  /** @param join - `false`: run the method for this call alone, for its result is needed even if another call is loading the same key. */
  constructor(
    cacheables: readonly OperationPlan<CacheableOperation>[],
    target: object,
    args: readonly unknown[],
    body: MethodRun,
    join: boolean,
    errors: CacheErrorHandler,
  ) {
    this.#cacheables = cacheables;
    this.#target = target;
    this.#args = args;
    this.#body = body;
    this.#join = join;
    this.#errors = errors;
  }

  /** The cached value of the first hit, else what the method returns, which is then stored where the look-up missed. */
  load(): Promise<unknown> {
    return this.#from(0);
  }

  /** The same for one operation and one cache whose key is known. */
  loadSingle(cacheable: OperationPlan<CacheableOperation>, invocation: CacheInvocation, key: CacheKey): Promise<unknown> {
    return this.#through(new CacheableCall(cacheable, invocation), invocation.caches, 0, key, this.#body.run);
  }

  #from(index: number): Promise<unknown> {
    const plan = this.#cacheables[index];
    if (plan === undefined) return this.#body.run();
    const invocation = plan.begin(this.#target, this.#args);
    if (!plan.applies(invocation)) return this.#from(index + 1);
    return this.#through(new CacheableCall(plan, invocation), invocation.caches, 0, plan.key(invocation), () => this.#from(index + 1));
  }

  #through(call: CacheableCall, caches: readonly Cache[], index: number, key: CacheKey, inner: () => Promise<unknown>): Promise<unknown> {
    const cache = caches[index];
    if (cache === undefined) return inner();
    const next = (): Promise<unknown> => this.#through(call, caches, index + 1, key, inner);
    if (UnfollowedLoad.needsCaller(cache, key)) return next();
    const { caller } = Load;
    let isVetoed = true;
    const loader = async (): Promise<unknown> => {
      // Our own caches run a loader within a load of theirs.
      const value = await (Load.caller === caller ? UnfollowedLoad.run(cache, key, next) : next());
      isVetoed = !this.#body.hasSucceeded || call.isVetoed(value);
      return value;
    };
    const { ttl } = call;
    const onError: LoadOptions['onError'] = (verb, error, value) => this.#failed(call, verb, error, cache, key, value);
    try {
      return cache.getOrLoad(key, loader, { ttl, unless: () => isVetoed, join: this.#takeJoin(), onError });
    } catch (error) {
      return Promise.reject(error); // A cache of somebody else's may throw at once; to the caller of a method that is a rejection too.
    }
  }

  /**
   * Only the first cache of a call may be joined. Two methods that name the same caches in opposite order would otherwise wait for each other
   * in their second one.
   */
  #takeJoin(): boolean {
    const join = this.#join;
    this.#join = false;
    return join;
  }

  #failed(call: CacheableCall, verb: 'get' | 'put', error: unknown, cache: Cache, key: CacheKey, value: unknown): void {
    if (isKeyError(error)) throw keyErrorOf(error, call.label, cache);
    if (verb === 'get') this.#errors.handleCacheGetError(error, cache, key);
    else this.#errors.handleCachePutError(error, cache, key, value);
  }
}
