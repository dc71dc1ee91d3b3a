import type { Duration, FreshnessOptions } from '../time/index.js';
import type { CacheKey } from './key/cache-key.js';
import type { LoadAllOptions } from './load-all.js';
import type { BatchedLoad } from './load-batch.js';

/** `LoadOptions` of one of several keys. */
export interface KeyOptions<V> extends FreshnessOptions {
  readonly ttl: Duration | ((value: V) => Duration) | undefined;
  readonly tags: readonly CacheKey[] | ((value: V) => readonly CacheKey[]) | undefined;
  readonly unless: (value: V) => boolean;
  readonly onError: ((verb: 'get' | 'put', error: unknown, value?: unknown) => void) | undefined;
}

/** The options of several keys, for one of them. */
export function optionsOfKey<K, V>(options: LoadAllOptions<K, V>, member: BatchedLoad<K, V>): KeyOptions<V> {
  const { ttl, tags, unless, onError, staleIfError, refreshAfter, loadTimeout } = options;
  const { key } = member;
  const lives = typeof ttl === 'function' ? (value: V): Duration => ttl(value, key) : ttl;
  const carries = typeof tags === 'function' ? (value: V): readonly CacheKey[] => tags(value, key) : tags;
  return {
    staleIfError,
    refreshAfter,
    loadTimeout,
    // Asked after `unless`, when the value is known.
    get ttl() {
      return member.isAbsent ? undefined : lives;
    },
    get tags() {
      return member.isAbsent ? undefined : carries;
    },
    unless: (value) => (member.isAbsent ? member.isNothing : unless?.(value, key) === true),
    onError: onError && ((verb, error, value) => onError(verb, error, key, value)),
  };
}
