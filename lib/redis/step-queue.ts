/** What waits for its turn. */
export interface Waiting {
  readonly weight: number;
  /** Until when it may wait, on `performance`'s scale. */
  readonly until: number;
  begin(): void;
  /** It has waited for too long, or for nothing. */
  refuse(isLate: boolean): void;
}

/** How far a call has come: what is further goes first, so that under load calls are finished and not only begun. */
export type Rank = 0 | 1 | 2;

/** Those of one rank, first come, first served. An array with a head: to shift a long one moves all of it. */
interface Line {
  items: (Waiting | undefined)[];
  head: number;
}

/** Steps that wait for their turn, by rank. */
export class StepQueue {
  readonly #lines: readonly Line[] = [0, 1, 2].map(() => ({ items: [], head: 0 }));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(rank: Rank, waiting: Waiting): void {
    (this.#lines[rank] as Line).items.push(waiting);
    this.#size += 1;
  }

  /** The next one, left where it is. */
  peek(): Waiting | undefined {
    const line = this.#first();
    return line?.items[line.head];
  }

  /** Takes the next one out. */
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

  /** Takes out all that may wait no longer at `now`; `Infinity`: all. */
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

  #first(): Line | undefined {
    for (let rank = this.#lines.length - 1; rank >= 0; rank -= 1) {
      const line = this.#lines[rank] as Line;
      if (line.head < line.items.length) return line;
    }
    return undefined;
  }
}
