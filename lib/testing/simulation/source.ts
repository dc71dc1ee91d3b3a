import { deepEqual } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';

/** A value that a key has had, and since when it could be read. */
export interface SourceOf {
  readonly value: unknown;
  readonly tags: readonly string[];
  /** Its place in the order of all that happened: when its load began, or its put was executed. */
  readonly begun: number;
}

/**
 * Where the value of a key came from: a load, or a put. It knows the value as it was then, and the object
 * itself: with `copy: 'share'` a caller may have changed that since, and it is still the one that is cached.
 */
export class Source {
  readonly tags: readonly string[];
  begun: number;
  readonly #asItWas: unknown;
  readonly #objects = new WeakSet<object>();

  constructor({ value, tags, begun }: SourceOf) {
    this.tags = tags;
    this.begun = begun;
    this.#asItWas = copyOf(value);
    this.has(value);
  }

  /** Whether this is the same value, under the same tags. */
  isOf({ value, tags }: SourceOf): boolean {
    return isDeepStrictEqual(this.tags, tags) && isDeepStrictEqual(this.#asItWas, copyOf(value));
  }

  /** The value was loaded again. */
  again({ value, begun }: SourceOf): void {
    this.begun = Math.max(this.begun, begun);
    this.has(value);
  }

  /** Whether `answer` may have come from here. In doubt it may: nobody must be accused wrongly. */
  isLike(answer: unknown): boolean {
    if (isObject(answer) && this.#objects.has(answer)) return true;
    if (typeof answer !== typeof this.#asItWas) return false;
    try {
      // Loosely: what comes from Redis may be a plain copy of an object of a class.
      deepEqual(this.#asItWas, answer);
      return true;
    } catch {
      return false;
    }
  }

  /** This object has come from here: with `copy: 'share'`, its callers may change it from now on. */
  has(value: unknown): void {
    if (isObject(value)) this.#objects.add(value);
  }
}

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function';

/** What cannot be copied is kept as it is. */
function copyOf(value: unknown): unknown {
  if (!isObject(value)) return value;
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}
