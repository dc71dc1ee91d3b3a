import type { Milliseconds } from '../../time/index.js';

/**
 * Adds up the time in which the local tier could not be served. It needs no timer: the time since the end of
 * a lease is added when the lease is set again, or when the total is read.
 */
export class BypassTime {
  #totalMs: Milliseconds = 0;
  #accountedTo: Milliseconds;

  constructor(now: Milliseconds) {
    this.#accountedTo = now;
  }

  /** Must be called before the end of the lease changes. Until now it was `servableUntil`. */
  account(now: Milliseconds, servableUntil: Milliseconds): void {
    this.#totalMs = this.total(now, servableUntil);
    this.#accountedTo = now;
  }

  /** The total up to `now`. */
  total(now: Milliseconds, servableUntil: Milliseconds): Milliseconds {
    return this.#totalMs + Math.max(0, now - Math.max(this.#accountedTo, servableUntil));
  }

  /** Starts again at zero. */
  reset(now: Milliseconds): void {
    this.#totalMs = 0;
    this.#accountedTo = now;
  }
}
