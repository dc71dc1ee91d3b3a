import type { Clock, Milliseconds } from '../../lib/time/index.js';

/** A {@link Clock} that stands still until a spec moves it. Starts at 1000, so that a forgotten zero shows. */
export class FakeClock implements Clock {
  #now: Milliseconds;

  constructor(startMs: Milliseconds = 1_000) {
    this.#now = startMs;
  }

  now(): Milliseconds {
    return this.#now;
  }

  /** Lets `ms` pass. Negative spans are refused: the scale never runs backwards. */
  advance(ms: Milliseconds): void {
    if (!(ms >= 0)) throw new RangeError(`A clock advances by zero or more milliseconds, got ${ms}.`);
    this.#now += ms;
  }
}
