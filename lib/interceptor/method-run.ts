import type { CachedMethod } from '../annotation/index.js';
import { CacheConfigurationError } from '../errors/index.js';

/** One call of a decorated method. It runs the body at most once, and remembers what came of it. */
export class MethodRun {
  readonly method: CachedMethod;
  readonly target: object;
  readonly args: unknown[];
  /** What the promise of the method resolved to. Means nothing before {@link hasSucceeded}. */
  result: unknown;
  hasSucceeded = false;
  #run: Promise<unknown> | undefined;

  constructor(method: CachedMethod, target: object, args: unknown[]) {
    this.method = method;
    this.target = target;
    this.args = args;
  }

  /** Runs the method. What it throws, at once or later, becomes the rejection: the same object. */
  readonly run = (): Promise<unknown> => (this.#run ??= this.#runOnce());

  async #runOnce(): Promise<unknown> {
    this.result = await this.method.body.apply(this.target, this.args);
    this.hasSucceeded = true;
    if (isReadOnce(this.result)) {
      throw new CacheConfigurationError(
        'CACHE_OPERATION_INVALID',
        `Invalid caching of ${this.method.label}: its promise resolved to an iterator or stream, which can be read only once.`,
        { hint: 'Collect the items into an array and return that.' },
      );
    }
    return this.result;
  }
}

/** Generators, iterators and streams, Node's and the web's. */
function isReadOnce(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || (Symbol.iterator in value && 'next' in value && typeof value.next === 'function');
}
