import type { CacheInvocation } from '../../lib/index.js';

/** A value that a method gives an id while it runs. */
export interface TestEntity {
  id?: string;
}

/**
 * What both services of section 1 do: the one with decorators on its methods, and the one with a decorator on the class. `calls` tells which
 * bodies ran, in order; every result is a number of its own, so that equal results mean one run.
 */
export interface CacheableService {
  readonly calls: string[];
  cache(arg: unknown): Promise<number>;
  cacheNull(arg: unknown): Promise<number | null>;
  cacheSync(arg: unknown): Promise<number>;
  cacheSyncNull(arg: unknown): Promise<number | null>;
  evict(arg: unknown, other: unknown): Promise<void>;
  evictWithKey(arg: unknown, other: unknown): Promise<void>;
  evictEarly(arg: unknown): Promise<void>;
  evictWithKeyEarly(arg: unknown, other: unknown): Promise<void>;
  evictWithException(arg: unknown): Promise<void>;
  evictAll(arg: unknown): Promise<void>;
  evictAllEarly(arg: unknown): Promise<void>;
  conditional(field: number): Promise<number>;
  conditionalSync(field: number): Promise<number>;
  unless(arg: number): Promise<number>;
  key(arg1: unknown, arg2: unknown): Promise<number>;
  varArgsKey(...args: unknown[]): Promise<number>;
  name(arg: unknown): Promise<number>;
  rootVars(arg: unknown): Promise<number>;
  customKeyGenerator(arg: unknown): Promise<number>;
  unknownCustomKeyGenerator(arg: unknown): Promise<number>;
  customCacheManager(arg: unknown): Promise<number>;
  unknownCustomCacheManager(arg: unknown): Promise<number>;
  nullValue(arg: unknown): Promise<null>;
  nullInvocations(): Promise<number>;
  optional(arg?: unknown): Promise<number>;
  defaulted(arg?: unknown): Promise<number>;
  throwChecked(arg: unknown): Promise<never>;
  throwUnchecked(arg: unknown): Promise<never>;
  throwCheckedSync(arg: unknown): Promise<never>;
  throwUncheckedSync(arg: unknown): Promise<never>;
  update(arg: unknown): Promise<number>;
  conditionalUpdate(arg: number): Promise<number>;
  multiCache(arg: unknown): Promise<number>;
  multiEvict(arg: unknown): Promise<number>;
  multiPut(arg: unknown): Promise<number>;
  putRefersToResult(entity: TestEntity): Promise<TestEntity>;
  putRefersToResultWithUnless(entity: TestEntity | null): Promise<TestEntity | null>;
  multiCacheAndEvict(arg: unknown): Promise<number>;
  multiConditionalCacheAndEvict(arg: number): Promise<number>;
}

/** The error of a failed business call, of a class and with a field of its own. */
class CheckedError extends Error {
  override readonly name = 'CheckedError';
  readonly status = 404;
}

/** What the methods throw: kept, so that "the very error" can be checked by identity. */
export const CHECKED = new CheckedError('not there', { cause: new Error('row missing') });
export const UNCHECKED = new TypeError('not a function');

export const CUSTOM_KEY_GENERATOR = Symbol('customKeyGenerator');
export const CUSTOM_CACHE_MANAGER = Symbol('customCacheManager');
export const UNKNOWN_KEY_GENERATOR = Symbol('unknownKeyGenerator');
export const UNKNOWN_CACHE_MANAGER = Symbol('unknownCacheManager');

/** What the key functions of `rootVars` saw, newest last. */
export const seenRoots: CacheInvocation[] = [];

/** The bodies, without a word about caching: each service puts its decorators on methods that end here. */
export class Bodies {
  readonly calls: string[] = [];
  #counter = 0;

  protected run(name: string): number {
    this.calls.push(name);
    return (this.#counter += 1);
  }

  protected fail(name: string, error: Error): never {
    this.calls.push(name);
    throw error;
  }
}
