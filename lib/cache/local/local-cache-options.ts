import { CacheConfigurationError } from '../../errors/index.js';
import type { CacheCounters } from '../../event/index.js';
import type { Clock } from '../../time/index.js';
import type { Tagged } from '../tag/tagged.js';
import type { ValueCodec } from '../value/codec.js';
import type { EntryTimes } from './local-entry.js';
import type { TagIndex } from './tag-index.js';

/** What a `LocalCache` needs. */
export interface LocalCacheOptions {
  /**
   * The largest number of entries, from 1 to {@link LARGEST_MAXIMUM_SIZE}. For a cache without entries, leave
   * out the local tier (`tiers: 'remote'`).
   */
  readonly maximumSize: number;
  /**
   * Makes a copy for each read; values that it cannot store are refused. Default: every read gets the object
   * that was stored.
   */
  readonly copies?: ValueCodec | undefined;
  /** Decides on writes whether an entry has expired. Reads bring their own time. */
  readonly clock: Clock;
  /** Counts `sizeRemovals`, `expirations` and `replacements`. */
  readonly counters: CacheCounters;
  /** Knows which entries carry which tags. Default: none do. */
  readonly tags?: TagIndex | undefined;
}

/**
 * A `Map` has at most 2^24 places in V8. When they are used up, V8 doubles the table, unless half of the
 * places belong to deleted entries. With more entries than half of 2^24, replacing entries would overflow the
 * table.
 */
export const LARGEST_MAXIMUM_SIZE = 2 ** 23;

/** What an entry has that not every entry has. */
export interface EntryExtras {
  /** The tags that it carries. */
  readonly tagged?: Tagged | undefined;
  /** If somebody has to look at it before it ends. Default: it is served until then. */
  readonly times?: EntryTimes | undefined;
  /** What its value takes when it is encoded. Default: nobody knows. */
  readonly bytes?: number | undefined;
}

/** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a `maximumSize` out of range. */
export function checkMaximumSize(maximumSize: number): void {
  if (!Number.isInteger(maximumSize) || maximumSize < 1 || maximumSize > LARGEST_MAXIMUM_SIZE) {
    throw new CacheConfigurationError(
      'CACHE_OPTION_INVALID',
      `Expected \`maximumSize\` to be an integer from 1 to ${LARGEST_MAXIMUM_SIZE}, got \`${String(maximumSize)}\`.`,
      { hint: "For a cache without a local tier write `tiers: 'remote'`." },
    );
  }
}
