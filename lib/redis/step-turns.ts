import { type Milliseconds, systemTimers, type Timer, type Timers } from '../time/index.js';
import { type Rank, StepQueue, type Waiting } from './step-queue.js';

/**
 * How many steps may be under way: enough to keep a server busy over any link, and so few that the last need
 * not wait long.
 */
export const MAXIMUM_STEPS = 256;

/**
 * How much the steps under way may weigh together. A key weighs 1, and each {@link BYTES_PER_UNIT} of its
 * value 1 more.
 */
const MAXIMUM_WEIGHT = 2_048;

/** So many bytes of a value weigh as much as a key; see {@link MAXIMUM_WEIGHT}. */
export const BYTES_PER_UNIT = 1_024;

/** How often waiting steps are checked for those that have waited too long. */
const LOOK_MS: Milliseconds = 10;

/**
 * Limits the steps under way on one connection. If all were sent at once, the last of 10 000 reads would
 * wait for the answers to all others, and count as unanswered. A step that waits here has not been sent: it
 * does not count as a silence of the server.
 */
export class StepTurns {
  readonly #queue = new StepQueue();
  #steps = 0;
  #weight = 0;
  #timer: Timer | undefined;
  readonly #timers: Timers;

  constructor(timers = systemTimers) {
    this.#timers = timers;
  }

  /** Whether a step would have to wait. */
  get isFull(): boolean {
    return this.#queue.size > 0 || this.#steps >= MAXIMUM_STEPS;
  }

  /**
   * Takes a place for a step, which {@link leave} gives back.
   *
   * @returns `false` when there is none: the step must {@link wait}.
   */
  enter(weight: number): boolean {
    if (this.#queue.size > 0 || !this.#hasRoom(weight)) return false;
    this.#take(weight);
    return true;
  }

  /** Has a step wait. When it begins, its place is taken already. */
  wait(rank: Rank, waiting: Waiting): void {
    this.#queue.push(rank, waiting);
    this.#timer ??= this.#timers.after(LOOK_MS, () => this.#look());
  }

  /** Gives the place of a step back. The next steps begin. */
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

  /** Refuses all steps that wait: none can be sent any more. */
  refuseAll(): void {
    for (const waiting of this.#queue.takeOverdue(Number.POSITIVE_INFINITY)) waiting.refuse(false);
    this.#rest();
  }

  /** Whether a step may begin. A single one may, whatever it weighs. */
  #hasRoom(weight: number): boolean {
    return this.#steps === 0 || (this.#steps < MAXIMUM_STEPS && this.#weight + weight <= MAXIMUM_WEIGHT);
  }

  #take(weight: number): void {
    this.#steps += 1;
    this.#weight += weight;
  }

  #look(): void {
    this.#timer = undefined;
    for (const waiting of this.#queue.takeOverdue(this.#timers.now())) waiting.refuse(true);
    if (this.#queue.size > 0) this.#timer = this.#timers.after(LOOK_MS, () => this.#look());
  }

  #rest(): void {
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
