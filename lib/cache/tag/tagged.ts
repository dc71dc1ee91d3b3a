import type { TagClock } from './tag-clock.js';

/** What a clock showed when a load began. */
export type TagMoment = Pick<TagClock, 'moment' | 'era'>;

export const momentOf = ({ moment, era }: TagClock): TagMoment => ({ moment, era });

/** The tags of an entry in the remote tier, which always says their number. */
export type StampedTags = Tagged & { readonly since: number };

/** The tags of one value, beside the clock by which it was loaded. */
export class Tagged {
  readonly tags: readonly string[];
  /** The number of the last eviction before the load began. `undefined`: no reply named it. */
  readonly since: number | undefined;
  readonly #clock: TagClock;
  readonly #begun: TagMoment;

  /** @param begun - what the clock showed when the load began. Default: what it shows now. */
  constructor(tags: readonly string[], since: number | undefined, clock: TagClock, begun: TagMoment = momentOf(clock)) {
    this.tags = tags;
    this.since = since;
    this.#clock = clock;
    this.#begun = begun;
  }

  /** Whether one of the tags is known to have been evicted since. */
  get isOvertaken(): boolean {
    return this.#isOfBefore || (this.#isOvertakenHere ?? this.#clock.isOvertaken(this.tags, this.since as number));
  }

  /** Whether one of them may have been evicted since: also if messages may have been missed. */
  get mayBeOvertaken(): boolean {
    return this.#isOfBefore || (this.#isOvertakenHere ?? this.#clock.mayBeOvertaken(this.tags, this.since as number));
  }

  /** `undefined`: its number tells. */
  get #isOvertakenHere(): boolean | undefined {
    return this.since === undefined ? this.#clock.isEvictedAfter(this.tags, this.#begun.moment) : undefined;
  }

  /** Whether it was loaded in another generation. */
  get #isOfBefore(): boolean {
    return this.#begun.era !== this.#clock.era;
  }
}
