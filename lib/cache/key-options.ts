import type { Duration } from '../time/index.js';
import type { LoadOptions } from './cache.js';
import type { CacheKey } from './key/cache-key.js';
import type { LoadAllOptions } from './load-all.js';
import type { BatchedLoad } from './load-batch.js';

/** The options of several keys, for one of them. */
export function optionsOfKey<K, V>(options: LoadAllOptions<K, V>, member: BatchedLoad<K, V>): LoadOptions<V> {
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
