import type { Milliseconds } from './clock.js';

/** A step; `late` goes when it ends, and with it what that holds. */
interface Step {
  late: (() => void) | undefined;
}

/** A timer that is late by more than this was held up by a blocked event loop. */
const BLOCKED_MS: Milliseconds = 50;

/**
 * Steps that began in one turn of the event loop. No `Set`: its old tables would keep
 * what was deleted from it.
 */
interface Group {
  readonly steps: Step[];
  underWay: number;
  /** When the time is over, on `performance`'s scale; `undefined` until it begins. */
  due: Milliseconds | undefined;
  /** Its own timer, where its time was extended. */
  timer: NodeJS.Timeout | undefined;
  /** Its neighbours in the order in which the times of groups are over. */
  before: Group | undefined;
  after: Group | undefined;
}

/**
 * One deadline for many steps: those that begin in the same turn of the event loop end at the same moment,
 * and all groups of steps share one timer, which is set for the oldest and otherwise left alone. To set one
 * for each step, and to clear it, would be a good part of what a step costs.
 *
 * A busy process is no silent server:
 * - The time of a step begins when it has been written to the socket. Clients write at the end of the
 *   turn, so it begins then.
 * - When the time is over, the event loop first has its turn to read: what lies in the socket is an answer,
 *   however late we come to look. As long as each turn brings answers, there may be more behind them; a step
 *   is late when a turn brought none.
 * - A timer that comes late tells that the event loop stood still. That time is given once more: what was
 *   asked for may not have been sent.
 */
export class StepDeadlines {
  readonly #timeoutMs: Milliseconds;
  readonly #beginsAtOnce: boolean;
  #open: Group | undefined;
  #first: Group | undefined;
  #last: Group | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How many steps have ended: what changes it is an answer. */
  #ended = 0;

  /**
   * @param beginsAtOnce - the time is a caller's, who waits already, and not a server's. Default: `false`.
   */
  constructor(timeoutMs: Milliseconds, beginsAtOnce = false) {
    this.#timeoutMs = timeoutMs;
    this.#beginsAtOnce = beginsAtOnce;
  }

  /** Whether steps are under way that began in this turn of the event loop. */
  get hasBegun(): boolean {
    return this.#open !== undefined;
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
    const group: Group = { steps: [], underWay: 0, due: undefined, timer: undefined, before: undefined, after: undefined };
    if (this.#beginsAtOnce) this.#start(group);
    // Behind the client's own, which writes what this turn asked for.
    setImmediate(() => {
      if (this.#open === group) this.#open = undefined;
      if (!this.#beginsAtOnce && group.underWay > 0) this.#start(group);
    });
    return group;
  }

  #start(group: Group): void {
    group.due = performance.now() + this.#timeoutMs;
    group.before = this.#last;
    if (this.#last === undefined) this.#first = group;
    else this.#last.after = group;
    this.#last = group;
    if (this.#timer === undefined) this.#set(this.#timeoutMs);
    else if (this.#first === group) this.#timer.ref();
  }

  #set(ms: Milliseconds): void {
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  /** The time of the oldest group may be over. */
  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let group = this.#first; group !== undefined; group = this.#first) {
      const lateMs = now - (group.due as Milliseconds);
      if (lateMs <= -1) return this.#set(Math.ceil(-lateMs)); // Timers may be early by less than that.
      this.#takeOut(group);
      this.#timeIsOver(group, lateMs);
    }
  }

  #timeIsOver(group: Group, lateMs: Milliseconds): void {
    if (lateMs < BLOCKED_MS) return this.#tellLate(group, -1);
    group.timer = setTimeout(() => this.#tellLate(group, -1), Math.min(lateMs, this.#timeoutMs));
  }

  /** @param seen - how many steps had ended a turn ago. */
  #tellLate(group: Group, seen: number): void {
    if (group.underWay === 0) return;
    const ended = this.#ended;
    if (seen !== ended) return void setImmediate(() => this.#tellLate(group, ended));
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
    if (group.due !== undefined) this.#takeOut(group);
  }

  #takeOut(group: Group): void {
    const { before, after } = group;
    if (before !== undefined) before.after = after;
    else if (this.#first === group) this.#first = after;
    else return; // It was taken out before.
    if (after === undefined) this.#last = before;
    else after.before = before;
    group.before = group.after = undefined;
    if (this.#first === undefined) this.#rest();
  }
  /**
   * A server's timer is left for the next steps; by itself it must not keep a process alive. A caller's
   * may be of no use to others.
   */
  #rest(): void {
    if (!this.#beginsAtOnce) return void this.#timer?.unref();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
