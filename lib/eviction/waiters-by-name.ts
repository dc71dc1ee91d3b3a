import type { Milliseconds, Timers } from '../time/index.js';

/** Callers that wait until something holds for each of some names. */
export class WaitersByName {
  readonly #looks = new Map<string, Set<() => void>>();
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /**
   * Resolves once `holds` returns `true`, which is looked at now and whenever {@link look} names one of
   * `names`; or after `timeoutMs`.
   */
  async wait(names: readonly string[], holds: () => boolean, timeoutMs: Milliseconds): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#timers.clear(timer);
        for (const name of names) this.#remove(name, look);
        resolve();
      };
      const look = (): void => {
        if (holds()) done();
      };
      const timer = this.#timers.after(timeoutMs, done);
      for (const name of names) this.#add(name, look);
    });
  }

  /** Something has changed for `name`. */
  look(name: string): void {
    for (const look of this.#looks.get(name) ?? []) look();
  }

  #add(name: string, look: () => void): void {
    const looks = this.#looks.get(name);
    if (looks === undefined) this.#looks.set(name, new Set([look]));
    else looks.add(look);
  }

  #remove(name: string, look: () => void): void {
    const looks = this.#looks.get(name);
    looks?.delete(look);
    if (looks?.size === 0) this.#looks.delete(name);
  }
}
