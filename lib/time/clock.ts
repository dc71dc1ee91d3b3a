/** A span or a point of time in milliseconds. Points are on the {@link Clock}'s own scale, unless a name says `epoch`. */
export type Milliseconds = number;

/**
 * Where every room reads the time. One method, so that a spec can move it by hand (the idea is Caffeine's `Ticker`).
 */
export interface Clock {
  /** Milliseconds on a scale that never runs backwards; only differences mean anything. */
  now(): Milliseconds;
}

/** The process's monotonic clock. Looks `performance.now` up at each call so that fake timers can drive it. */
export const systemClock: Clock = {
  now: () => performance.now(),
};
