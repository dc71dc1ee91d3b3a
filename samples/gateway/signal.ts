import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../support/monotonic-time.js';

/** Something that happens once. */
export class Signal {
  givenAtMs = Infinity;
  give!: () => void;
  readonly given = new Promise<void>((resolve) => {
    this.give = () => {
      this.givenAtMs = monotonicMs();
      resolve();
    };
  });
}

/** What happens within so many milliseconds. `undefined`: it did not happen in time. */
export async function within<T>(ms: number, happens: (resolve: (value: T) => void) => void): Promise<T | undefined> {
  const late = new AbortController();
  try {
    return await Promise.race([new Promise<T>(happens), pause(ms, undefined, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}
