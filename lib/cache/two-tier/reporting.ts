import { CacheEvictError } from '../../errors/index.js';
import type { CacheEvents } from '../../event/index.js';
import type { EvictOptions, Unacknowledged } from '../evict-options.js';
import { throwsUnacknowledged } from '../check-arguments.js';

/** The cache whose write it is. */
interface ReportingCache {
  readonly cache: string;
  readonly events: CacheEvents;
  /** What its writes do by default. */
  readonly unacknowledged: Unacknowledged;
}

/**
 * Runs a write. Its caller is told of an eviction that is not acknowledged by an error, or, where he asked
 * for a report, by an event only.
 *
 * @throws {CacheConfigurationError} for options that are refused; nothing is run then.
 */
export async function reporting(
  options: EvictOptions,
  { cache, events, unacknowledged }: ReportingCache,
  write: () => Promise<unknown>,
): Promise<void> {
  const throws = throwsUnacknowledged(options, unacknowledged);
  try {
    await write();
  } catch (error) {
    if (throws || !(error instanceof CacheEvictError)) throw error;
    events.emit('error', { where: `eviction in cache '${cache}'`, error, cache });
  }
}
