import { GhostTable } from './ghost-table.js';

/** A mark: hits since a hand last passed, 0 to 2, and whether the entry is hot. */
const TWICE = 2;
const HOT = 4;

const SMALLEST_COLD_SHARE = 0.01;
const LARGEST_COLD_SHARE = 0.9;
/** How far the share moves at a time. */
const STEP_SHARE = 1 / 256;
/** What counts as "had the part been a little larger". */
const WINDOW_SHARE = 1 / 4;
/** What the ghosts remember, and how finely they tell moments. */
const COLD_GHOSTS_SHARE = 2;
const HOT_GHOSTS_SHARE = 1 / 4;
const UNIT_SHARE = 1 / 16;

/**
 * Which entry of a full table goes, and nothing else: it knows slots, not values.
 *
 * The idea is LIRS's [1]: what counts is not when an entry was used last, but how long lay between its last two uses, its *reuse distance*.
 * Most places are for *hot* entries, whose distance was found to be short. The others are for *cold* ones, newcomers mostly, and they alone
 * come and go. A cold entry becomes hot when it is used again at a distance shorter than the time for which the hot entry that has waited
 * longest has not been used; that one then makes room. So a loop larger than the table keeps a part of itself instead of chasing its
 * own tail, a scan passes through the cold places, and entries nobody asks for any more are overtaken by those that are wanted now.
 *
 * It is carried out as a clock, like CLOCK-Pro [2], so that a hit moves nothing: it counts in the mark of its slot, up to two.
 * - The slots are the dial. Nothing is ever moved; becoming hot or being replaced happens in place.
 * - Time is the number of evictions. Each entry has the time from which its next distance is measured.
 * - The *cold hand* looks for what to evict, passing over hot slots (at most some hundred for each cold one). No hit: it goes, and
 *   leaves a *ghost*. Hit twice, and recently enough: it becomes hot. Otherwise it stays for another turn. (Twice, since many a key is asked
 *   for in a short burst and then never again, as in S3-FIFO [3].)
 * - The *hot hand* rests on a hot entry without a hit. When asked for, it goes on, taking off a hit from each it passes and noting the
 *   time, to the next without one: the one that has waited longest, near enough.
 * - A key that comes back while its ghost is remembered has a distance too, and becomes hot by the same rule.
 * - An entry that becomes hot shortly before the hot hand comes round would be judged without a fair chance: it gets a hit on credit, so
 *   that on average each has one turn.
 *
 * How many places are cold decides between what LFU and what LRU is good at, so it follows the load. A cold ghost that comes back so soon
 * that a somewhat larger cold part would still have held it asks for one step more; a hot ghost that comes back so soon, counted in
 * evictions of hot entries, for one step less. Both look into a window of the same size beyond the edge of their part, so they weigh what the
 * next places would bring there against what they bring here. From 1 % (loops, steady popularity) to 90 % (popularity that drifts).
 *
 * Until the table has been full for the first time, entries are hot as far as there is room. A hot entry that left because it ended or
 * was evicted by key is remembered too, and is hot when it is loaded again; that says nothing about the sizes of the parts.
 *
 * Amortised, an eviction costs a constant: every slot a hand passes it passes for a hit it takes off, or at the ratio of the parts.
 *
 * [1] Jiang, Zhang, "LIRS", SIGMETRICS '02, https://doi.org/10.1145/511334.511340
 * [2] Jiang, Chen, Zhang, "CLOCK-Pro", USENIX ATC '05, https://www.usenix.org/conference/2005-usenix-annual-technical-conference/clock-pro-effective-improvement-clock-replacement
 * [3] Yang et al., "FIFO queues are all you need for cache eviction", SOSP '23, https://doi.org/10.1145/3600006.3613147
 */
export class ReplacementPolicy {
  readonly #size: number;
  readonly #smallest: number;
  readonly #largest: number;
  readonly #step: number;
  readonly #window: number;
  #marks = new Uint8Array(0);
  /** From when the reuse distance is measured; modulo 2^32. */
  #since = new Uint32Array(0);
  #hotCount = 0;
  /** How many places are for cold entries: the target. */
  #coldPlaces: number;
  #coldHand = 0;
  #hotHand = 0;
  #evictions = 0;
  #hotEvictions = 0;
  /** How long the cold entry that was evicted last had been there. */
  #stay = 0;
  /** Cold entries that were evicted, with the time they came. There are none before the first eviction. */
  #coldGhosts: GhostTable | undefined;
  /** Hot entries that have left, with the count of hot evictions. */
  #hotGhosts: GhostTable | undefined;

  /** @param size - the number of slots of the full table. */
  constructor(size: number) {
    this.#size = size;
    this.#smallest = Math.max(1, Math.floor(size * SMALLEST_COLD_SHARE));
    this.#largest = Math.max(1, Math.floor(size * LARGEST_COLD_SHARE));
    this.#step = Math.max(1, size * STEP_SHARE);
    this.#window = Math.max(1, size * WINDOW_SHARE);
    this.#coldPlaces = this.#smallest;
  }

