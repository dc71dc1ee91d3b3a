const LARGEST_BUCKET = 8;
const TAGS = 2 ** 16;
const MOMENTS = 2 ** 8;

/**
 * Remembers keys that have left, and when they left, for about as long as its places last. It needs three
 * bytes per key and keeps no strings.
 *
 * The table consists of buckets of up to eight places. The hash of a key gives the bucket and a tag of 16
 * bits. A place holds a tag and a moment; the latest comes first in its bucket.
 *
 * A new key pushes out a place of the older half of its bucket, chosen at random. It is not always the
 * oldest: otherwise nine keys of one bucket that come one after the other, again and again, would push each
 * other out for ever.
 *
 * A moment is a count of whatever the caller counts, stored in whole units, modulo 256. The unit must be so
 * large that a ghost is pushed out before 256 units have passed.
 *
 * Only tags are compared, so about one in 8000 unknown keys is mistaken for a ghost.
 */
export class GhostTable {
  readonly #bucketSize: number;
  readonly #buckets: number;
  readonly #unit: number;
  readonly #tags: Uint16Array;
  readonly #moments: Uint8Array;
  #lot = 1;

  /**
   * @param size - about how many keys to remember.
   * @param unit - how large a unit is: differences within a unit are not measured.
   */
  constructor(size: number, unit: number) {
    this.#bucketSize = Math.min(LARGEST_BUCKET, Math.ceil(size));
    this.#buckets = Math.ceil(size / this.#bucketSize);
    this.#unit = unit;
    this.#tags = new Uint16Array(this.#buckets * this.#bucketSize);
    this.#moments = new Uint8Array(this.#buckets * this.#bucketSize);
  }

  remember(key: string, moment: number): void {
    const hash = hashOf(key);
    const first = this.#bucketOf(hash);
    const yielding = first + this.#bucketSize - 1 - this.#draw(Math.floor(this.#bucketSize / 2) + 1);
    this.#tags.copyWithin(first + 1, first, yielding);
    this.#moments.copyWithin(first + 1, first, yielding);
    this.#tags[first] = tagOf(hash);
    this.#moments[first] = Math.floor(moment / this.#unit) & (MOMENTS - 1);
  }

  /**
   * The difference between `now` and the moment that `key` was remembered with. Forgets the key.
   *
   * @returns at least the true difference, and less than two units more; `undefined` if the key is not
   *   remembered.
   */
  recall(key: string, now: number): number | undefined {
    const hash = hashOf(key);
    const first = this.#bucketOf(hash);
    const tag = tagOf(hash);
    for (let i = first; i < first + this.#bucketSize; i += 1) {
      if (this.#tags[i] !== tag) continue;
      this.#tags[i] = 0;
      return ((Math.ceil(now / this.#unit) - (this.#moments[i] as number)) & (MOMENTS - 1)) * this.#unit;
    }
    return undefined;
  }

  /**
   * A number from 0 to `count - 1`, from a linear congruential generator. The sequence is always the same, so
   * faults can be reproduced.
   */
  #draw(count: number): number {
    this.#lot = (Math.imul(this.#lot, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#lot / 2 ** 32) * count);
  }

  /** Uses the upper bits of the hash; the tag uses the lower ones. */
  #bucketOf(hash: number): number {
    return Math.floor((hash / 2 ** 32) * this.#buckets) * this.#bucketSize;
  }
}

/** Never 0: 0 marks an empty place. */
function tagOf(hash: number): number {
  return (hash % (TAGS - 1)) + 1;
}

/**
 * FNV-1a over the UTF-16 code units, followed by the final mixing of MurmurHash3, so that each bit depends on
 * all of them.
 */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
