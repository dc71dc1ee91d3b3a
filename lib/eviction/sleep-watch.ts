import { type Clock, type Milliseconds, type Timers, timersOf } from '../time/index.js';

/** A moment by the monotonic clock and by the wall clock. */
export interface Moment {
  readonly at: Milliseconds;
  readonly epochMs: Milliseconds;
}

/**
 * Notices that the machine was suspended: the monotonic clock stands still while a virtual machine is
 * suspended, the wall clock does not.
 */
export class SleepWatch {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #toleranceMs: Milliseconds;

  /** @param toleranceMs - how far the clocks may move apart before that counts as sleep. */
  constructor(clock: Clock, toleranceMs: Milliseconds) {
    this.#clock = clock;
    this.#timers = timersOf(clock);
    this.#toleranceMs = toleranceMs;
  }

  now(): Moment {
    return { at: this.#clock.now(), epochMs: this.#timers.epochNow() };
  }

  /**
   * How long ago that was. By the wall clock if the machine was suspended since then, for the other one
   * stood still.
   */
  since(moment: Moment): Milliseconds {
    const passed = this.#clock.now() - moment.at;
    return this.sleptSince(moment) ? Math.max(passed, Date.now() - moment.epochMs) : passed;
  }

  /** Whether the machine was suspended since then. */
  sleptSince({ at, epochMs }: Moment): boolean {
    return this.#timers.epochNow() - epochMs - (this.#clock.now() - at) > this.#toleranceMs;
  }
}
