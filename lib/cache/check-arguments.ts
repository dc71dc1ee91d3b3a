import { CacheConfigurationError, shown } from '../errors/index.js';
import type { Clock, Milliseconds } from '../time/index.js';
import type { EvictOptions } from './cache.js';

// What the types rule out reaches a cache all the same, from JavaScript and from `any`. It is refused before anything is done.

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
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`: a misspelt `'all'` would be a promise that nobody keeps.
 */
export function wantsAcks({ acks }: EvictOptions): boolean {
  if (acks !== undefined && acks !== 'none' && acks !== 'all') throw unexpected('acks', "'none' or 'all'", acks);
  return acks === 'all';
}

/** A wait that is too short to count. */
const NOT_WORTH_COUNTING_MS: Milliseconds = 50;

/** Since when the caller has waited, on the clock, if that is not about now. */
export function begunAt({ waitedMs = 0 }: Pick<EvictOptions, 'waitedMs'>, clock: Clock): Milliseconds | undefined {
  return waitedMs < NOT_WORTH_COUNTING_MS ? undefined : clock.now() - waitedMs;
}

const unexpected = (name: string, what: string, got: unknown): CacheConfigurationError =>
  new CacheConfigurationError('CACHE_OPTION_INVALID', `Expected \`${name}\` to be ${what}, got ${described(got)}.`);

const described = (got: unknown): string => (typeof got === 'string' ? `'${shown(got)}'` : got === null ? 'null' : typeof got);
