/**
 * What can fail: one class per failure and one stable code per cause. Touches nothing; every room may
 * import it. `docs/errors.md` lists the codes with meaning and remedy, and
 * `spec/errors/error-codes.spec.ts` compares the two.
 */
export { clientMissing } from './client-missing.js';
export { Credentials, type Entry, NO_CREDENTIALS } from './credentials.js';
export { shown, shownWithType, withoutCredentials } from './shown.js';
export { throwFirst } from './throw-first.js';
export { CacheError, type CacheErrorOptions } from './cache-error.js';
export { didYouMean, isNearly } from './did-you-mean.js';
export { ERROR_CODES, type CacheErrorCode } from './error-codes.js';
export { MAXIMUM_LINE_LENGTH, MAXIMUM_PRINTED_LENGTH, printable, printableJson, printableLines } from './printable.js';
export { CacheConfigurationError } from './cache-configuration-error.js';
export { CacheKeyError } from './cache-key-error.js';
export { CacheValueError, type CacheValueErrorOptions } from './cache-value-error.js';
export { CacheEvictError } from './cache-evict-error.js';
export { CacheLoadTimeoutError } from './cache-load-timeout-error.js';
export { CacheStoppedError } from './cache-stopped-error.js';
export { CacheTransactionError } from './cache-transaction-error.js';
export { RemoteCacheError } from './remote-cache-error.js';
export { TopicError } from './topic-error.js';
export { withResult } from './with-result.js';
export { isError } from './is-error.js';
export { reasonOf } from './reason-of.js';
