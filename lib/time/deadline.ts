import type { Milliseconds } from './clock.js';
import { systemTimers } from './timers.js';

/** Settles as `promise` does, or rejects with `late()` after `timeoutMs`. Leaves no timer behind. */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: Milliseconds, late: () => Error, timers = systemTimers): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = timers.after(timeoutMs, () => reject(late()));
    void promise.then(resolve, reject).finally(() => timers.clear(timer));
  });
}
