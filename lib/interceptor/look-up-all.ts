import type { CacheableAllOperation, CacheInvocation } from '../annotation/index.js';
import { allNow, Cache, type CacheKey, encodeKey, Load, type LoadAllOptions, type LoadedAll, valuesOf } from '../cache/index.js';
import { CacheConfigurationError } from '../errors/index.js';
import type { Milliseconds } from '../time/index.js';
import type { CacheErrorHandler } from './cache-error-handler.js';
import type { MethodRun } from './method-run.js';
import { NOT_STORED, type OperationPlan } from './operation-plan.js';
import { handleReadFailure } from './read-failures.js';
import { UnfollowedLoad } from './unfollowed-load.js';

type Values = LoadedAll<CacheKey, unknown>;

/** What is decided about an element, once, however many caches it is stored in. */
interface Verdict {
  readonly value: unknown;
  readonly isVetoed: boolean;
  readonly ttl: Milliseconds | undefined;
  tags?: readonly CacheKey[] | undefined;
}

/**
 * One call of a method over many ids. As in a look-up of one key, the first cache is asked first, its loader
 * asks the second, and the innermost loader runs the method, with the ids that all of them miss.
 */
export class LookUpAll {
  readonly #plan: OperationPlan<CacheableAllOperation>;
  readonly #run: MethodRun;
  readonly #errors: CacheErrorHandler;
  readonly #invocation: CacheInvocation;
  #ids: readonly unknown[];
  readonly #others: readonly unknown[];
  // Made when something is missing.
  /** By key, the first id that has it. */
  #idOf!: Map<CacheKey, unknown>;
  /** What the method has returned. What an inner cache had does not fill the outer ones. */
  #loaded!: Map<CacheKey, unknown>;
  #verdicts!: Map<CacheKey, Verdict>;

  /** @throws {CacheConfigurationError} `CACHE_OPERATION_INVALID` for a call without an array of ids. */
  constructor(plan: OperationPlan<CacheableAllOperation>, run: MethodRun, errors: CacheErrorHandler) {
    const [ids, ...others] = run.args;
    if (!Array.isArray(ids)) {
      throw new CacheConfigurationError('CACHE_OPERATION_INVALID', `The first argument of ${run.method.label} must be an array of ids.`);
    }
    this.#plan = plan;
    this.#run = run;
    this.#errors = errors;
    this.#ids = ids;
    this.#others = others;
    this.#invocation = plan.begin(run.target, run.args);
  }

