import { CacheConfigurationError, shown } from '../errors/index.js';
import type { Milliseconds } from './clock.js';

/**
 * A span of time as users write it: milliseconds, or a number with its unit (`'250ms'`, `'60s'`,
 * `'5m'`, `'1h'`, `'7d'`).
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WRITTEN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The longest accepted duration: 10 years. A longer one surely has the wrong unit. */
export const MAXIMUM_DURATION_MS: Milliseconds = 3_650 * UNITS.d;

/**
 * The longest accepted duration for a timer: one day. Node's timers end at 2^31 ms (24.8 days);
 * beyond that they wait 1 ms.
 */
export const MAXIMUM_WAIT_MS: Milliseconds = UNITS.d;

/**
 * `duration` in whole milliseconds, rounded up: Redis refuses fractions, and a life of `0.4` must
 * not become "without end".
 *
 * @param option - the name that the error message tells.
 * @param minimumMs - the least accepted value. Default: `0`.
 * @param maximumMs - the greatest accepted value: ten years, or {@link MAXIMUM_WAIT_MS}. Default: ten years.
 * @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for anything but a finite, non-negative number
 *   or a number with a unit.
 */
export function parseDuration(
  option: string,
  duration: unknown,
  minimumMs: Milliseconds = 0,
  maximumMs: Milliseconds = MAXIMUM_DURATION_MS,
): Milliseconds {
  const ms = toMilliseconds(duration);
  if (ms === undefined || !(ms >= minimumMs) || ms > maximumMs) {
    const least = minimumMs === 0 ? 'not negative' : `at least ${minimumMs} ms`;
    const most = maximumMs === MAXIMUM_DURATION_MS ? '10 years' : `${maximumMs / UNITS.h} hours`;
    throw new CacheConfigurationError(
      'CACHE_OPTION_INVALID',
      `Expected \`${option}\` to be a duration, ${least} and at most ${most}, such as 500, '60s' or '5m', got \`${shown(duration)}\` (${typeof duration}).`,
    );
  }
  return Math.ceil(ms);
}

/**
 * The time to live that a function returned, in milliseconds. `undefined` for 0 or less, which
 * means "do not store": nobody computes "without end" by accident, but the rest of a time that is
 * over comes out as 0 or less.
 *
 * @throws {CacheConfigurationError} as {@link parseDuration}, for anything that is no duration.
 */
export function parseComputedTtl(duration: unknown): Milliseconds | undefined {
  const ttlMs = typeof duration === 'number' && duration < 0 ? 0 : parseDuration('ttl', duration);
  return ttlMs === 0 ? undefined : ttlMs;
}

function toMilliseconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isFinite(duration) ? duration : undefined;
  const match = typeof duration === 'string' ? WRITTEN.exec(duration) : null;
  return match === null ? undefined : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
