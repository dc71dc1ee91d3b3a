import type {
  CachedMethod,
  CacheEvictOperation,
  CacheInvocation,
  CachePutOperation,
  MethodInterceptor,
  ServiceLocator,
} from '../annotation/index.js';
import { type Cache, type CacheKey, type CallsUnderWay, hitNow } from '../cache/index.js';
import { CacheError, CacheStoppedError } from '../errors/index.js';
import { CacheErrorHandler } from './cache-error-handler.js';
import { isKeyError, keyErrorOf, lateKey } from './key-error.js';
import { LookUp } from './look-up.js';
import { MethodRun } from './method-run.js';
import { MethodPlan, type SinglePlan } from './method-plan.js';
import { NOT_STORED, type OperationPlan } from './operation-plan.js';

/** What differs between interceptors. */
export interface CacheInterceptorOptions {
  /** `false`: every call goes straight to the method. Default: `true`. */
  readonly isEnabled?: boolean | undefined;
  /** Counts the calls that put or evict, for a shutdown to wait for. Default: nobody waits for them. */
  readonly calls?: CallsUnderWay | undefined;
}

/**
 * Runs decorated methods under their cache operations; one per container (Spring's `CacheInterceptor`). The order never depends on how
 * decorators are stacked: early evictions → look-ups → the method, if needed → results of misses are stored → puts → late evictions.
 *
 * If the method fails, there are neither puts nor late evictions. If it succeeded, every put and every late eviction is tried, whatever
 * became of those before it, and then the first failure reaches the caller: an eviction left out would be an old value served. So does a
 * shutdown: a method that puts or evicts and is called after it runs, and then rejects with a {@link CacheStoppedError}.
 *
 * Services are looked up in the container at a method's first call and kept. Nothing of this class is `async` on the way to a hit.
 */
export class CacheInterceptor implements MethodInterceptor {
  readonly #container: ServiceLocator;
  readonly #isEnabled: boolean;
  readonly #calls: CallsUnderWay | undefined;
  #plans: (MethodPlan | undefined)[] = [];
  /** Those of the plans that {@link invokeWith} needs no more of than this. */
  #short: (SinglePlan | undefined)[] = [];
  #errors: CacheErrorHandler | undefined;
  #isClosed = false;

  constructor(container: ServiceLocator, { isEnabled = true, calls }: CacheInterceptorOptions = {}) {
    this.#container = container;
    this.#isEnabled = isEnabled;
    this.#calls = calls;
  }

  /** Whether {@link close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * The container is gone, or going: from now on reads go straight to the method. A method that puts or evicts does so for as long as the
   * shutdown waits for calls. Idempotent.
   */
  close(): void {
    this.#isClosed = true;
    this.#plans = this.#plans.map((plan) => (plan?.writes === true ? plan : undefined));
    this.#short = [];
  }

  /** Runs `method` on `target`, or answers from a cache. Whatever is thrown on the way comes as a rejection. */
  invoke(target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    const single = this.#plans[method.id]?.single;
    if (single !== undefined) return this.#invokeSingle(single, target, method, args);
    if (!this.#isEnabled || (this.#isClosed && !this.#mustWrite(method))) return method.body.apply(target, args) as Promise<unknown>;
    return this.#calls !== undefined && writes(method)
      ? this.#intercept(this.#calls, target, method, args)
      : this.#perform(target, method, args);
  }

  /** Whether a closed interceptor serves `method`: not if the caches were never used, for then nothing was shut down. */
  #mustWrite(method: CachedMethod): boolean {
    return writes(method) && (this.#plans[method.id] !== undefined || this.#calls?.isClosing === true);
  }

  invokeWith(target: object, method: CachedMethod, argument: unknown): Promise<unknown> {
    const short = this.#short[method.id];
    if (short === undefined) return this.invoke(target, method, [argument]);
    if (!short.isPlain || typeof argument !== 'string') return this.#invokeShort(short, target, method, argument);
    return hitIn(short.cache, argument) ?? this.#loadSingle(short, target, method, [argument], argument);
  }

  #invokeShort(short: SinglePlan, target: object, method: CachedMethod, argument: unknown): Promise<unknown> {
    const { cacheable, cache } = short;
    let key: CacheKey;
    try {
      if (!cacheable.appliesTo(argument)) return method.body.call(target, argument) as Promise<unknown>;
      key = cacheable.keyOf(argument);
    } catch (error) {
      return Promise.reject(error);
    }
    return hitIn(cache, key) ?? this.#loadSingle(short, target, method, [argument], key);
  }

