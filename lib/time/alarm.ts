import type { Clock, Milliseconds } from './clock.js';
import { type Timer, timersOf } from './timers.js';

/** The longest delay that a timer of Node takes. */
const MAXIMUM_DELAY_MS = 2 ** 31 - 1;

/**
 * Calls `ring` when `clock` shows `time`, at once if it does already. By this clock a timer may be early: the
 * clock of a spec may stand still. It is then set again.
 *
 * @returns what takes the alarm back.
 */
export function alarm(clock: Clock, time: Milliseconds, ring: () => void): () => void {
  const timers = timersOf(clock);
  let timer: Timer | undefined;
  const wait = (): void => {
    const leftMs = time - clock.now();
    if (leftMs <= 0) return ring();
    timer = timers.after(Math.min(Math.ceil(leftMs), MAXIMUM_DELAY_MS), wait);
  };
  wait();
  return () => timers.clear(timer);
}
