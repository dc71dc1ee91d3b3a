import type { TagClock } from './tag-clock.js';

/** The tags of one value, beside the clock by which it was loaded. */
export class Tagged {
  readonly tags: readonly string[];
  /** The number of the last eviction before the load began. */
  readonly since: number;
  readonly #clock: TagClock;
  readonly #version: number;

  /** @param version - of the clock when the number was noted. Default: its present one. */
  constructor(tags: readonly string[], since: number, clock: TagClock, version = clock.version) {
    this.tags = tags;
    this.since = since;
    this.#clock = clock;
    this.#version = version;
  }

  /**
   * Whether one of the tags is known to have been evicted since, or the clock has begun anew: numbers may have
   * become lower then.
   */
  get isOvertaken(): boolean {
    return this.#isOld || this.#clock.isOvertaken(this.tags, this.since);
  }

  /** Whether one of them may have been evicted since: also if messages may have been missed. */
  get mayBeOvertaken(): boolean {
    return this.#isOld || this.#clock.mayBeOvertaken(this.tags, this.since);
  }

  get #isOld(): boolean {
    return this.tags.length > 0 && this.#version !== this.#clock.version;
  }
}
