import { GhostTable } from './ghost-table.js';

/**
 * A mark holds two things: the number of hits since a hand last passed (0 to 2), and whether the entry is
 * hot.
 */
const TWICE = 2;
const HOT = 4;

const SMALLEST_COLD_SHARE = 0.01;
const LARGEST_COLD_SHARE = 0.9;
/** By how much the share changes at a time. */
const STEP_SHARE = 1 / 256;
/**
 * How far the window of a part reaches beyond its edge. A ghost in the window would still be an entry if the
 * part were a little larger.
 */
const WINDOW_SHARE = 1 / 4;
/** How many keys the ghost tables remember, and how finely they measure time. */
const COLD_GHOSTS_SHARE = 2;
const HOT_GHOSTS_SHARE = 1 / 4;
const UNIT_SHARE = 1 / 16;

/**
 * Decides which entry of a full table is removed. It knows slots, not values.
 *
 * The idea comes from LIRS [1]. The time of the last use of an entry does not count. What counts is its
 * *reuse distance*: the time between its last two uses.
 * - *Hot* entries have most of the places. Their reuse distance was found to be short.
 * - *Cold* entries have the other places. They are mostly newcomers, and normally only they come and go.
 * - A cold entry becomes hot when it is used again at a short distance. A distance is short if it is less
 *   than the time since the last use of the hot entry that has waited longest. That hot entry is then
 *   evicted.
 *
 * This has three effects:
 * - A loop that is larger than the table keeps a part of itself in the table. It does not evict each entry
 *   shortly before its next use.
 * - A scan passes through the cold places only.
 * - Entries that are no longer used are overtaken by entries that are used now.
 *
 * The algorithm is a clock, as in CLOCK-Pro [2]. A hit moves nothing: it only counts in the mark of its slot,
 * up to two.
 * - The slots are the dial. Entries never move: an entry becomes hot, or is replaced, in its place.
 * - Time is the number of evictions. Each entry has the time from which its next reuse distance is measured.
 * - The *cold hand* looks for the entry to evict. It skips hot slots (at most about a hundred per cold slot).
 *   It decides by the hits of the cold entry:
 *   - no hit: the entry is evicted, and leaves a *ghost*;
 *   - two hits, and a short distance: the entry becomes hot;
 *   - otherwise: the entry stays for another turn.
 * - Two hits are required because many keys are used in one short burst and then never again, as in
 *   S3-FIFO [3].
 * - The *hot hand* rests on a hot entry without a hit. It is roughly the one that has waited longest. If that
 *   entry has a hit when the hand is asked for it, the hand moves on to the next hot entry without a hit.
 *   From each entry that it passes, it takes off one hit and notes the time.
 * - A key that comes back while its ghost is remembered has a reuse distance too. It becomes hot by the same
 *   rule.
 * - An entry that becomes hot shortly before the hot hand arrives would not have a fair chance to get a hit.
 *   It is given one hit in advance, so that on average each entry has one full turn.
 *
 * The number of cold places adapts to the load. Few cold places are good at what LFU is good at, many are
 * good at what LRU is good at. The number changes by one step when a ghost comes back:
 * - One step more: a cold ghost came back so soon that a somewhat larger cold part would still have held it.
 * - One step less: a hot ghost came back so soon that a somewhat larger hot part would still have held it.
 *   This is counted in evictions of hot entries.
 *
 * Both cases look into a window of the same size beyond the edge of their part. So the policy compares what
 * more places would bring in one part with what they would bring in the other. The cold part ranges from 1 %
 * of the places (for loops and steady popularity) to 90 % (for popularity that drifts).
 *
 * Until the table is full for the first time, new entries are hot as long as the hot part has room. A hot
 * entry that left because it expired or was evicted by key is remembered too, and is hot when it is loaded
 * again. This does not change the sizes of the parts.
 *
 * The amortised cost of an eviction is constant. A hand passes a slot for one of two reasons only: it takes
 * off a hit there, or the slot belongs to the other part, which happens as often as the ratio of the parts
 * allows.
 *
 * [1] Jiang, Zhang, "LIRS", SIGMETRICS '02, https://doi.org/10.1145/511334.511340
 * [2] Jiang, Chen, Zhang, "CLOCK-Pro", USENIX ATC '05,
 * https://www.usenix.org/conference/2005-usenix-annual-technical-conference/clock-pro-effective-improvement-clock-replacement
 * [3] Yang et al., "FIFO queues are all you need for cache eviction", SOSP '23,
 * https://doi.org/10.1145/3600006.3613147
 */
export class ReplacementPolicy {
  readonly #size: number;
  readonly #smallest: number;
  readonly #largest: number;
  readonly #step: number;
  readonly #window: number;
  #marks = new Uint8Array(0);
  /** The time from which the reuse distance is measured; modulo 2^32. */
  #since = new Uint32Array(0);
  #hotCount = 0;
  /** How many places cold entries should have. */
  #coldPlaces: number;
  #coldHand = 0;
  #hotHand = 0;
  #evictions = 0;
  #hotEvictions = 0;
  /** How long the last evicted cold entry had been in the table. */
  #stay = 0;
  /** The ghosts of evicted cold entries, each with the time it came. `undefined` until the first eviction. */
  #coldGhosts: GhostTable | undefined;
  /** The ghosts of hot entries that have left, each with the count of hot evictions at that time. */
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

  /** Counts a hit. */
  touch(slot: number): void {
    const mark = this.#marks[slot] as number;
    if ((mark & TWICE) === 0) this.#marks[slot] = mark + 1;
  }

  /** Must be called when a free slot gets a new entry. */
  enter(slot: number, key: string): void {
    this.#marks[slot] = 0;
    this.#since[slot] = this.#evictions;
    if (this.#isWanted(key)) this.#heat(slot);
  }

  /** Must be called when the entry in `slot` was removed, but not by {@link evict}. */
  leave(slot: number, key: string): void {
    if ((this.#marks[slot] as number) >= HOT) {
      this.#hotCount -= 1;
      // Outside the window: this is no sign that the hot part is too small.
      this.#hotGhosts?.remember(key, this.#hotEvictions - this.#window);
    }
    this.#marks[slot] = 0;
  }

  /**
   * Chooses the entry to remove. May be called only when all slots are taken.
   *
   * @param keys - by slot.
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

  /**
   * Whether a new entry of `key` becomes hot at once. If the key has a ghost, this also adapts the sizes of
   * the parts.
   */
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

  /**
   * Moves the hot hand on to where it rests. Requires that there is a hot entry, and that every slot is or
   * was taken.
   */
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
