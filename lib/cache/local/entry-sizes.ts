import { estimateSize } from '../value/estimate-size.js';

/** Of the values whose size nobody knows, one in so many is looked at. A prime, so no pattern escapes. */
const SAMPLE_EVERY = 17;
/** Until so many sizes are known, every value is looked at. */
const FEW = 16;
/** How many sizes a typical one is made of. Newer ones count for more. */
const REMEMBERED = 64;

const LARGEST = 2 ** 32 - 1;

/**
 * What the entries of a local tier take when they are encoded, by slot: an estimate.
 *
 * The size of most values is known, because they were encoded for the remote tier, or came from there. Of the
 * others some are looked at (see {@link estimateSize}), and the rest count as typical ones. So a hit costs
 * nothing, and a store costs a few additions, or a look of bounded length.
 */
export class EntrySizes {
  /** `0`: not known. */
  #bySlot = new Uint32Array(0);
  #known = 0;
  #knownBytes = 0;
  #typical = 0;
  #samples = 0;
  #unknown = 0;

  /** Makes room for slots below `capacity`. */
  grow(capacity: number): void {
    const bySlot = new Uint32Array(capacity);
    bySlot.set(this.#bySlot);
    this.#bySlot = bySlot;
  }

  /** `slot` holds `value` from now on, which is this large. `undefined`: nobody knows. */
  set(slot: number, value: unknown, bytes = this.#look(value)): void {
    this.drop(slot);
    if (bytes === undefined) return;
    const size = Math.min(Math.max(1, bytes), LARGEST);
    this.#bySlot[slot] = size;
    this.#known += 1;
    this.#knownBytes += size;
    this.#samples = Math.min(this.#samples + 1, REMEMBERED);
    this.#typical += (size - this.#typical) / this.#samples;
  }

  /** `slot` holds nothing from now on. */
  drop(slot: number): void {
    const size = this.#bySlot[slot] as number;
    if (size === 0) return;
    this.#bySlot[slot] = 0;
    this.#known -= 1;
    this.#knownBytes -= size;
  }

  /** All of them together, in bytes. @param entries - how many there are. */
  total(entries: number): number {
    // Those that were looked at come and go as the rest does. If they are too few, the newest sizes count.
    const typical = this.#known < FEW ? this.#typical : this.#knownBytes / this.#known;
    return Math.round(this.#knownBytes + (entries - this.#known) * typical);
  }

  #look(value: unknown): number | undefined {
    const isDue = this.#samples < FEW || this.#unknown % SAMPLE_EVERY === 0;
    this.#unknown += 1;
    return isDue ? estimateSize(value) : undefined;
  }
}
