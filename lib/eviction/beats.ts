import { randomInt } from 'node:crypto';
import type { FollowedCache } from './followed-cache.js';
import type { Moment } from './sleep-watch.js';

/** One heartbeat. */
export interface Beat {
  readonly sent: Moment;
  /** The subscription epoch it was sent in. */
  readonly epoch: number;
  readonly caches: readonly FollowedCache[];
}

/** Heartbeats per bound. One may be lost, and another late, before the lease ends. */
export const BEATS_PER_BOUND = 4;

/** The numbers of beats begin at random below this. So only those who can read our echoes know them. */
const LATEST_FIRST_BEAT = 2 ** 47;

/** The most beats that are remembered. A link that is slower than that cannot keep a lease anyway. */
const MAXIMUM_UNDER_WAY = 16;

/** Numbers the heartbeats, and remembers those whose echo may still arrive. */
export class Beats {
  readonly #underWay = new Map<number, Beat>();
  #latest = randomInt(LATEST_FIRST_BEAT);

  /** The number of the latest beat. */
  get latest(): number {
    return this.#latest;
  }

  /** Remembers `beat`. Returns its number. */
  add(beat: Beat): number {
    const number = (this.#latest += 1);
    this.#underWay.set(number, beat);
    if (this.#underWay.size > MAXIMUM_UNDER_WAY) this.#underWay.delete(this.#underWay.keys().next().value as number);
    return number;
  }

  /** The beat of this number; `undefined` if its echo is not expected. */
  find(number: number): Beat | undefined {
    return this.#underWay.get(number);
  }

  /** An echo arrived: it proves more than those of earlier beats, so they are forgotten with it. */
  forgetUpTo(number: number): void {
    for (const earlier of [...this.#underWay.keys()]) if (earlier <= number) this.#underWay.delete(earlier);
  }

  /** No echo is expected any more. */
  forgetAll(): void {
    this.#underWay.clear();
  }
}
