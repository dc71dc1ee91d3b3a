import type { Milliseconds } from '../time/index.js';

/** Calls a function again and again. The pause between two calls begins when the first of them has ended. */
export class RepeatedLook {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /**
   * Begins. The first call comes after `everyMs`. To be called once.
   *
   * @param everyMs - the pause before each call.
   * @param failed - told when `look` rejects. `attempt` counts the rejections in a row, from 1.
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

  /** Ends it for good. `failed` is not called any more, not even for a call under way. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Whether {@link stop} was called. */
  get isStopped(): boolean {
    return this.#isStopped;
  }
}
