import type { Clock, Milliseconds } from './clock.js';

/** One timer of {@link Timers}, as Node's own. */
export interface Timer {
  /** It keeps the process alive. */
  ref(): Timer;
  /** It does not. */
  unref(): Timer;
}

/**
 * What rings when time passes. All rooms set their timers here, so that a simulation can move the time by
 * hand.
 */
export interface Timers {
  /** The time by which they ring, on a scale of their own that never runs backwards. */
  now(): Milliseconds;
  /** Milliseconds since 1970. */
  epochNow(): Milliseconds;
  /** Calls `ring` once, after `ms`. */
  after(ms: Milliseconds, ring: () => void): Timer;
  /** Calls `ring` again and again, each time after `ms`. */
  every(ms: Milliseconds, ring: () => void): Timer;
  /** Takes a timer back. `undefined`, and one that has rung, are let be. */
  clear(timer: Timer | undefined): void;
}

/** Node's timers. They are looked up at each call, because fake timers take their place for a while. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  epochNow: () => Date.now(),
  after: (ms, ring) => setTimeout(ring, ms),
  every: (ms, ring) => setInterval(ring, ms),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined), // It clears intervals as well.
};

/** A clock that brings timers along. */
export interface TimedClock extends Clock {
  readonly timers: Timers;
}

/** The timers of a clock; Node's, if it has none. */
export const timersOf = (clock: Clock): Timers => (clock as Partial<TimedClock>).timers ?? systemTimers;

/** Resolves after `ms`. */
export const pause = (timers: Timers, ms: Milliseconds): Promise<void> => new Promise((resolve) => void timers.after(ms, resolve));
