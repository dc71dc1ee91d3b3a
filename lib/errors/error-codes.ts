/**
 * Every code that a {@link CacheError} can carry, with its meaning. The table of `docs/errors.md` repeats
 * this object; a spec fails when one of the two has a code that the other lacks.
 */
export const ERROR_CODES = {
  CACHE_OPTION_INVALID: 'An option is unknown, of the wrong type, or out of range.',
  CACHE_OPERATION_INVALID: 'A decorator is used on something it cannot cache, or its options contradict each other.',
  CACHE_NAME_UNKNOWN: 'An operation names a cache that the cache manager does not have.',
  CACHE_NAME_LIMIT:
    'There are as many caches as `maximumDynamicCaches` allows: further ones run uncached, and their evictions are executed.',
  CACHE_NAME_MISSING: 'An operation names no cache, and no class, resolver or option supplies one.',
  CACHE_BINDING_MISSING: 'An operation names a key generator, cache manager or resolver that is not bound in the container.',
  CACHE_BINDING_AMBIGUOUS: 'Two cache managers are bound in one container, and nothing says which is meant.',
  CACHE_STOPPED: 'The cache manager was stopped; it cannot be started again or asked to write.',
  CACHE_KEY_UNSUPPORTED: 'An argument cannot be turned into a key.',
  CACHE_KEY_TOO_LONG: 'A key takes more than 1 MiB when written out: a read runs uncached.',
  CACHE_KEY_UNDEFINED: 'A key function returned `undefined`.',
  CACHE_VALUE_UNSUPPORTED: 'A value cannot be encoded for the remote tier.',
  CACHE_VALUE_TOO_LARGE: 'An encoded value exceeds `maximumValueSize`.',
  CACHE_VALUE_NULL: 'A cache with `allowNullValues: false` was given `null` or `undefined`.',
  CACHE_VALUE_CORRUPT: 'An entry of the remote tier cannot be decoded.',
  CACHE_LOAD_TIMEOUT: 'A read waited for its method as long as `loadTimeout` allows.',
  CACHE_REMOTE_CONNECT_FAILED: 'The remote tier could not be reached at start.',
  CACHE_REMOTE_TIMEOUT: 'The remote tier did not answer within its deadline.',
  CACHE_REMOTE_UNAVAILABLE: 'The remote tier is known to be away: no command was sent.',
  CACHE_REMOTE_FAILED: 'The remote tier answered with an error.',
  CACHE_EVICT_UNACKNOWLEDGED: 'An eviction was not acknowledged in time; it is being retried in the background.',
  CACHE_TRANSACTION_INACTIVE: 'Something was to be done after a commit, outside of any transaction.',
  CACHE_TRANSACTION_ACTION_FAILED: 'A transaction was committed, and an action due after the commit failed.',
  TOPIC_SUBSCRIBE_FAILED: 'A topic could not be subscribed.',
  TOPIC_PUBLISH_FAILED: 'A message could not be published.',
  TOPIC_MESSAGE_MALFORMED: 'A message arrived on a topic of the caches that is none of theirs.',
  TOPIC_LISTENER_INVALID: 'A listener or topic argument is missing or of the wrong type.',
} as const;

/** A stable string that names the cause of a {@link CacheError}. It is safe to match on across versions. */
export type CacheErrorCode = keyof typeof ERROR_CODES;