  /** The fast path: a hit costs the key, one look-up and the promise that the cache already has. */
  #invokeSingle(single: SinglePlan, target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    const { cacheable, cache } = single;
    let invocation: CacheInvocation | undefined;
    let key: CacheKey;
    try {
      const { operation } = cacheable;
      if (operation.key !== undefined || operation.condition !== undefined) invocation = cacheable.begin(target, args);
      if (invocation !== undefined && !cacheable.applies(invocation)) return method.body.apply(target, args) as Promise<unknown>;
      key = invocation === undefined ? cacheable.generateKey(target, args) : cacheable.key(invocation);
    } catch (error) {
      return Promise.reject(error);
    }
    return hitIn(cache, key) ?? this.#loadSingle(single, target, method, args, key, invocation);
  }

  #loadSingle(
    { cacheable }: SinglePlan,
    target: object,
    method: CachedMethod,
    args: unknown[],
    key: CacheKey,
    invocation = cacheable.begin(target, args),
  ): Promise<unknown> {
    const body = new MethodRun(method, target, args);
    return new LookUp([cacheable], target, args, body, true, this.#errorHandler()).loadSingle(cacheable, invocation, key);
  }

  /** The recipe for a method that puts or evicts: a shutdown waits for it, or it comes too late for its caches. */
  async #intercept(calls: CallsUnderWay, target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    if (!calls.begin()) return this.#runStopped(target, method, args);
    try {
      return await this.#perform(target, method, args);
    } finally {
      calls.end();
    }
  }

  /** The method must not be lost for its caches. That they are not told must not be lost either. */
  async #runStopped(target: object, method: CachedMethod, args: unknown[]): Promise<never> {
    const result: unknown = await method.body.apply(target, args);
    throw new CacheStoppedError(`${method.label} has run, but its puts and evictions were refused: the cache manager was stopped.`, {
      hint: 'What the method did stands; its result is on the error. Other instances may serve the old value until its time to live ends. Let open requests end before the container is unbound.',
      result,
    });
  }

  /** The recipe. */
  async #perform(target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    const plan = (this.#plans[method.id] ??= this.#plan(method));
    await this.#evictEarly(plan, target, args);
    const puts = applying(plan.puts, target, args);
    const body = new MethodRun(method, target, args);
    const failures: unknown[] = [];
    const result = await this.#lookUpOrRun(plan, target, args, body, puts.length > 0, failures);
    await this.#put(puts, result, failures);
    await this.#evictLate(plan, target, args, result, failures);
    if (failures.length > 0) throw failures[0];
    return result;
  }

  /** Everything a call can need is looked up before it does anything: the container may be gone by the time it ends. */
  #plan(method: CachedMethod): MethodPlan {
    this.#errorHandler();
    const plan = new MethodPlan(method, this.#container);
    // The short way passes `invoke` by, so it is not for those who extend that.
    if (this.invoke === CacheInterceptor.prototype.invoke) this.#short[method.id] = plan.short;
    return plan;
  }

  async #evictEarly(plan: MethodPlan, target: object, args: unknown[]): Promise<void> {
    await throwFirst(this.#evict(plan.earlyEvicts, target, args));
  }

  /** What the caches have, or what the method returns. A put that applies needs the method in any case; a hit is not refreshed by it. */
  async #lookUpOrRun(
    plan: MethodPlan,
    target: object,
    args: unknown[],
    body: MethodRun,
    mustRun: boolean,
    failures: unknown[],
  ): Promise<unknown> {
    try {
      const found = await new LookUp(plan.cacheables, target, args, body, !mustRun, this.#errorHandler()).load();
      return mustRun ? await body.run() : found;
    } catch (error) {
      if (!body.hasSucceeded) throw error;
      // The method did its work and its result could not be stored: the steps after it are due nevertheless.
      failures.push(withResult(error, body.result));
      return body.result;
    }
  }

  /** One `@CachePut` after the other, its caches side by side. */
  async #put(puts: readonly Applying<CachePutOperation>[], result: unknown, failures: unknown[]): Promise<void> {
    for (const { plan, invocation } of puts) {
      try {
        if (plan.isVetoed(invocation, result)) continue;
        const key = lateKey(plan.label, () => plan.key(invocation, result));
        const ttl = plan.ttl(invocation, result);
        // A result that is not to be stored makes what is there out of date all the same.
        const steps = invocation.caches.map((cache) =>
          ttl === NOT_STORED ? this.#doEvict(plan, cache, [key], false, 'none') : this.#doPut(plan, cache, key, result, ttl),
        );
        for (const error of await failuresOf(steps)) failures.push(withResult(error, result));
      } catch (error) {
        failures.push(withResult(error, result));
      }
    }
  }

  async #evictLate(plan: MethodPlan, target: object, args: unknown[], result: unknown, failures: unknown[]): Promise<void> {
    for (const error of await this.#evict(plan.lateEvicts, target, args, { result })) {
      failures.push(withResult(error, result));
    }
  }

  /** Starts the evictions in declared order and waits for all of them. Resolves to what failed. */
  async #evict(
    plans: readonly OperationPlan<CacheEvictOperation>[],
    target: object,
    args: unknown[],
    outcome?: { readonly result: unknown },
  ): Promise<unknown[]> {
    if (plans.length === 0) return [];
    return failuresOf(plans.map((plan) => this.#evictOne(plan, target, args, outcome)));
  }

  async #evictOne(
    plan: OperationPlan<CacheEvictOperation>,
    target: object,
    args: unknown[],
    outcome: { readonly result: unknown } | undefined,
  ): Promise<void> {
    const invocation = plan.begin(target, args);
    if (!plan.applies(invocation) || (outcome !== undefined && plan.isVetoed(invocation, outcome.result))) return;
    const { allEntries, keys, acks } = plan.operation;
    const isEarly = outcome === undefined;
    if (allEntries) {
      return throwFirst(failuresOf(invocation.caches.map((cache) => this.#doClear(cache, isEarly, acks))));
    }
    const keysOf = (): readonly CacheKey[] => (keys === undefined ? [plan.key(invocation, outcome?.result)] : plan.keys(invocation, keys));
    const doomed = isEarly ? keysOf() : lateKey(plan.label, keysOf);
    if (doomed.length === 0) return;
    return throwFirst(failuresOf(invocation.caches.map((cache) => this.#doEvict(plan, cache, doomed, isEarly, acks))));
  }

  async #doPut(plan: OperationPlan, cache: Cache, key: CacheKey, value: unknown, ttl: number | undefined): Promise<void> {
    try {
      await cache.put(key, value, { ttl });
    } catch (error) {
      if (isKeyError(error)) throw keyErrorOf(error, plan.label, cache);
      this.#errorHandler().handleCachePutError(error, cache, key, value);
    }
  }

  /** Early evictions are immediate: they must not wait for the end of a transaction, as the plain verbs may. */
  async #doEvict(plan: OperationPlan, cache: Cache, keys: readonly CacheKey[], isEarly: boolean, acks: 'none' | 'all'): Promise<void> {
    try {
      if (isEarly) await Promise.all(keys.map((key) => cache.evictIfPresent(key, { acks })));
      else if (keys.length === 1) await cache.evict(keys[0] as CacheKey, { acks });
      else await cache.evictAll(keys, { acks });
    } catch (error) {
      if (isKeyError(error)) throw keyErrorOf(error, plan.label, cache);
      const told = keys.map(async (key) => this.#errorHandler().handleCacheEvictError(error, cache, key));
      await throwFirst(failuresOf(told));
    }
  }

  async #doClear(cache: Cache, isEarly: boolean, acks: 'none' | 'all'): Promise<void> {
    try {
      if (isEarly) await cache.invalidate({ acks });
      else await cache.clear({ acks });
    } catch (error) {
      this.#errorHandler().handleCacheClearError(error, cache);
    }
  }

  #errorHandler(): CacheErrorHandler {
    return (this.#errors ??= this.#container.get(CacheErrorHandler));
  }
}

/** An operation that applies to the call. */
interface Applying<O extends CachePutOperation> {
  readonly plan: OperationPlan<O>;
  readonly invocation: CacheInvocation;
}

/** The operations whose `condition` holds, asked once and before the method runs. */
function applying(
  plans: readonly OperationPlan<CachePutOperation>[],
  target: object,
  args: unknown[],
): readonly Applying<CachePutOperation>[] {
  return plans.map((plan) => ({ plan, invocation: plan.begin(target, args) })).filter(({ plan, invocation }) => plan.applies(invocation));
}

/** Whether the method does more than read. */
const writes = (method: CachedMethod): boolean => method.operations.some(({ kind }) => kind !== 'cacheable');

/** The method succeeded: whoever handles the failure of a step after it finds its result on the error. */
function withResult(error: unknown, result: unknown): unknown {
  return error instanceof CacheError ? error.withResult(result) : error;
}

/** What a cache can serve at once. A cache that fails here is asked again in full, and what is wrong comes out in the right place. */
function hitIn(cache: Cache, key: CacheKey): Promise<unknown> | undefined {
  try {
    return hitNow(cache, key);
  } catch {
    return undefined;
  }
}

async function failuresOf(steps: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(steps);
  return outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome): unknown => outcome.reason);
}

async function throwFirst(failing: Promise<readonly unknown[]>): Promise<void> {
  const failures = await failing;
  if (failures.length > 0) throw failures[0];
}
