import type { TagClock } from './tag-clock.js';

/** The tags of one value, beside the clock by which it was loaded. */
export class Tagged {
  readonly tags: readonly string[];
  /** The number of the last eviction before the load began. */
  readonly since: number;
  readonly #era: number;
  readonly #clock: TagClock;

  /** @param era - of the clock, when the load began. Default: now. */
  constructor(tags: readonly string[], since: number, clock: TagClock, era = clock.era) {
    this.tags = tags;
    this.since = since;
    this.#era = era;
    this.#clock = clock;
  }

  /** Whether one of the tags is known to have been evicted since. */
  get isOvertaken(): boolean {
    return this.#isOfBefore || this.#clock.isOvertaken(this.tags, this.since);
  }

  /** Whether one of them may have been evicted since: also if messages may have been missed. */
  get mayBeOvertaken(): boolean {
    return this.#isOfBefore || this.#clock.mayBeOvertaken(this.tags, this.since);
  }

  /** Whether it was loaded in another generation. */
  get #isOfBefore(): boolean {
    return this.#era !== this.#clock.era;
  }
}
