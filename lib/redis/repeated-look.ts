import type { Milliseconds } from '../time/index.js';

/** Looks again and again, each time a while after the look before has ended. */
export class RepeatedLook {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /**
   * Begins, with the first look after `everyMs`. To be called once.
   *
   * @param failed - told when a look rejects, with how often in a row.
   */
  start(everyMs: Milliseconds, look: () => Promise<void>, failed: (attempt: number, error: unknown) => void): void {
    let failures = 0;
    const next = (): void => {
      if (!this.#isStopped) this.#timer = setTimeout(() => void tick(), everyMs);
    };
    const tick = async (): Promise<void> => {
      try {
        await look();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!this.#isStopped) failed(failures, error);
      }
      next();
    };
    next();
  }

  /** Ends it for good: nothing is told any more. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Whether {@link stop} was called. */
  get isStopped(): boolean {
    return this.#isStopped;
  }
}