  /** The elements of all ids. */
  load(): Promise<unknown> {
    const { target, method, args } = this.#run;
    if (!this.#plan.applies(this.#invocation)) return method.body.apply(target, args) as Promise<unknown>;
    if (this.#ids.length === 0) return Promise.resolve(this.#answer([]));
    const keys = this.#makeKeys();
    const values = this.#allNow(keys);
    return values === undefined ? this.#loadMissing(keys) : Promise.resolve(this.#answer(values));
  }

  #makeKeys(): readonly CacheKey[] {
    const keys = new Array<CacheKey>(this.#ids.length);
    for (let i = 0; i < keys.length; i += 1) keys[i] = this.#plan.elementKey(this.#invocation, [this.#ids[i], ...this.#others]);
    return keys;
  }

  #allNow(keys: readonly CacheKey[]): readonly unknown[] | undefined {
    try {
      return allNow(this.#invocation.caches[0] as Cache, keys);
    } catch {
      return undefined; // It is asked again in full, where the failure is handled.
    }
  }

  async #loadMissing(keys: readonly CacheKey[]): Promise<unknown> {
    this.#ids = Array.from(this.#ids); // The caller may change his array.
    this.#idOf = new Map();
    this.#loaded = new Map();
    this.#verdicts = new Map();
    for (const [i, key] of keys.entries()) if (!this.#idOf.has(key)) this.#idOf.set(key, this.#ids[i]);
    const found = await this.#through(0, keys);
    return this.#answer(valuesOf(keys, found));
  }

  /** In the shape of the method. */
  #answer(values: readonly unknown[]): unknown {
    if (this.#plan.operation.result === 'array') return values;
    const answer = new Map<unknown, unknown>();
    for (let i = 0; i < values.length; i += 1) if (values[i] !== undefined) answer.set(this.#ids[i], values[i]);
    return answer;
  }

  /** The values of these keys from the cache at `index`, and from what comes after it. */
  async #through(index: number, keys: readonly CacheKey[]): Promise<Values> {
    const { caches } = this.#invocation;
    const cache = caches[index];
    if (cache === undefined) return this.#runMethod(keys);
    const passed = keys.filter((key) => UnfollowedLoad.needsCaller(cache, key));
    return passed.length === 0 ? this.#from(cache, index, keys) : this.#pastCache(index, keys, passed);
  }

  /** The same, where `passed` are keys that the running code is loading from this cache already. */
  async #pastCache(index: number, keys: readonly CacheKey[], passed: readonly CacheKey[]): Promise<Values> {
    const byForm = new Map<unknown, CacheKey>();
    for (const key of passed) if (!byForm.has(formOf(key))) byForm.set(formOf(key), key); // As a cache does it.
    const distinct = [...byForm.values()];
    const others = keys.filter((key) => !byForm.has(formOf(key)));
    const [found, loaded] = await Promise.all([
      this.#from(this.#invocation.caches[index] as Cache, index, others),
      this.#through(index + 1, distinct),
    ]);
    const values = valuesOf(distinct, loaded);
    return new Map([...found, ...distinct.map((key, i) => [key, values[i]] as const)]);
  }

  #from(cache: Cache, index: number, keys: readonly CacheKey[]): Promise<ReadonlyMap<CacheKey, unknown>> {
    const { caller } = Load;
    const isFollowed = cache.getAllOrLoad !== Cache.prototype.getAllOrLoad;
    const loader = (missing: readonly CacheKey[]): Promise<Values> => {
      const next = (): Promise<Values> => this.#through(index + 1, missing);
      // Our own caches run a loader within a load of theirs.
      return isFollowed && Load.caller !== caller ? next() : UnfollowedLoad.runAll(cache, missing, next);
    };
    return cache.getAllOrLoad(keys, loader, this.#optionsFor(cache, index));
  }

  /** Runs the method. */
  async #runMethod(keys: readonly CacheKey[]): Promise<Values> {
    const { target, method } = this.#run;
    const ids = keys.map((key) => this.#idOf.get(key));
    const result: unknown = await method.body.call(target, ids.slice(), ...this.#others);
    const { result: shape } = this.#plan.operation;
    if (Array.isArray(result) !== (shape === 'array')) {
      const got = Array.isArray(result) ? 'an array' : result instanceof Map ? 'a Map' : result === null ? 'null' : typeof result;
      throw new CacheConfigurationError(
        'CACHE_OPERATION_INVALID',
        `Expected ${method.label} to return ${shape === 'array' ? 'an array' : 'a Map'}, got ${got}.`,
        { hint: "`result: 'array'` is for methods that return an array, and must not be set for others." },
      );
    }
    const values = valuesOf(ids, result as LoadedAll<unknown, unknown>);
    if (this.#invocation.caches.length > 1) for (const [i, key] of keys.entries()) this.#loaded.set(key, values[i]);
    return values;
  }

  #optionsFor(cache: Cache, index: number): LoadAllOptions<CacheKey, unknown> {
    const { operation, label, hasTags } = this.#plan;
    const { ttl, freshness, absent, maximumBatch } = operation;
    const isLast = index === this.#invocation.caches.length - 1;
    const isAsked = !isLast || operation.unless !== undefined || typeof ttl === 'function';
    return {
      ...freshness,
      // What is loaded in the background must come from the method, and not from another cache.
      ...(isLast ? { absent } : { refreshAfter: 0 }),
      maximumBatch,
      ttl: typeof ttl === 'function' ? (value, key) => this.#verdict(value, key).ttl as Milliseconds : ttl,
      tags: hasTags ? (value, key) => this.#tags(value, key) : undefined,
      unless: isAsked ? (value, key) => (!isLast && !this.#isOfMethod(value, key)) || this.#verdict(value, key).isVetoed : undefined,
      onError: (verb, error, key, value) => handleReadFailure(this.#errors, verb, error, { label, cache, key, value }),
    };
  }

  #isOfMethod(value: unknown, key: CacheKey): boolean {
    return this.#loaded.has(key) && Object.is(this.#loaded.get(key), value);
  }

  /** Whether the element must not be stored, because `unless` or `ttl` says so, and how long it lives. */
  #verdict(value: unknown, key: CacheKey): Verdict {
    let verdict = this.#verdicts.get(key);
    if (verdict === undefined || !Object.is(verdict.value, value)) {
      const args = this.#argsOf(key);
      let isVetoed = this.#plan.isVetoed(this.#invocation, value, args);
      const ttl = isVetoed ? undefined : this.#plan.ttl(this.#invocation, value, args);
      if (ttl === NOT_STORED) isVetoed = true;
      verdict = { value, isVetoed, ttl: ttl === NOT_STORED ? undefined : ttl };
      this.#verdicts.set(key, verdict);
    }
    return verdict;
  }

  #tags(value: unknown, key: CacheKey): readonly CacheKey[] {
    const verdict = this.#verdict(value, key);
    return (verdict.tags ??= this.#plan.tags(this.#invocation, value, this.#argsOf(key)));
  }

  #argsOf(key: CacheKey): readonly unknown[] {
    return [this.#idOf.get(key), ...this.#others];
  }
}

/** What equal keys have in common. */
function formOf(key: CacheKey): unknown {
  try {
    return encodeKey(key);
  } catch {
    return key; // The cache will refuse it, and say why.
  }
}
