import type { Clock, Milliseconds } from '../time/index.js';

/** What {@link UnheardBeats} needs. */
export interface UnheardBeatsOptions {
  readonly clock: Clock;
  readonly boundMs: Milliseconds;
  /** Told when beats have gone unheard for too long. `times`: how often in a row, from 1. */
  readonly whenUnheard: (times: number) => void;
}

/** A remedy that did not help is tried again after twice the time, and in the end after so many bounds. */
const MOST_BOUNDS = 8;

/**
 * Notices that heartbeats reach no subscriber of the server that executes them, and that no echo comes
 * another way.
 *
 * An address may come to lead to another server while the one before lives on. A subscriber that stays
 * connected to the old one hears nothing, and misses no number that it could see. The echo decides: servers
 * pass messages on (a primary to its replicas, nodes of a Redis Cluster to each other) and count their own
 * subscribers only. An instance that gets no echo for a bound after the first beat that reached nobody has no
 * lease, so it has nothing to lose.
 */
export class UnheardBeats {
  readonly #options: UnheardBeatsOptions;
  /**
   * When the first of the beats was sent that have reached nobody. `undefined`: the last one reached
   * somebody.
   */
  #since: Milliseconds | undefined;
  #times = 0;

  constructor(options: UnheardBeatsOptions) {
    this.#options = options;
  }

  /** A beat that was sent at this time has reached nobody. */
  add(sentAt: Milliseconds): void {
    const { clock, boundMs, whenUnheard } = this.#options;
    this.#since ??= sentAt;
    if (clock.now() - this.#since < boundMs * Math.min(2 ** this.#times, MOST_BOUNDS)) return;
    this.#since = undefined;
    whenUnheard((this.#times += 1));
  }

  /** A beat was heard. */
  clear(): void {
    this.restart();
    this.#times = 0;
  }

  /** The subscriber is another one. Counts the time anew, but remembers which remedies did not help. */
  restart(): void {
    this.#since = undefined;
  }
}
