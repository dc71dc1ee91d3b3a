import type { Duration, FreshnessOptions } from '../time/index.js';
import type { CacheKey } from './key/cache-key.js';
import type { LoadAllOptions } from './load-all.js';
import type { BatchedLoad } from './load-batch.js';

/** The options of several keys, for one of them: `LoadOptions`. */
export class KeyOptions<K, V> implements FreshnessOptions {
  readonly #options: LoadAllOptions<K, V>;
  readonly #member: BatchedLoad<K, V>;

  constructor(options: LoadAllOptions<K, V>, member: BatchedLoad<K, V>) {
    this.#options = options;
    this.#member = member;
  }

  get staleIfError(): FreshnessOptions['staleIfError'] {
    return this.#options.staleIfError;
  }

  get refreshAfter(): FreshnessOptions['refreshAfter'] {
    return this.#options.refreshAfter;
  }

  get loadTimeout(): FreshnessOptions['loadTimeout'] {
    return this.#options.loadTimeout;
  }

  /** Asked after {@link unless}. */
  get ttl(): Duration | ((value: V) => Duration) | undefined {
    const { ttl } = this.#options;
    if (this.#member.isAbsent) return undefined;
    return typeof ttl === 'function' ? (value: V): Duration => ttl(value, this.#member.key) : ttl;
  }

  get tags(): readonly CacheKey[] | ((value: V) => readonly CacheKey[]) | undefined {
    const { tags } = this.#options;
    if (this.#member.isAbsent) return undefined;
    return typeof tags === 'function' ? (value: V): readonly CacheKey[] => tags(value, this.#member.key) : tags;
  }

  unless(value: V): boolean {
    if (this.#member.isAbsent) return this.#member.isNothing;
    return this.#options.unless?.(value, this.#member.key) === true;
  }

  onError(verb: 'get' | 'put', error: unknown, value?: unknown): void {
    this.#options.onError?.(verb, error, this.#member.key, value);
  }
}
