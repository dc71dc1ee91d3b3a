import type { HopScheduler } from './hop-scheduler.js';

/** Why a link is silent: its own fault, or the server cannot be reached. Each is ended by itself. */
export type Silence = 'link' | 'server';

/**
 * One way a thing can travel: what is put in comes out in the same order, one at a time, each when the
 * scheduler says so. Several lanes race with each other; within one nothing overtakes.
 */
export class Lane {
  readonly #scheduler: HopScheduler;
  readonly #label: string;
  #queue: (() => void)[] = [];
  #isHeld = false;
  /** The labels of releases that came while the lane was held. */
  #parked: string[] = [];

  constructor(scheduler: HopScheduler, label: string) {
    this.#scheduler = scheduler;
    this.#label = label;
  }

  /** How many are on their way. */
  get size(): number {
    return this.#queue.length;
  }

  /** @param label - what it is, for people. Default: the lane's own. */
  push(action: () => void, label = this.#label): void {
    this.#queue.push(action);
    this.#schedule(label);
  }

  /**
   * Lets the head go at once, as when it shares a packet with what was released before it. Its own step will
   * find nothing to do.
   */
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
    for (const label of this.#parked.splice(0)) this.#schedule(label);
  }

  /** Loses everything on its way. */
  clear(): void {
    this.#queue = [];
  }

  #schedule(label: string): void {
    if (this.#isHeld) return void this.#parked.push(label);
    void this.#scheduler.schedule(Promise.resolve(), label).then(() => {
      if (this.#isHeld) this.#parked.push(label);
      else this.releaseHead();
    });
  }
}
