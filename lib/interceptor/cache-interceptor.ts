import type {
  CacheableAllOperation,
  CachedMethod,
  CacheEvictOperation,
  CacheInvocation,
  CachePutOperation,
  MethodInterceptor,
  ServiceLocator,
} from '../annotation/index.js';
import { type CacheKey, type CallsUnderWay, endQuietly, type WriteIntent } from '../cache/index.js';
import { CacheStoppedError, throwFirst, withResult } from '../errors/index.js';
import { CacheErrorHandler } from './cache-error-handler.js';
import { CacheInvoker, type Removal } from './cache-invoker.js';
import { failuresOf } from './failures.js';
import { lateKey } from './key-error.js';
import { LookUp } from './look-up.js';
import { LookUpAll } from './look-up-all.js';
import { MethodPlan } from './method-plan.js';
import { MethodRun } from './method-run.js';
import { NOT_STORED, type OperationPlan } from './operation-plan.js';

/** How a value is removed that a put makes out of date without storing another one. */
const OUTDATED: Removal = { isEarly: false, acks: 'none' };

/** What differs between interceptors. */
export interface CacheInterceptorOptions {
  /** `false`: every call goes straight to the method. Default: `true`. */
  readonly isEnabled?: boolean | undefined;
  /**
   * Counts the calls that put or evict, so that a shutdown can wait for them. Default: a shutdown waits for
   * none.
   */
  readonly calls?: CallsUnderWay | undefined;
}

/**
 * Runs decorated methods under their cache operations; one per container (Spring's `CacheInterceptor`). The
 * order never depends on how decorators are stacked: early evictions → write intents → look-ups → the method,
 * if needed → results of misses are stored → puts → late evictions, and the ends of the intents.
 *
 * If the method fails, there are neither puts nor late evictions; intents end all the same. If it succeeded,
 * every put and every late eviction is tried, even after one of them failed, and then the first failure
 * reaches the caller: without an eviction, an old value would be served. A shutdown does not change that. A
 * method that puts or evicts and is called after the shutdown runs, and then rejects with a
 * {@link CacheStoppedError}.
 *
 * A method's services are looked up in the container at its first call, and kept. From its second call on, a
 * method that only reads takes its `HitPath` where it has one.
 */
export class CacheInterceptor implements MethodInterceptor {
  readonly #container: ServiceLocator;
  readonly #isEnabled: boolean;
  readonly #calls: CallsUnderWay | undefined;
  /** Whether a subclass extends {@link invoke}: it has to see the calls with one argument too. */
  #isExtended = false;
  /** By the id of the method. */
  #plans: (MethodPlan | undefined)[] = [];
  #madeInvoker: CacheInvoker | undefined;
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
   * The container is gone, or about to go: from now on, calls that only read go straight to the method. A
   * method that puts or evicts does so for as long as the shutdown waits for calls. Idempotent.
   */
  close(): void {
    this.#isClosed = true;
    this.#plans = this.#plans.map((plan) => (plan?.writes === true ? plan : undefined));
  }

  /**
   * Runs `method` on `target`, or answers from a cache. Whatever is thrown on the way comes as a rejection.
   */
  invoke(target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    const hitPath = this.#plans[method.id]?.hitPath;
    return hitPath === undefined ? this.#intercept(target, method, args) : hitPath.answer(target, method, args);
  }

  /** {@link invoke} with one argument. A subclass that extends `invoke` sees these calls there as well. */
  invokeWith(target: object, method: CachedMethod, argument: unknown): Promise<unknown> {
    const hitPath = this.#plans[method.id]?.hitPath;
    if (hitPath === undefined || this.#isExtended) return this.invoke(target, method, [argument]);
    return hitPath.answerOne(target, method, argument);
  }

  /**
   * Serves every call that has no hit path: the first of a method, those that write or ask several caches,
   * those of a closed interceptor.
   */
  #intercept(target: object, method: CachedMethod, args: unknown[]): Promise<unknown> {
    const own = method.of(target);
    if (own !== method) return this.invoke(target, own, args);
    if (!this.#isEnabled || (this.#isClosed && !this.#mustWrite(method))) return method.body.apply(target, args) as Promise<unknown>;
    const run = new MethodRun(method, target, args);
    if (isOverIds(method)) return this.#performAll(run);
    return this.#calls !== undefined && writes(method) ? this.#performCounted(this.#calls, run) : this.#perform(run);
  }

  /**
   * Whether a closed interceptor serves `method`. It does not if the caches were never used: then nothing was
   * shut down.
   */
  #mustWrite(method: CachedMethod): boolean {
    return writes(method) && (this.#plans[method.id] !== undefined || this.#calls?.isClosing === true);
  }

  /**
   * The recipe for a method that puts or evicts. A shutdown waits for the call, unless the call comes too
   * late for its caches.
   */
  async #performCounted(calls: CallsUnderWay, run: MethodRun): Promise<unknown> {
    if (!calls.begin()) return this.#runStopped(run);
    try {
      return await this.#perform(run);
    } finally {
      calls.end();
    }
  }

