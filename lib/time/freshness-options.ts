import { CacheConfigurationError, shown } from '../errors/index.js';
import type { Milliseconds } from './clock.js';
import { type Duration, MAXIMUM_WAIT_MS, parseDuration } from './duration.js';

/** When a value whose life has ended answers for a method that fails. */
export interface StaleIfError {
  /** For how long after the end of its life. */
  readonly for: Duration;
  /**
   * Whether an error is one to answer for. Default: each is. Say no to what is an answer itself, such as "not
   * found". It is asked about a {@link CacheLoadTimeoutError} too.
   */
  readonly when?: ((error: unknown) => boolean) | undefined;
  /**
   * How long the old value is served from the local tier before the method is tried again. Default: `'1s'`.
   */
  readonly retryAfter?: Duration | undefined;
}

/** What may be served although it is not fresh, or while a method takes its time. */
export interface FreshnessOptions {
  /**
   * For how long after the end of its life a value is served when the method fails or runs into
   * `loadTimeout` (RFC 5861's `stale-if-error`). Entries are kept in Redis for so much longer. A value that
   * was *evicted* is never served; the error reaches the caller then. `0`: not at all. Default: `0`.
   */
  readonly staleIfError?: Duration | StaleIfError | undefined;
  /**
   * The age from which on a value that is read is loaded anew in the background, once for all instances, and
   * served meanwhile (Caffeine's `refreshAfterWrite`). Less than `ttl`. `0`: never. Default: `0`.
   */
  readonly refreshAfter?: Duration | undefined;
  /**
   * How long a read waits for the method, and for all steps before it. After that it gets a stale value, if
   * `staleIfError` allows one (which may take one more look into Redis), or a {@link CacheLoadTimeoutError}.
   * The method runs on, and its result is stored. At most a day. `0`: for as long as it takes. Default: `0`.
   */
  readonly loadTimeout?: Duration | undefined;
}

/** {@link StaleIfError}, checked. */
export interface StaleSettings {
  readonly forMs: Milliseconds;
  readonly when: ((error: unknown) => boolean) | undefined;
  readonly retryAfterMs: Milliseconds;
}

/** How long after a vain attempt the next one is made. */
export const DEFAULT_RETRY_MS: Milliseconds = 1_000;

/**
 * `undefined`: nothing stale is served.
 *
 * @param option - the name to complain about.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`.
 */
export function parseStaleIfError(option: string, value: unknown): StaleSettings | undefined {
  if (value === undefined) return undefined;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const { for: length, when, retryAfter = DEFAULT_RETRY_MS, ...others } = (isObject ? value : { for: value }) as Record<string, unknown>;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    const text = `Unknown option \`${option}.${shown(unknown)}\`.`;
    throw new CacheConfigurationError('CACHE_OPTION_INVALID', text, { hint: 'Known here: for, when, retryAfter.' });
  }
  if (when !== undefined && typeof when !== 'function') {
    throw new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${option}.when\` to be a function, got ${typeof when}.`);
  }
  const forMs = parseDuration(isObject ? `${option}.for` : option, length);
  const retryAfterMs = parseDuration(`${option}.retryAfter`, retryAfter);
  return forMs === 0 ? undefined : { forMs, when: when as StaleSettings['when'], retryAfterMs };
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export const parseLoadTimeout = (option: string, value: unknown): Milliseconds => parseDuration(option, value, 0, MAXIMUM_WAIT_MS);

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for what cannot be {@link FreshnessOptions}. */
export function checkFreshness({ staleIfError, refreshAfter, loadTimeout }: FreshnessOptions): void {
  parseStaleIfError('staleIfError', staleIfError);
  if (refreshAfter !== undefined) parseDuration('refreshAfter', refreshAfter);
  if (loadTimeout !== undefined) parseLoadTimeout('loadTimeout', loadTimeout);
}
