import process from 'node:process';
import type { Milliseconds } from '../time/index.js';

/** A step; `late` goes when it ends, and with it what that holds. */
interface Step {
  late: (() => void) | undefined;
}

/** Steps that began in one tick, and with them one timer. No `Set`: its old tables would keep what was deleted from it. */
interface Group {
  readonly steps: Step[];
  underWay: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * One deadline for many steps: those that begin in the same turn of the event loop end at the same moment, so they share a timer. Under
 * load, when one packet brings dozens of answers and each of them leads to the next step, a timer of its own would be a good part of
 * what a step costs.
 *
 * A deadline that passes while the event loop stands still is judged once the sockets have been read: timers come before them, and an answer
 * that has long arrived must not be taken for one that is missing.
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
    const step: Step = { late };
    group.steps.push(step);
    group.underWay += 1;
    return () => {
      if (step.late === undefined) return;
      step.late = undefined;
      group.underWay -= 1;
      if (group.underWay === 0) this.#end(group);
    };
  }

  #begin(): Group {
    const timer = setTimeout(() => {
      this.#end(group);
      setImmediate(() => {
        for (const { late } of group.steps) late?.();
      });
    }, this.#timeoutMs);
    const group: Group = { steps: [], underWay: 0, timer };
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
