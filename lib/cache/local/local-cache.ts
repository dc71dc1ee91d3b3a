import { CacheConfigurationError } from '../../errors/index.js';
import type { CacheCounters } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import { UNREADABLE, type ValueCodec } from '../value/codec.js';
import type { Tagged } from '../tag/tagged.js';
import { KeptPromises } from './kept-promises.js';
import { ReplacementPolicy } from './replacement-policy.js';
import type { TagIndex } from './tag-index.js';

/** What a {@link LocalCache} needs. */
export interface LocalCacheOptions {
  /**
   * The largest number of entries, from 1 to {@link LARGEST_MAXIMUM_SIZE}. For a cache without entries, leave
   * out the local tier (`tiers: 'remote'`).
   */
  readonly maximumSize: number;
  /**
   * Makes a copy for each read; values that it cannot store are refused. Default: every read gets the object
   * that was stored.
   */
  readonly copies?: ValueCodec | undefined;
  /** Decides on writes whether an entry has expired. Reads bring their own time. */
  readonly clock: Clock;
  /** Counts `sizeRemovals`, `expirations` and `replacements`. */
  readonly counters: CacheCounters;
  /** Knows which entries carry which tags. Default: none do. */
  readonly tags?: TagIndex | undefined;
}

/** An entry, as a read finds it. */
export interface LocalEntry {
  readonly value: unknown;
  /** On the scale of the {@link Clock}. `Infinity`: never. */
  readonly expiresAt: Milliseconds;
}

/**
 * A `Map` has at most 2^24 places in V8. When they are used up, V8 doubles the table, unless half of the
 * places belong to deleted entries. With more entries than half of 2^24, replacing entries would overflow the
 * table.
 */
export const LARGEST_MAXIMUM_SIZE = 2 ** 23;

const SWEEP_PER_WRITE = 2;
const FIRST_CAPACITY = 16;

/**
 * L1: a bounded table of values in the process. The {@link ReplacementPolicy} decides which entry makes room
 * for a new one.
 *
 * A `Map` leads from a key to a *slot*: an index into columns (keys, values, ends). One object per entry
 * would take half as much memory again, and would be more work for the garbage collector. A hit costs a
 * look-up, two comparisons, a count in a column, and a promise that mostly exists already (see
 * {@link KeptPromises}). Free slots are reused first, so the columns grow only with the number of entries
 * held. A removed entry leaves nothing behind.
 *
 * There are no timers. An entry is alive while `expiresAt > now`. An expired entry is removed by a read that
 * asks for it, or by the sweep. The sweep goes round all slots, and looks at two of them with each new entry.
 * So expired entries take the room of live ones for at most about half a turnover.
 */
export class LocalCache {
  /**
   * The end of the read lease: a read at `now > servableUntil` finds nothing. `Infinity`: always served;
   * `-Infinity`: never. Writes and removals do not depend on it. Set from outside.
   */
  servableUntil: Milliseconds = Number.POSITIVE_INFINITY;
  /** Called with the key of each entry that a read found expired. Set from outside. */
  expired: ((key: string) => void) | undefined;
  /** Which entries carry which tags; `undefined`: none do. */
  readonly tags: TagIndex | undefined;

  readonly #maximumSize: number;
  readonly #codec: ValueCodec | undefined;
  readonly #clock: Clock;
  readonly #counters: CacheCounters;

  readonly #slots = new Map<string, number>();
  #policy: ReplacementPolicy;
  #promises = new KeptPromises();
  /** The array of `#promises` itself, which saves a hit one step. */
  #settled = this.#promises.bySlot;
  #keys: (string | undefined)[] = [];
  /** The values; where reads get copies, their encoded forms. */
  #values: unknown[] = [];
  /** When each entry ends; `Infinity` where there is no entry. */
  #ends = new Float64Array(0);
  /** Free slots. All other slots below `#used` are taken. */
  #free: number[] = [];
  #used = 0;
  /** The slot that the sweep looks at next. */
  #swept = 0;

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a `maximumSize` out of range. */
  constructor(options: LocalCacheOptions) {
    const { maximumSize } = options;
    if (!Number.isInteger(maximumSize) || maximumSize < 1 || maximumSize > LARGEST_MAXIMUM_SIZE) {
      throw new CacheConfigurationError(
        'CACHE_OPTION_INVALID',
        `Expected \`maximumSize\` to be an integer from 1 to ${LARGEST_MAXIMUM_SIZE}, got \`${String(maximumSize)}\`.`,
        { hint: "For a cache without a local tier write `tiers: 'remote'`." },
      );
    }
    this.#maximumSize = maximumSize;
    this.#policy = new ReplacementPolicy(maximumSize);
    this.#codec = options.copies;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.tags = options.tags;
  }

  /** The number of entries, including expired ones that were not found yet. Never more than `maximumSize`. */
  get size(): number {
    return this.#slots.size;
  }

  /** The keys held, in order of arrival, including those of expired entries that were not found yet. */
  keys(): IterableIterator<string> {
    return this.#slots.keys();
  }

  /**
   * The fast path: a settled promise of the value, or `undefined` if there is no value to serve. While the
   * entry is one of the most used, every call returns the same promise. Where reads get copies, each call
   * returns a new promise of a new copy.
   */
  hitNow(key: string, now: Milliseconds): Promise<unknown> | undefined {
    const slot = this.#find(key, now);
    if (slot === undefined) return undefined;
    return this.#settled[slot] ?? this.#promise(key, slot);
  }

