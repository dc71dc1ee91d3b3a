import type { Duration } from '../time/index.js';
import type { LoadOptions } from './cache.js';
import type { CacheKey } from './key/cache-key.js';
import type { LoadAllOptions } from './load-all.js';
import type { BatchedLoad } from './load-batch.js';

/** The options of several keys, for one of them. */
export class KeyOptions<K, V> implements LoadOptions<V> {
  readonly #options: LoadAllOptions<K, V>;
  readonly #member: BatchedLoad<K, V>;

  constructor(options: LoadAllOptions<K, V>, member: BatchedLoad<K, V>) {
    this.#options = options;
    this.#member = member;
  }

  get staleIfError(): LoadOptions['staleIfError'] {
    return this.#options.staleIfError;
  }

  get refreshAfter(): LoadOptions['refreshAfter'] {
    return this.#options.refreshAfter;
  }

  get loadTimeout(): LoadOptions['loadTimeout'] {
    return this.#options.loadTimeout;
  }

  /** Asked after {@link unless}. */
  get ttl(): LoadOptions<V>['ttl'] {
    const { ttl } = this.#options;
    if (this.#member.isAbsent) return undefined;
    return typeof ttl === 'function' ? (value: V): Duration => ttl(value, this.#member.key) : ttl;
  }

  get tags(): LoadOptions<V>['tags'] {
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
