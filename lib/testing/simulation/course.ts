import type { Milliseconds } from '../../time/index.js';
import type { HopScheduler } from './hop-scheduler.js';
import type { VirtualClock } from './virtual-clock.js';

/**
 * Chooses one of `count` hops: a whole number from 0 to `count` − 1. They are in the order in which they set
 * out.
 */
export type Choice = (count: number) => number;

interface Hop {
  readonly label: string;
  readonly arrive: () => void;
}

/** So many turns of the event loop without a hop, and everything that can settle has settled. */
const QUIET_TURNS = 4;

/**
 * How long a method that waits for something outside of the simulation is waited for, in steps of one
 * millisecond.
 */
const PATIENCE = 50;

/**
 * The course of a simulation: which hop is next, and when time passes.
 *
 * - Hops come one at a time, as `choice` says, each in a turn of the event loop of its own. So every promise
 *   that can settle has settled before the next one.
 * - Time stands still, except in {@link elapse}. There is one exception, so that a call can be awaited that
 *   waits for time itself (for a step to be late, for another's lease to end): if no hop is on its way, a
 *   call is under way, and one of its timers is set, then time passes until that timer rings. (The idea is
 *   that of `runTest` in Kotlin's coroutines.)
 * - A method may wait for something outside of the simulation, such as a real database. It is waited for, for
 *   a short while.
 */
export class Course implements HopScheduler {
  readonly #clock: VirtualClock;
  readonly #choice: Choice;
  readonly #tell: (line: string) => void;
  readonly #hops: Hop[] = [];
  readonly #quiet: (() => void)[] = [];
  #isTurning = false;
  #quietTurns = 0;
  #calls = 0;
  #methods = 0;
  #patience = 0;
  #isElapsing = false;
  #elapsed: Promise<void> = Promise.resolve();

  /** @param tell - told of each hop, for people. */
  constructor(clock: VirtualClock, choice: Choice, tell: (line: string) => void) {
    this.#clock = clock;
    this.#choice = choice;
    this.#tell = tell;
  }

  async schedule<T>(hop: Promise<T>, label = 'a hop'): Promise<T> {
    await new Promise<void>((arrive) => {
      this.#hops.push({ label, arrive });
      this.#wake();
    });
    return hop;
  }

  /** Follows a call: while it is under way, somebody waits. */
  call<T>(answer: Promise<T>): Promise<T> {
    this.#calls += 1;
    this.#wake();
    const ended = (): void => void (this.#calls -= 1);
    answer.then(ended, ended);
    return answer;
  }

  /** Follows a method that runs: it may wait for something that is not simulated. */
  method<T>(answer: T): T {
    if (!(answer instanceof Promise)) return answer;
    this.#methods += 1;
    this.#patience = PATIENCE;
    const ended = (): void => {
      this.#methods -= 1;
      this.#patience = PATIENCE;
      this.#wake();
    };
    answer.then(ended, ended);
    return answer;
  }

  /** Resolves when nothing is on its way any more. */
  settle(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiet.push(resolve);
      this.#wake();
    });
  }

  /**
   * Lets time pass. Each timer rings in its turn, and what follows from it happens before the next one.
   * Several such calls take their time one after the other.
   */
  elapse(ms: Milliseconds): Promise<void> {
    const elapsed = this.#elapsed.then(() => this.#elapse(ms));
    this.#elapsed = elapsed.catch(() => undefined);
    return elapsed;
  }

  async #elapse(ms: Milliseconds): Promise<void> {
    const end = this.#clock.now() + ms;
    this.#isElapsing = true;
    try {
      await this.settle();
      for (let at = this.#clock.nextAt; at !== undefined && at <= end; at = this.#clock.nextAt) {
        this.#clock.jumpTo(at);
        this.#clock.ringDue();
        await this.settle();
      }
      this.#clock.jumpTo(end);
    } finally {
      this.#isElapsing = false;
    }
  }

  #wake(): void {
    this.#quietTurns = 0;
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    if (this.#hops.length > 0) {
      this.#quietTurns = 0;
      this.#release();
    } else if ((this.#quietTurns += 1) > QUIET_TURNS && !this.#isImpatient()) {
      return void setTimeout(this.#turn, 1);
    } else if (this.#quietTurns > QUIET_TURNS && !this.#goOn()) {
      this.#isTurning = false;
      return;
    }
    setImmediate(this.#turn);
  };

  #release(): void {
    const { length } = this.#hops;
    const [hop] = this.#hops.splice(length === 1 ? 0 : this.#choice(length), 1) as [Hop];
    this.#tell(hop.label);
    hop.arrive();
  }

  /** Whether no method is waited for any longer. */
  #isImpatient(): boolean {
    return this.#methods === 0 || (this.#patience -= 1) < 0;
  }

  /** Nothing is on its way. @returns `false`: nothing is to be done either. */
  #goOn(): boolean {
    if (this.#quiet.length > 0) {
      for (const resolve of this.#quiet.splice(0)) resolve();
      this.#quietTurns = 0;
      return true;
    }
    const at = this.#clock.nextAt;
    if (this.#isElapsing || this.#calls === 0 || at === undefined || !this.#clock.isAwaited) return false;
    this.#clock.jumpTo(at);
    this.#clock.ringDue();
    this.#quietTurns = 0;
    return true;
  }
}
