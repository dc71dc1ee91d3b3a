import type { Milliseconds } from '../time/index.js';

/** A promise with its levers, for Node 20, which has no `Promise.withResolvers`. Nobody need await it: a rejection may go unheard. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}

/** What `promise` settles with, or a rejection with `late()` after `timeoutMs`. Leaves no timer behind. */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: Milliseconds, late: () => Error): Promise<T> {
  const { promise: settled, resolve, reject } = new Deferred<T>();
  const timer = setTimeout(() => reject(late()), timeoutMs);
  void promise.then(resolve, reject).finally(() => clearTimeout(timer));
  return settled;
}
