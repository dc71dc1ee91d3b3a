const LARGEST_BUCKET = 8;
const TAGS = 2 ** 16;
const MOMENTS = 2 ** 8;

/**
 * Remembers of keys that have left when that was, for about as long as its places last: three bytes a key, no strings.
 *
 * A table of buckets of up to eight places. A key's hash tells the bucket and a tag of 16 bits; a place holds tag and moment, the latest comer
 * first; one of the elder half is pushed out, drawn by lot, for were it always the eldest, nine keys of one bucket that come round in turn would
 * push each other out for ever. Moments are counts of whatever the caller counts, in whole units, modulo 256 of them: the unit is to
 * be such that a ghost is pushed out before. One in some 8000 strangers is taken for a ghost, since only tags are compared.
 */
export class GhostTable {
  readonly #bucketSize: number;
  readonly #buckets: number;
  readonly #unit: number;
  readonly #tags: Uint16Array;
  readonly #moments: Uint8Array;
  #lot = 1;

  /**
   * @param size - how many keys to remember, more or less.
   * @param unit - how many moments are not told apart.
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
   * How long ago the moment was that `key` was remembered with, and forgets it.
   *
   * @returns at least the true difference to `now`, and less than two units more; `undefined` if the key is not remembered.
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

  /** From 0 to `count - 1`, by a linear congruential generator: always the same numbers, which is all the better for who looks for a fault. */
  #draw(count: number): number {
    this.#lot = (Math.imul(this.#lot, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#lot / 2 ** 32) * count);
  }

  /** From the upper bits; the tag has the lower ones. */
  #bucketOf(hash: number): number {
    return Math.floor((hash / 2 ** 32) * this.#buckets) * this.#bucketSize;
  }
}

/** Never 0, which is an empty place. */
function tagOf(hash: number): number {
  return (hash % (TAGS - 1)) + 1;
}

/** FNV-1a over the code units, then stirred as in MurmurHash3, so that each bit depends on all of them. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
