import type { HopScheduler } from './hop-scheduler.js';

/**
 * One way a thing can travel: what is put in comes out in the same order, one at a time, each when the scheduler says so.
 * Several lanes race with each other; within one nothing overtakes.
 */
export class Lane {
  readonly #scheduler: HopScheduler;
  readonly #label: string;
  #queue: (() => void)[] = [];
  #isHeld = false;
  /** Releases that came while the lane was held. */
  #parked = 0;

  constructor(scheduler: HopScheduler, label: string) {
    this.#scheduler = scheduler;
    this.#label = label;
  }

  /** How many are on their way. */
  get size(): number {
    return this.#queue.length;
  }

  push(action: () => void): void {
    this.#queue.push(action);
    this.#schedule();
  }

  /** Lets the head go at once, as when it shares a packet with what was released before it. Its own step will find nothing to do. */
  releaseHead(): void {
    this.#queue.shift()?.();
  }

  /** From now on nothing comes out: the network is silent, but nothing is lost. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Ends {@link hold}. */
  resume(): void {
    this.#isHeld = false;
    const parked = this.#parked;
    this.#parked = 0;
    for (let i = 0; i < parked; i += 1) this.#schedule();
  }

  /** Loses everything on its way. */
  clear(): void {
    this.#queue = [];
  }

  #schedule(): void {
    if (this.#isHeld) {
      this.#parked += 1;
      return;
    }
    void this.#scheduler.schedule(Promise.resolve(), this.#label).then(() => {
      if (this.#isHeld) this.#parked += 1;
      else this.releaseHead();
    });
  }
}
