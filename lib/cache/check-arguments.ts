import { CacheConfigurationError, shown } from '../errors/index.js';
import type { Clock, Milliseconds } from '../time/index.js';
import type { EvictOptions, Unacknowledged } from './evict-options.js';

// Invalid arguments can reach a cache in spite of the types, from JavaScript or through `any`. They are
// refused before anything is done.

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkLoader(loader: unknown): void {
  if (typeof loader !== 'function') throw unexpected('loader', 'a function', loader);
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkWork(work: unknown): void {
  if (typeof work !== 'function') throw unexpected('work', 'a function', work);
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkKeys(keys: unknown): void {
  if (!Array.isArray(keys)) throw unexpected('keys', 'an array', keys);
}

/**
 * A copy of the keys, which their owner may change while they are in use. A hole in the array is `undefined`.
 *
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`.
 */
export function denseCopy<K>(keys: readonly K[]): readonly K[] {
  checkKeys(keys);
  return Array.from(keys);
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

/**
 * Whether the caller is told of an eviction that is not acknowledged by an error. With `acks: 'all'` he
 * always is: what he asked for was not reached.
 *
 * @param fallback - what the cache does.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`, `CACHE_OPERATION_INVALID` for `'report'` together
 *   with `acks: 'all'`.
 */
export function throwsUnacknowledged({ acks, unacknowledged }: EvictOptions, fallback: Unacknowledged): boolean {
  if (unacknowledged !== undefined && unacknowledged !== 'throw' && unacknowledged !== 'report')
    throw unexpected('unacknowledged', "'throw' or 'report'", unacknowledged);
  if (acks !== 'all') return (unacknowledged ?? fallback) === 'throw';
  if (unacknowledged !== 'report') return true;
  throw new CacheConfigurationError(
    'CACHE_OPERATION_INVALID',
    "`acks: 'all'` and `unacknowledged: 'report'` cannot both be set. One waits until no instance serves the old value, the other does not.",
  );
}

/** @throws {CacheConfigurationError} what the eviction would throw, told before anything is done. */
export function checkEvictOptions(options: EvictOptions = {}): void {
  wantsAcks(options);
  throwsUnacknowledged(options, 'throw');
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID`. */
export function checkEntries(entries: unknown): void {
  if (typeof entries !== 'object' || entries === null || !(Symbol.iterator in entries))
    throw unexpected('entries', 'a Map or another iterable of pairs', entries);
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
