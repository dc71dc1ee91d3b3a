import type { Milliseconds } from '../../time/index.js';
import type { CacheParts } from './cache-parts.js';
import type { LoadRequest } from './load-call.js';
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
  load<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    try {
      return this.answer({ ...request, freshness: this.#options.freshness.of(request.options) }, now);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Like {@link load}, for a request whose freshness is known. */
  answer<V>(request: LoadRequest<V>, now: Milliseconds): Promise<V> {
    const { local, loads, staleReads, counters } = this.#options;
    const { key, freshness } = request;
    if (freshness !== undefined) return staleReads.load({ ...request, freshness }, now);
    // Another value may be due by the options of other callers.
    const due = local.held(key, now);
    if (due === undefined || now >= due.times.freshUntil) return loads.load(request, now);
    counters.localHits += 1;
    return Promise.resolve(due.value as V);
  }
}
