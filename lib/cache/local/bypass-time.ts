import type { Milliseconds } from '../../time/index.js';

/**
 * Adds up the time in which the local tier could not be served, from the first lease on: at its start an
 * instance has nothing yet that could be served. It needs no timer: the time since the end of a lease is
 * added when the lease is set again, or when the total is read.
 */
export class BypassTime {
  #totalMs: Milliseconds = 0;
  /** `-Infinity`: there was no lease yet. */
  #accountedTo: Milliseconds = Number.NEGATIVE_INFINITY;

  /** Must be called before the end of the lease changes. Until now it was `servableUntil`. */
  account(now: Milliseconds, servableUntil: Milliseconds): void {
    if (!this.#hasBegun(servableUntil)) return;
    this.#totalMs = this.total(now, servableUntil);
    this.#accountedTo = now;
  }

  /** The total up to `now`. */
  total(now: Milliseconds, servableUntil: Milliseconds): Milliseconds {
    if (!this.#hasBegun(servableUntil)) return 0;
    return this.#totalMs + Math.max(0, now - Math.max(this.#accountedTo, servableUntil));
  }

  /** Starts again at zero. */
  reset(now: Milliseconds, servableUntil: Milliseconds): void {
    this.account(now, servableUntil);
    this.#totalMs = 0;
  }

  #hasBegun(servableUntil: Milliseconds): boolean {
    return Math.max(this.#accountedTo, servableUntil) > Number.NEGATIVE_INFINITY;
  }
}
