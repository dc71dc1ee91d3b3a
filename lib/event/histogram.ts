import type { Milliseconds } from '../time/index.js';

/** A snapshot of how often values fell into each of some fixed ranges. It does not change later. */
export interface Histogram {
  /** The upper end of each range, in milliseconds, ascending. The end itself belongs to the range. */
  readonly boundsMs: readonly Milliseconds[];
  /** How many values each range has: not cumulative. There is one range more, for all above the last end. */
  readonly counts: readonly number[];
  /** How many values there are. */
  readonly count: number;
  /** All of them together, in milliseconds. */
  readonly sumMs: Milliseconds;
}

/** The ranges of the lag of a message: from half a millisecond to five seconds. */
export const LAG_BOUNDS_MS: readonly Milliseconds[] = Object.freeze([0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000]);

/** The ranges of the time of a load: from one millisecond to ten seconds. */
export const LOAD_BOUNDS_MS: readonly Milliseconds[] = Object.freeze([1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]);

/** Counts values by their range. To count one takes a search in a few numbers, and two additions. */
export class HistogramCounter {
  readonly #boundsMs: readonly Milliseconds[];
  readonly #counts: Float64Array;
  #sumMs: Milliseconds = 0;

  /** @param boundsMs - see {@link Histogram.boundsMs}. */
  constructor(boundsMs: readonly Milliseconds[]) {
    this.#boundsMs = boundsMs;
    this.#counts = new Float64Array(boundsMs.length + 1);
  }

  add(ms: Milliseconds): void {
    let range = 0;
    while (range < this.#boundsMs.length && ms > (this.#boundsMs[range] as Milliseconds)) range += 1;
    this.#counts[range] = (this.#counts[range] as number) + 1;
    this.#sumMs += ms;
  }

  snapshot(): Histogram {
    const counts = Object.freeze([...this.#counts]);
    return Object.freeze({ boundsMs: this.#boundsMs, counts, count: counts.reduce((sum, each) => sum + each, 0), sumMs: this.#sumMs });
  }

  clear(): void {
    this.#counts.fill(0);
    this.#sumMs = 0;
  }
}