  /**
   * The method must run although its caches are stopped, and the caller must hear that the caches were not
   * told.
   */
  async #runStopped({ method, target, args }: MethodRun): Promise<never> {
    const result: unknown = await method.body.apply(target, args);
    throw new CacheStoppedError(`${method.label} has run, but its puts and evictions were refused: the cache manager was stopped.`, {
      hint: 'What the method did stands; its result is on the error. Other instances may serve the old value until its time to live ends. Let open requests end before the container is unbound.',
      result,
    });
  }

  /** The recipe for a method over many ids. */
  #performAll(run: MethodRun): Promise<unknown> {
    try {
      const { all } = (this.#plans[run.method.id] ??= this.#plan(run.method));
      return new LookUpAll(all as OperationPlan<CacheableAllOperation>, run, this.#invoker.errors).load();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The recipe. */
  async #perform(run: MethodRun): Promise<unknown> {
    const plan = (this.#plans[run.method.id] ??= this.#plan(run.method));
    if (plan.earlyEvicts.length > 0)
      throwFirst(await Promise.allSettled(plan.earlyEvicts.map((evict) => this.#evictOne(evict, run, undefined))));
    const intents = plan.aroundEvicts.length === 0 ? [] : await this.#intend(plan, run);
    const failures: unknown[] = [];
    let result: unknown;
    try {
      const puts = applying(plan.puts, run);
      result = await this.#lookUpOrRun(plan, run, puts.length > 0, failures);
      await this.#put(puts, result, failures);
    } catch (error) {
      await Promise.all(intents.map(({ intent }) => endQuietly(intent)));
      throw error;
    }
    const late = plan.lateEvicts.map((evict) => this.#evictOne(evict, run, { result }));
    const ends = intents.map(({ intent, operation: { acks, unacknowledged } }) => intent.end({ acks, unacknowledged }));
    if (late.length + ends.length > 0) {
      for (const error of await failuresOf([...late, ...ends])) failures.push(withResult(error, result));
    }
    if (failures.length > 0) throw failures[0];
    return result;
  }

  /** Sets the write intents of all caches side by side. If one cannot be set, ends the others. */
  async #intend(plan: MethodPlan, { target, args }: MethodRun): Promise<readonly IntentOfCall[]> {
    const due = plan.aroundEvicts.flatMap((each) => {
      const invocation = each.begin(target, args);
      if (!each.applies(invocation)) return [];
      const { operation, label } = each;
      const keys = keysOf(each, invocation);
      return keys.length === 0 ? [] : invocation.caches.map((cache) => ({ operation, label, cache, keys }));
    });
    const outcomes = await Promise.allSettled(
      due.map(async ({ operation, label, cache, keys }) => ({ operation, intent: await this.#invoker.intend(label, cache, keys) })),
    );
    const intents = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    if (intents.length < due.length) await Promise.all(intents.map(({ intent }) => endQuietly(intent)));
    throwFirst(outcomes);
    return intents;
  }

  /**
   * Everything that a call can need is looked up before the call does anything: the container may be gone by
   * the time it ends.
   */
  #plan(method: CachedMethod): MethodPlan {
    this.#isExtended = this.invoke !== CacheInterceptor.prototype.invoke;
    return new MethodPlan(method, this.#container, this.#invoker.errors);
  }

  /**
   * What the caches have, or what the method returns. A put that applies needs the method in any case; it
   * does not refresh a hit.
   */
  async #lookUpOrRun(plan: MethodPlan, run: MethodRun, mustRun: boolean, failures: unknown[]): Promise<unknown> {
    try {
      const found = await new LookUp(plan.cacheables, run, this.#invoker.errors, { join: !mustRun, writes: plan.writes }).load();
      return mustRun ? await run.run() : found;
    } catch (error) {
      if (!run.hasSucceeded) throw error;
      // The method did its work, and its result could not be stored. The steps after it are due nevertheless.
      failures.push(withResult(error, run.result));
      return run.result;
    }
  }

  /** One `@CachePut` after the other; the caches of each side by side. */
  async #put(puts: readonly Applying<CachePutOperation>[], result: unknown, failures: unknown[]): Promise<void> {
    for (const { plan, invocation } of puts) {
      try {
        if (plan.isVetoed(invocation, result)) continue;
        const key = lateKey(plan.label, () => plan.key(invocation, result));
        const ttl = plan.ttl(invocation, result);
        const tags = plan.tagsToPut(invocation, result);
        const { unacknowledged } = plan.operation;
        const steps = invocation.caches.map((cache) =>
          ttl === NOT_STORED || tags === NOT_STORED
            ? this.#invoker.evict(plan.label, cache, [key], { ...OUTDATED, unacknowledged })
            : this.#invoker.put(plan.label, cache, { key, value: result }, { ttl, tags, unacknowledged }),
        );
        for (const error of await failuresOf(steps)) failures.push(withResult(error, result));
      } catch (error) {
        failures.push(withResult(error, result));
      }
    }
  }

  async #evictOne(
    plan: OperationPlan<CacheEvictOperation>,
    run: MethodRun,
    outcome: { readonly result: unknown } | undefined,
  ): Promise<void> {
    const invocation = plan.begin(run.target, run.args);
    if (!plan.applies(invocation) || (outcome !== undefined && plan.isVetoed(invocation, outcome.result))) return;
    const { allEntries, tags, resultTags, acks, unacknowledged } = plan.operation;
    const isEarly = outcome === undefined;
    const how: Removal = { isEarly, acks, unacknowledged };
    if (allEntries) {
      return throwFirst(await Promise.allSettled(invocation.caches.map((cache) => this.#invoker.clear(cache, how))));
    }
    const makeTags = tags ?? resultTags;
    if (makeTags !== undefined) {
      const args = resultTags === undefined ? run.args : [outcome?.result, ...run.args];
      const make = (): readonly CacheKey[] => plan.evictedTags(invocation, makeTags, args);
      const made = isEarly ? make() : lateKey(plan.label, make);
      const steps = invocation.caches.map((cache) => this.#invoker.evictTagged(plan.label, cache, made, how));
      return throwFirst(await Promise.allSettled(steps));
    }
    const doomed = isEarly ? keysOf(plan, invocation) : lateKey(plan.label, () => keysOf(plan, invocation, outcome.result));
    if (doomed.length === 0) return;
    return throwFirst(await Promise.allSettled(invocation.caches.map((cache) => this.#invoker.evict(plan.label, cache, doomed, how))));
  }

  get #invoker(): CacheInvoker {
    return (this.#madeInvoker ??= new CacheInvoker(this.#container.get(CacheErrorHandler)));
  }
}

/** A write intent of the call, with the operation that asked for it. */
interface IntentOfCall {
  readonly operation: CacheEvictOperation;
  readonly intent: WriteIntent;
}

/** What an operation evicts in this call. */
function keysOf(plan: OperationPlan<CacheEvictOperation>, invocation: CacheInvocation, result?: unknown): readonly CacheKey[] {
  const { keys } = plan.operation;
  return keys === undefined ? [plan.key(invocation, result)] : plan.keys(invocation, keys);
}

/** An operation that applies to the call. */
interface Applying<O extends CachePutOperation> {
  readonly plan: OperationPlan<O>;
  readonly invocation: CacheInvocation;
}

/** The operations whose `condition` holds. It is asked once, before the method runs. */
function applying(plans: readonly OperationPlan<CachePutOperation>[], { target, args }: MethodRun): readonly Applying<CachePutOperation>[] {
  return plans.map((plan) => ({ plan, invocation: plan.begin(target, args) })).filter(({ plan, invocation }) => plan.applies(invocation));
}

/** Whether the method does more than read. */
const writes = (method: CachedMethod): boolean => method.operations.some(({ kind }) => kind === 'put' || kind === 'evict');

/** Whether its elements are cached one by one. */
const isOverIds = ({ operations }: CachedMethod): boolean => operations[0]?.kind === 'cacheableAll';
