/** A step that waits for its turn. */
export interface Waiting {
  readonly weight: number;
  /** How long it may wait: a point of time on `performance`'s scale. */
  readonly until: number;
  /** Begins the step. */
  begin(): void;
  /** Gives the step up: it has waited for too long (`isLate`), or no step can be sent any more. */
  refuse(isLate: boolean): void;
}

/**
 * How far a call has come. The higher rank goes first, so that under load calls are finished and not only
 * begun.
 */
export type Rank = 0 | 1 | 2;

/**
 * The steps of one rank: first come, first served. `head` is the first of them; shifting a long array would
 * move all of it.
 */
interface Line {
  items: (Waiting | undefined)[];
  head: number;
}

/** Steps that wait for their turn, by rank. */
export class StepQueue {
  readonly #lines: readonly Line[] = [0, 1, 2].map(() => ({ items: [], head: 0 }));
  #size = 0;

  /** How many steps wait. */
  get size(): number {
    return this.#size;
  }

  push(rank: Rank, waiting: Waiting): void {
    (this.#lines[rank] as Line).items.push(waiting);
    this.#size += 1;
  }

  /** The next step, which stays in the queue; `undefined` when none waits. */
  peek(): Waiting | undefined {
    const line = this.#first();
    return line?.items[line.head];
  }

  /** Takes the next step out of the queue; `undefined` when none waits. */
  shift(): Waiting | undefined {
    const line = this.#first();
    if (line === undefined) return undefined;
    const waiting = line.items[line.head];
    line.items[line.head] = undefined;
    line.head += 1;
    if (line.head === line.items.length) [line.items, line.head] = [[], 0];
    this.#size -= 1;
    return waiting;
  }

  /**
   * Takes out all steps that may not wait any longer at `now`, which is on `performance`'s scale. `Infinity`
   * takes out all.
   */
  takeOverdue(now: number): Waiting[] {
    const overdue: Waiting[] = [];
    for (const line of this.#lines) {
      const kept: Waiting[] = [];
      for (let i = line.head; i < line.items.length; i += 1) {
        const waiting = line.items[i] as Waiting;
        (waiting.until <= now ? overdue : kept).push(waiting);
      }
      [line.items, line.head] = [kept, 0];
    }
    this.#size -= overdue.length;
    return overdue;
  }

  /** The line of the highest rank in which a step waits. */
  #first(): Line | undefined {
    for (let rank = this.#lines.length - 1; rank >= 0; rank -= 1) {
      const line = this.#lines[rank] as Line;
      if (line.head < line.items.length) return line;
    }
    return undefined;
  }
}
