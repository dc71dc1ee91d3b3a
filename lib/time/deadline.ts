import type { Milliseconds } from './clock.js';

/** Settles as `promise` does, or rejects with `late()` after `timeoutMs`. Leaves no timer behind. */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: Milliseconds, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    void promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
