import process from 'node:process';

/**
 * A span or a point of time in milliseconds. Points are on the {@link Clock}'s own scale,
 * unless a name says `epoch`.
 */
export type Milliseconds = number;

/**
 * All rooms read the time from this port. It has one method, so that a spec can move the time by hand (the
 * idea is Caffeine's `Ticker`).
 */
export interface Clock {
  /** Milliseconds on a scale that never runs backwards. Only differences mean anything. */
  now(): Milliseconds;
}

const { hrtime } = process;
const unfaked = setTimeout;
const origin = milliseconds(hrtime()) - performance.now();

/**
 * The process's monotonic clock, on the scale of `performance.now`. It reads `process.hrtime`, which
 * is the same clock at three quarters of the cost: reading it is the largest part of a local hit.
 * While fake timers are in place (`setTimeout` shows that), it asks `performance.now`, because they
 * may have faked that as well.
 */
export const systemClock: Clock = {
  now: () => (setTimeout === unfaked ? milliseconds(hrtime()) - origin : performance.now()),
};

function milliseconds(time: readonly [seconds: number, nanoseconds: number]): Milliseconds {
  return time[0] * 1e3 + time[1] * 1e-6;
}
