import type { Milliseconds } from '../time/index.js';
import { type Rank, StepQueue, type Waiting } from './step-queue.js';

/** How many steps may be under way. Enough to keep a server busy over any link; few enough that the last of them need not wait long. */
export const MAXIMUM_STEPS = 256;

/** How much they may weigh together: a key counts 1, and each {@link BYTES_PER_UNIT} of a value 1 more. */
export const MAXIMUM_WEIGHT = 2_048;

/** See {@link MAXIMUM_WEIGHT}. */
export const BYTES_PER_UNIT = 1_024;

/** How often those that wait are looked after. */
const LOOK_MS: Milliseconds = 10;

/**
 * Limits what is under way on one connection. What waits here has not been sent: that is no silence of the server's, and it does not count
 * as one. Were everything sent at once, the last of 10 000 reads would wait for the answers to all others, and be taken for unanswered.
 */
export class StepTurns {
  readonly #queue = new StepQueue();
  #steps = 0;
  #weight = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Whether a step would have to wait. */
  get isFull(): boolean {
    return this.#queue.size > 0 || this.#steps >= MAXIMUM_STEPS;
  }

  /** Takes a place for a step, to be given back by {@link leave}; `false`: there is none, it has to {@link wait}. */
  enter(weight: number): boolean {
    if (this.#queue.size > 0 || !this.#hasRoom(weight)) return false;
    this.#take(weight);
    return true;
  }

  /** Has a step wait. It begins with its place taken. */
  wait(rank: Rank, waiting: Waiting): void {
    this.#queue.push(rank, waiting);
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  /** A step has ended. The next ones begin. */
  leave(weight: number): void {
    this.#steps -= 1;
    this.#weight -= weight;
    for (let next = this.#queue.peek(); next !== undefined && this.#hasRoom(next.weight); next = this.#queue.peek()) {
      this.#queue.shift();
      this.#take(next.weight);
      next.begin();
    }
    if (this.#queue.size === 0) this.#rest();
  }

  /** Nothing can be sent any more. */
  refuseAll(): void {
    for (const waiting of this.#queue.takeOverdue(Number.POSITIVE_INFINITY)) waiting.refuse(false);
    this.#rest();
  }

  /** One step finds room however much it weighs. */
  #hasRoom(weight: number): boolean {
    return this.#steps === 0 || (this.#steps < MAXIMUM_STEPS && this.#weight + weight <= MAXIMUM_WEIGHT);
  }

  #take(weight: number): void {
    this.#steps += 1;
    this.#weight += weight;
  }

  #look(): void {
    this.#timer = undefined;
    for (const waiting of this.#queue.takeOverdue(performance.now())) waiting.refuse(true);
    if (this.#queue.size > 0) this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
