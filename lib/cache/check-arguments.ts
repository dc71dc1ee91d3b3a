import { CacheConfigurationError, shown } from '../errors/index.js';
import type { Clock, Milliseconds } from '../time/index.js';
import type { EvictOptions } from './cache.js';

// Invalid arguments can reach a cache in spite of the types, from JavaScript or through `any`. They are
// refused before anything is done.

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkLoader(loader: unknown): void {
  if (typeof loader !== 'function') throw unexpected('loader', 'a function', loader);
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkKeys(keys: unknown): void {
  if (!Array.isArray(keys)) throw unexpected('keys', 'an array', keys);
}

/**
 * Whether acknowledgements are asked for.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. Otherwise a misspelt `'all'` would be a guarantee
 *   that is silently missing.
 */
export function wantsAcks({ acks }: EvictOptions): boolean {
  if (acks !== undefined && acks !== 'none' && acks !== 'all') throw unexpected('acks', "'none' or 'all'", acks);
  return acks === 'all';
}

/** A shorter wait than this is not counted. */
const NOT_WORTH_COUNTING_MS: Milliseconds = 50;

/** The time on the clock at which the caller began to wait; `undefined` if that is about now. */
export function begunAt({ waitedMs = 0 }: Pick<EvictOptions, 'waitedMs'>, clock: Clock): Milliseconds | undefined {
  return waitedMs < NOT_WORTH_COUNTING_MS ? undefined : clock.now() - waitedMs;
}

const unexpected = (name: string, what: string, got: unknown): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${name}\` to be ${what}, got ${described(got)}.`);

const described = (got: unknown): string => (typeof got === 'string' ? `'${shown(got)}'` : got === null ? 'null' : typeof got);
