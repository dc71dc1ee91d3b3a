import process from 'node:process';
import type { Milliseconds } from '../time/index.js';

/** Steps that began in one tick, and with them one timer. */
interface Group {
  readonly late: Set<() => void>;
  readonly timer: NodeJS.Timeout;
}

/**
 * One deadline for many steps: those that begin in the same turn of the event loop end at the same moment, so they share a timer. Under
 * load, when one packet brings dozens of answers and each of them leads to the next step, a timer of its own would be a good part of
 * what a step costs.
 */
export class StepDeadlines {
  readonly #timeoutMs: Milliseconds;
  #open: Group | undefined;

  constructor(timeoutMs: Milliseconds) {
    this.#timeoutMs = timeoutMs;
  }

  /** Calls `late` after the timeout, unless the function it returns is called before. */
  begin(late: () => void): () => void {
    const group = (this.#open ??= this.#begin());
    group.late.add(late);
    return () => {
      if (group.late.delete(late) && group.late.size === 0) this.#end(group);
    };
  }

  #begin(): Group {
    const late = new Set<() => void>();
    const timer = setTimeout(() => {
      this.#end(group);
      for (const tell of late) tell();
    }, this.#timeoutMs);
    const group: Group = { late, timer };
    // Runs once all that this turn's promises lead to has run.
    process.nextTick(() => {
      if (this.#open === group) this.#open = undefined;
    });
    return group;
  }

  #end(group: Group): void {
    clearTimeout(group.timer);
    if (this.#open === group) this.#open = undefined;
  }
}
