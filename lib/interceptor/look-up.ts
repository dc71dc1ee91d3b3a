import type { CacheableOperation, CacheInvocation } from '../annotation/index.js';
import { type CacheKey, Load, type LoadOptions } from '../cache/index.js';
import type { FreshnessOptions } from '../time/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import type { MethodRun } from './method-run.js';
import { NOT_STORED, type OperationPlan } from './operation-plan.js';
import { handleReadFailure } from './read-failures.js';
import { UnfollowedLoad } from './unfollowed-load.js';

/** One `@Cacheable` in one call. `unless`, `ttl` and `tags` are asked once, however many caches it fills. */
class CacheableCall {
  readonly invocation: CacheInvocation;
  readonly key: CacheKey;
  readonly #plan: OperationPlan<CacheableOperation>;
  #isVetoed: boolean | undefined;
  #ttl: number | undefined;
  #tags: readonly CacheKey[] | undefined;

  constructor(plan: OperationPlan<CacheableOperation>, invocation: CacheInvocation, key: CacheKey) {
    this.#plan = plan;
    this.invocation = invocation;
    this.key = key;
  }

  /** `@Cacheable on BookService.find`, for messages. */
  get label(): string {
    return this.#plan.label;
  }

  /** Whether the result must not be stored, because `unless` or `ttl` says so. */
  isVetoed(result: unknown): boolean {
    this.#isVetoed ??= this.#plan.isVetoed(this.invocation, result) || !this.#hasLife(result);
    return this.#isVetoed;
  }

  #hasLife(result: unknown): boolean {
    const ttl = this.#plan.ttl(this.invocation, result);
    if (ttl === NOT_STORED) return false;
    this.#ttl = ttl;
    return true;
  }

  /** Makes the tags of what is stored, once for all its caches. What it throws is the cache's to report. */
  get tags(): LoadOptions['tags'] {
    if (!this.#plan.hasTags) return undefined;
    return (result) => (this.#tags ??= this.#plan.tags(this.invocation, result));
  }

  /** What may be served beside a fresh value. */
  get freshness(): FreshnessOptions | undefined {
    return this.#plan.operation.freshness;
  }

  /** The life of what is stored. The cache asks for it after `isVetoed` was answered. */
  get ttl(): LoadOptions['ttl'] {
    const { ttl } = this.#plan.operation;
    return typeof ttl === 'function' ? () => this.#ttl! : ttl;
  }
}

/** What is special about a call. */
export interface LookUpOptions {
  /**
   * `false`: run the method for this call alone, because the call needs its own run even while another one
   * loads the same key. Default: `true`.
   */
  readonly join?: boolean | undefined;
  /**
   * Whether the method puts or evicts as well. Those steps follow when it has run, so nothing else answers
   * for it. Default: `false`.
   */
  readonly writes?: boolean | undefined;
}

/** The method itself is waited for. */
const FRESH: FreshnessOptions = { staleIfError: 0, refreshAfter: 0, loadTimeout: 0 };
/** What is loaded in the background must come from the method, and not from another cache. */
const NOT_REFRESHED: FreshnessOptions = { refreshAfter: 0 };

/**
 * The look-ups of one call, as loads inside loads: the first cache is asked first, its loader asks the
 * second, the innermost loader runs the method. So each cache fences and shares its own load, and knows when
 * that load began.
 *
 * A hit in an inner cache does not fill the outer caches: they would store a value whose load they have not
 * seen begin. (Spring, too, fills the caches it missed from the method alone.)
 *
 * A cache that does not follow its loads may already be loading the same key further out. It is then passed
 * over here, and is filled by that load.
 */
export class LookUp {
  readonly #cacheables: readonly OperationPlan<CacheableOperation>[];
  readonly #body: MethodRun;
  readonly #errors: CacheErrorHandler;
  readonly #writes: boolean;
  #join: boolean;

  constructor(
    cacheables: readonly OperationPlan<CacheableOperation>[],
    body: MethodRun,
    errors: CacheErrorHandler,
    { join = true, writes = false }: LookUpOptions = {},
  ) {
    this.#cacheables = cacheables;
    this.#body = body;
    this.#errors = errors;
    this.#join = join;
    this.#writes = writes;
  }

  /**
   * The cached value of the first hit, else what the method returns, which is then stored where the look-up
   * missed.
   */
  load(): Promise<unknown> {
    return this.#from(0);
  }

  /** The same for one operation whose key is known already. */
  loadSingle(cacheable: OperationPlan<CacheableOperation>, invocation: CacheInvocation, key: CacheKey): Promise<unknown> {
    return this.#through(new CacheableCall(cacheable, invocation, key), 0, this.#body.run, true);
  }

  #from(index: number): Promise<unknown> {
    const plan = this.#cacheables[index];
    if (plan === undefined) return this.#body.run();
    const invocation = plan.begin(this.#body.target, this.#body.args);
    if (!plan.applies(invocation)) return this.#from(index + 1);
    const isLast = index === this.#cacheables.length - 1;
    return this.#through(new CacheableCall(plan, invocation, plan.key(invocation)), 0, () => this.#from(index + 1), isLast);
  }

  /**
   * @param inner - what comes after the last cache of the operation.
   * @param isLast - whether that is the method.
   */
  #through(call: CacheableCall, index: number, inner: () => Promise<unknown>, isLast: boolean): Promise<unknown> {
    const { key, ttl, tags, invocation } = call;
    const cache = invocation.caches[index];
    if (cache === undefined) return inner();
    const next = (): Promise<unknown> => this.#through(call, index + 1, inner, isLast);
    if (UnfollowedLoad.needsCaller(cache, key)) return next();
    const { caller } = Load;
    let isVetoed = true;
    const loader = async (): Promise<unknown> => {
      // Our own caches run a loader within a load of theirs.
      const value = await (Load.caller === caller ? UnfollowedLoad.run(cache, key, next) : next());
      // What an inner cache had is not what the method has returned meanwhile, in the background.
      isVetoed = !this.#body.hasSucceeded || !Object.is(value, this.#body.result) || call.isVetoed(value);
      return value;
    };
    const onError: LoadOptions['onError'] = (verb, error, value) =>
      handleReadFailure(this.#errors, verb, error, { label: call.label, cache, key, value });
    try {
      const freshness = this.#freshness(call, isLast && index === invocation.caches.length - 1);
      return cache.getOrLoad(key, loader, { ttl, tags, unless: () => isVetoed, join: this.#takeJoin(), onError, ...freshness });
    } catch (error) {
      // A cache that somebody else wrote may throw at once. The caller of a method gets a rejection all the
      // same.
      return Promise.reject(error);
    }
  }

  /**
   * What may be served beside a fresh value. @param isLast - whether the cache is the last one before the
   * method.
   */
  #freshness({ freshness }: CacheableCall, isLast: boolean): FreshnessOptions | undefined {
    if (this.#writes) return FRESH;
    return isLast ? freshness : { ...freshness, ...NOT_REFRESHED };
  }

  /**
   * Only the first cache of a call may be joined. Otherwise two methods that name the same caches in opposite
   * order would wait for each other in their second cache.
   */
  #takeJoin(): boolean {
    const join = this.#join;
    this.#join = false;
    return join;
  }
}
