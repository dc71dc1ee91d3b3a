import type { Milliseconds } from '../time/index.js';

/** A step; `late` goes when it ends, and with it what that holds. */
interface Step {
  late: (() => void) | undefined;
}

/** A timer that is late by more than this was held up by a blocked event loop. */
const BLOCKED_MS: Milliseconds = 50;

/** Steps that began in one turn of the event loop, and with them one timer. No `Set`: its old tables would keep what was deleted from it. */
interface Group {
  readonly steps: Step[];
  underWay: number;
  timer: NodeJS.Timeout | undefined;
  /** When the time is over, on `performance`'s scale. */
  due: Milliseconds;
  isExtended: boolean;
}

/**
 * One deadline for many steps: those that begin in the same turn of the event loop end at the same moment, so they share a timer. Under
 * load, when one packet brings dozens of answers and each of them leads to the next step, a timer of its own would be a good part of
 * what a step costs.
 *
 * A busy process is no silent server:
 * - The time of a step begins when it has been written to the socket. Clients write at the end of the turn, so it begins then.
 * - When the time is over, the event loop first has its turn to read: what lies in the socket is an answer, however late we come to look.
 *   As long as each turn brings answers, there may be more behind them; a step is late when a turn brought none.
 * - A timer that comes late tells that the event loop stood still. That time is given once more: what was asked for may not have been sent.
 */
export class StepDeadlines {
  readonly #timeoutMs: Milliseconds;
  readonly #beginsAtOnce: boolean;
  #open: Group | undefined;
  /** How many steps have ended: what changes it is an answer. */
  #ended = 0;

  /** @param beginsAtOnce - the time is a caller's, who waits already, and not a server's. Default: `false`. */
  constructor(timeoutMs: Milliseconds, beginsAtOnce = false) {
    this.#timeoutMs = timeoutMs;
    this.#beginsAtOnce = beginsAtOnce;
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
      this.#ended += 1;
      group.underWay -= 1;
      if (group.underWay === 0) this.#end(group);
    };
  }

  #begin(): Group {
    const group: Group = { steps: [], underWay: 0, timer: undefined, due: 0, isExtended: false };
    const start = (): void => this.#wait(group, this.#timeoutMs);
    if (this.#beginsAtOnce) start();
    // Behind the client's own, which writes what this turn asked for.
    setImmediate(() => {
      if (this.#open === group) this.#open = undefined;
      if (!this.#beginsAtOnce && group.underWay > 0) start();
    });
    return group;
  }

  #wait(group: Group, ms: Milliseconds): void {
    group.due = performance.now() + ms;
    group.timer = setTimeout(() => this.#timeIsOver(group), ms);
  }

  #timeIsOver(group: Group): void {
    const lateMs = performance.now() - group.due;
    if (lateMs < BLOCKED_MS || group.isExtended) return this.#look(group, -1);
    group.isExtended = true;
    this.#wait(group, Math.min(lateMs, this.#timeoutMs));
  }

  /** @param seen - how many steps had ended a turn ago. */
  #look(group: Group, seen: number): void {
    if (group.underWay === 0) return;
    const ended = this.#ended;
    if (seen !== ended) return void setImmediate(() => this.#look(group, ended));
    for (const step of group.steps) {
      const { late } = step;
      if (late === undefined) continue;
      step.late = undefined;
      group.underWay -= 1;
      late();
    }
  }

  #end(group: Group): void {
    clearTimeout(group.timer);
    if (this.#open === group) this.#open = undefined;
  }
}