  /** The entry, or `undefined` if there is none to serve. An entry may have the value `undefined`. */
  get(key: string, now: Milliseconds): LocalEntry | undefined {
    const slot = this.#find(key, now);
    if (slot === undefined) return undefined;
    const expiresAt = this.#ends[slot] as number;
    if (this.#codec === undefined) return { value: this.#values[slot], expiresAt };
    const copy = this.#copy(this.#codec, key, slot);
    return copy && { value: copy.value, expiresAt };
  }

  /**
   * The time at which the entry's life ends; `undefined` if there is no live entry. Changes nothing, and does
   * not ask whether the entry may be served.
   */
  endOf(key: string, now: Milliseconds): Milliseconds | undefined {
    const slot = this.#slots.get(key);
    const end = slot === undefined ? undefined : this.#ends[slot];
    return end !== undefined && end > now ? end : undefined;
  }

  /**
   * Holds `value` until `expiresAt`. If that time is not after now, the key holds nothing afterwards. If the
   * table is full, another entry is removed.
   *
   * @param tagged - the tags that the entry carries. Default: none.
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a value that cannot be copied. The key then holds
   *   nothing.
   */
  set(key: string, value: unknown, expiresAt: Milliseconds, tagged?: Tagged): void {
    const now = this.#clock.now();
    let slot = this.#slots.get(key);
    if (slot !== undefined && !((this.#ends[slot] as number) > now)) {
      this.#expire(key, slot);
      slot = undefined;
    }
    if (!(expiresAt > now)) {
      if (slot !== undefined) this.#remove(key, slot);
      return;
    }
    const held = this.#hold(key, value);
    if (slot === undefined) {
      this.#sweepSome(now);
      if (this.#slots.size >= this.#maximumSize) this.#makeRoom();
      slot = this.#takeSlot();
      this.#slots.set(key, slot);
      this.#keys[slot] = key;
      this.#policy.enter(slot, key);
    } else {
      this.#promises.drop(slot);
      this.#policy.touch(slot); // A write to a present key counts as a use, like a read.
      this.#counters.replacements += 1;
    }
    this.#values[slot] = held;
    this.#ends[slot] = expiresAt;
    this.tags?.set(key, tagged);
  }

  /** Drops an entry. `true` if there was one, even an expired one. */
  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#remove(key, slot);
    return true;
  }

  /** Drops every entry, and frees the memory. @returns how many entries there were. */
  clear(): number {
    const count = this.#slots.size;
    this.#slots.clear();
    this.tags?.clear();
    this.#policy = new ReplacementPolicy(this.#maximumSize);
    this.#promises = new KeptPromises();
    this.#settled = this.#promises.bySlot;
    this.#keys = [];
    this.#values = [];
    this.#ends = new Float64Array(0);
    this.#free = [];
    this.#used = 0;
    this.#swept = 0;
    return count;
  }

  #find(key: string, now: Milliseconds): number | undefined {
    if (now > this.servableUntil) return undefined;
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (!((this.#ends[slot] as number) > now)) {
      this.#expire(key, slot);
      this.expired?.(key);
      return undefined;
    }
    this.#policy.touch(slot);
    return slot;
  }

  #hold(key: string, value: unknown): unknown {
    try {
      return this.#codec === undefined ? value : this.#codec.encode(value);
    } catch (error) {
      this.delete(key);
      throw error;
    }
  }

  #promise(key: string, slot: number): Promise<unknown> | undefined {
    if (this.#codec !== undefined) {
      const copy = this.#copy(this.#codec, key, slot);
      return copy && Promise.resolve(copy.value);
    }
    const promise = Promise.resolve(this.#values[slot]);
    this.#promises.offer(slot, promise);
    return promise;
  }

  /**
   * The codec can read what it wrote. If it ever cannot, the entry is dropped, and the read finds nothing
   * instead of failing.
   */
  #copy(codec: ValueCodec, key: string, slot: number): { readonly value: unknown } | undefined {
    const copy = codec.read(this.#values[slot] as string);
    if (copy !== UNREADABLE) return copy;
    this.#remove(key, slot);
    return undefined;
  }

  #makeRoom(): void {
    const slot = this.#policy.evict(this.#keys);
    this.#counters.sizeRemovals += 1;
    this.#vacate(this.#keys[slot] as string, slot);
  }

  #sweepSome(now: Milliseconds): void {
    for (let i = 0; i < SWEEP_PER_WRITE && i < this.#used; i += 1) {
      const slot = this.#swept < this.#used ? this.#swept : 0;
      this.#swept = slot + 1;
      if (!((this.#ends[slot] as number) > now)) this.#expire(this.#keys[slot] as string, slot);
    }
  }

  #expire(key: string, slot: number): void {
    this.#counters.expirations += 1;
    this.#remove(key, slot);
  }

  #remove(key: string, slot: number): void {
    this.#policy.leave(slot, key);
    this.#vacate(key, slot);
  }

  #vacate(key: string, slot: number): void {
    this.#slots.delete(key);
    this.tags?.delete(key);
    this.#promises.drop(slot);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#ends[slot] = Number.POSITIVE_INFINITY;
    this.#free.push(slot);
  }

  #takeSlot(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    if (this.#used === this.#ends.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const capacity = Math.min(this.#maximumSize, Math.max(FIRST_CAPACITY, 2 * this.#ends.length));
    const ends = new Float64Array(capacity);
    ends.set(this.#ends);
    this.#ends = ends;
    this.#policy.grow(capacity);
    this.#promises.grow(capacity);
    // `length` is set so that the arrays neither grow by guess nor become dictionaries.
    this.#values.length = capacity;
    this.#keys.length = capacity;
  }
}
