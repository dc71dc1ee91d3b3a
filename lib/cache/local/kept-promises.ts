/** So many promises are kept whatever the size of the table. */
const FEW = 1_024;
/** Beyond, those of one slot in so many. */
const SHARE = 16;
/** Once all places are taken, one promise in so many gets one. */
const PATIENCE = 8;

const NOBODY = -1;

/**
 * The settled promises of the values that are asked for most, by slot. Making one costs a hit as much as the look-up, and keeping one for every
 * entry costs as much memory as the rest of a large table. So the number is bounded, and the one kept longest gives way. Who comes again and
 * again is soon back; and as only one promise in a few is kept then, hits spread over many entries do not spend their time on keeping.
 */
export class KeptPromises {
  /** Holds what is kept. Read directly by a hit. */
  readonly bySlot: (Promise<unknown> | undefined)[] = [];
  /** The slots whose promises are kept, a ring. Some have dropped theirs since. */
  #ring = new Int32Array(0);
  #next = 0;
  #made = 0;

  /** Makes room for slots below `capacity`. */
  grow(capacity: number): void {
    this.bySlot.length = capacity; // Set so that the array neither grows by guess nor turns into a dictionary.
    const ring = new Int32Array(Math.min(capacity, Math.max(FEW, Math.floor(capacity / SHARE)))).fill(NOBODY);
    ring.set(this.#ring);
    if (ring[this.#next] !== NOBODY) this.#next = this.#ring.length % ring.length; // All were taken: go on with the new ones.
    this.#ring = ring;
  }

  /** Keeps `promise`, perhaps. */
  offer(slot: number, promise: Promise<unknown>): void {
    const yielding = this.#ring[this.#next] as number;
    if (yielding !== NOBODY) {
      this.#made += 1;
      if (this.#made % PATIENCE !== 0) return;
      this.bySlot[yielding] = undefined;
    }
    this.bySlot[slot] = promise;
    this.#ring[this.#next] = slot;
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  /** `slot` holds another value from now on, or none. */
  drop(slot: number): void {
    this.bySlot[slot] = undefined;
  }
}
