import type { Milliseconds } from '../../time/index.js';
import type { LoadOptions } from '../cache.js';
import type { Loader } from '../load-context.js';
import type { CacheParts } from './cache-parts.js';
import { isAsking, type LoadRequest } from './load-call.js';
import type { Loads } from './loads.js';
import type { StaleReads } from './stale-reads.js';

/** What {@link MissedReads} need. */
export interface MissedReadsOptions extends CacheParts {
  readonly loads: Loads;
  readonly staleReads: StaleReads;
}

/** The reads of one cache that a hit did not answer. */
export class MissedReads {
  readonly #options: MissedReadsOptions;

  constructor(options: MissedReadsOptions) {
    this.#options = options;
  }

  /** The value of a key that a hit did not find. */
  load<V>(key: string, loader: Loader<V>, options: LoadOptions<V>, now: Milliseconds): Promise<V> {
    try {
      const freshness = this.#options.freshness.of(options);
      return this.answer({ key, loader, options, batched: undefined, freshness, context: undefined, found: undefined }, now);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Like {@link load}, for a request whose freshness is known. */
  answer<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    const { local, loads, staleReads, counters } = this.#options;
    if (isAsking(request)) return staleReads.load(request, now);
    // Another value may be due by the options of other callers.
    const due = local.held(request.key, now);
    if (due === undefined || now >= due.times.freshUntil) return loads.load(request, now);
    counters.localHits += 1;
    return Promise.resolve(due.value as V);
  }
}
