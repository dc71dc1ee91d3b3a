import type { CacheCounters } from '../../event/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { TagClock, TagNumbers } from '../tag/tag-clock.js';
import type { StampedTags } from '../tag/tagged.js';
import { OVERTAKEN, type Reading } from './entry-codec.js';
import type { StepBatches, StepBatchesOptions } from './step-batches.js';

/** What a {@link TagJudge} needs. */
export interface TagJudgeOptions {
  readonly clock: TagClock;
  /** Whether a generation is the current one. */
  readonly isOfNow: (generation: string | undefined) => boolean;
  /** Asks the remote tier for the numbers of tags. */
  readonly readTags: (tags: readonly string[], waitMs?: Milliseconds) => Promise<TagNumbers>;
  /** Counts the steps that ask for tags. Default: nobody counts them. */
  readonly counters?: CacheCounters | undefined;
  /** Makes batches of the steps that ask. */
  readonly batches: (execute: StepBatchesOptions<StampedTags, boolean>['execute']) => StepBatches<StampedTags, boolean>;
}

/**
 * Judges what was read from the remote tier: it counts only if no tag of it was evicted since its load began.
 * Where the {@link TagClock} does not know that, one step more asks for the numbers, for all that were read
 * in one turn of the event loop.
 */
export class TagJudge {
  readonly #options: TagJudgeOptions;
  readonly #asks: StepBatches<StampedTags, boolean>;

  constructor(options: TagJudgeOptions) {
    this.#options = options;
    this.#asks = options.batches((all, waitMs) => this.#ask(all, waitMs));
  }

  /**
   * Of what was read, only what no eviction of a tag has overtaken.
   *
   * @param generation - the one that was known when the read began.
   * @param askUntil - from then on it is too late to ask: what only the remote tier can judge counts as
   *   overtaken. Default: never.
   * @param most - how many may be judged by one step.
   */
  judge(reading: Reading, generation: string | undefined, askUntil = Infinity, most?: number): Reading | Promise<Reading> {
    const tagged = taggedIn(reading);
    if (tagged === undefined) return reading;
    const isAlive = this.#isAlive(tagged, generation);
    if (isAlive !== undefined) return isAlive ? reading : OVERTAKEN;
    const leftMs = askUntil - this.#options.clock.now;
    if (leftMs < 0) return OVERTAKEN;
    return this.#asks
      .add(tagged, leftMs === Infinity ? undefined : leftMs, most)
      .then((isStillAlive) => (isStillAlive ? reading : OVERTAKEN));
  }

  /** Like {@link judge}, for several. */
  judgeAll(readings: readonly Reading[], generation: string | undefined, askUntil?: Milliseconds): Promise<Reading[]> {
    return Promise.all(readings.map(async (reading) => this.judge(reading, generation, askUntil, readings.length)));
  }

  /** Whether no tag of an entry was evicted since. `undefined`: only the remote tier can tell. */
  #isAlive({ tags, since }: StampedTags, generation: string | undefined): boolean | undefined {
    const { clock, isOfNow } = this.#options;
    // Numbers of two generations cannot be compared.
    if (!isOfNow(generation) || clock.isOvertaken(tags, since)) return false;
    return clock.knows(tags, since) ? true : undefined;
  }

  /** Asks the remote tier for the numbers of all tags that occur, in one step. */
  async #ask(all: readonly StampedTags[], waitMs?: Milliseconds): Promise<boolean[]> {
    const { clock, counters, readTags } = this.#options;
    const names = [...new Set(all.flatMap(({ tags }) => tags))];
    const { version } = clock;
    if (counters !== undefined) counters.tagReads += 1;
    const { floor, numbers } = await readTags(names, waitMs);
    const byTag = new Map(names.map((tag, i) => [tag, numbers[i]]));
    return all.map(({ tags, since }) => clock.told(tags, since, { floor, numbers: tags.map((tag) => byTag.get(tag)) }, version));
  }
}

/** What an entry says of its tags. */
const taggedIn = (reading: Reading): StampedTags | undefined => (typeof reading === 'object' ? reading.tagged : undefined);