  /** Makes room for the marks of slots below `capacity`. */
  grow(capacity: number): void {
    const marks = new Uint8Array(capacity);
    marks.set(this.#marks);
    this.#marks = marks;
    const since = new Uint32Array(capacity);
    since.set(this.#since);
    this.#since = since;
  }

  /** A hit. */
  touch(slot: number): void {
    const mark = this.#marks[slot] as number;
    if ((mark & TWICE) === 0) this.#marks[slot] = mark + 1;
  }

  /** `slot` was free, and holds a new entry now. */
  enter(slot: number, key: string): void {
    this.#marks[slot] = 0;
    this.#since[slot] = this.#evictions;
    if (this.#isWanted(key)) this.#heat(slot);
  }

  /** The entry in `slot` has gone, though not by {@link evict}. */
  leave(slot: number, key: string): void {
    if ((this.#marks[slot] as number) >= HOT) {
      this.#hotCount -= 1;
      this.#hotGhosts?.remember(key, this.#hotEvictions - this.#window); // No sign that the hot part was too small.
    }
    this.#marks[slot] = 0;
  }

  /**
   * Gives up an entry. To be asked only when all slots are taken.
   *
   * @param keys - by slot
   * @returns its slot, which is free now.
   */
  evict(keys: readonly (string | undefined)[]): number {
    this.#coldGhosts ??= new GhostTable(this.#size * COLD_GHOSTS_SHARE, Math.max(1, this.#size * UNIT_SHARE));
    this.#hotGhosts ??= new GhostTable(this.#size * HOT_GHOSTS_SHARE, Math.max(1, this.#size * UNIT_SHARE));
    this.#evictions += 1;
    for (;;) {
      if (this.#hotCount > this.#size - this.#coldPlaces) {
        const slot = this.#longestWaiting();
        this.#hotGhosts.remember(keys[slot] as string, this.#hotEvictions);
        this.#hotEvictions += 1;
        this.#hotCount -= 1;
        this.#marks[slot] = 0;
        return slot;
      }
      const slot = this.#coldHand;
      this.#coldHand = this.#next(slot);
      const mark = this.#marks[slot] as number;
      if (mark >= HOT) continue;
      const waited = this.#sinceThen(slot);
      if (mark === 0) {
        this.#stay = waited;
        this.#coldGhosts.remember(keys[slot] as string, this.#evictions - waited);
        return slot;
      }
      if (mark === TWICE && this.#isShort(waited)) {
        this.#heat(slot);
      } else {
        this.#marks[slot] = 0;
        this.#since[slot] = this.#evictions;
      }
    }
  }

  /** Whether an entry that comes with `key` shall be hot at once. What its ghost says about the parts is heeded here. */
  #isWanted(key: string): boolean {
    if (this.#coldGhosts === undefined || this.#hotGhosts === undefined) return this.#hotCount < this.#size - this.#coldPlaces;
    const sinceHot = this.#hotGhosts.recall(key, this.#hotEvictions);
    if (sinceHot !== undefined) {
      if (sinceHot < this.#window) this.#coldPlaces = Math.max(this.#smallest, this.#coldPlaces - this.#step);
      return true;
    }
    const distance = this.#coldGhosts.recall(key, this.#evictions);
    if (distance === undefined || !this.#isShort(distance)) return false;
    if (distance - this.#stay < this.#window) this.#coldPlaces = Math.min(this.#largest, this.#coldPlaces + this.#step);
    return true;
  }

  #isShort(distance: number): boolean {
    return this.#hotCount === 0 || distance < this.#sinceThen(this.#longestWaiting());
  }

  #heat(slot: number): void {
    const ahead = slot < this.#hotHand ? slot - this.#hotHand + this.#size : slot - this.#hotHand;
    this.#marks[slot] = ahead < this.#size / 2 ? HOT + 1 : HOT;
    this.#since[slot] = this.#evictions;
    this.#hotCount += 1;
  }

  /** Lets the hot hand go on to where it rests. There is a hot entry, and every slot is or was taken. */
  #longestWaiting(): number {
    for (;;) {
      const slot = this.#hotHand;
      const mark = this.#marks[slot] as number;
      if (mark === HOT) return slot;
      if (mark > HOT) {
        this.#marks[slot] = mark - 1;
        this.#since[slot] = this.#evictions;
      }
      this.#hotHand = this.#next(slot);
    }
  }

  #sinceThen(slot: number): number {
    return (this.#evictions - (this.#since[slot] as number)) >>> 0;
  }

  #next(slot: number): number {
    return slot + 1 === this.#size ? 0 : slot + 1;
  }
}
