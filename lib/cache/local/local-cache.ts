import type { CacheCounters } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import { UNREADABLE, type ValueCodec } from '../value/codec.js';
import { checkMaximumSize, type EntryExtras, type LocalCacheOptions } from './local-cache-options.js';
import { EntrySizes } from './entry-sizes.js';
import { KeptPromises } from './kept-promises.js';
import { ReplacementPolicy } from './replacement-policy.js';
import type { TagIndex } from './tag-index.js';
import { type EntryTimes, type HeldEntry, type LocalEntry, NO_VALUE } from './local-entry.js';

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
 * An entry that has {@link EntryTimes} is served like any other until something is due. Then a hit does not
 * find it any more, and who looks decides: so a hit makes no comparison more.
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
  #sizes = new EntrySizes();
  /** The array of `#promises` itself, which saves a hit one step. */
  #settled = this.#promises.bySlot;
  #keys: (string | undefined)[] = [];
  /** The values; where reads get copies, their encoded forms. */
  #values: unknown[] = [];
  /** Until when a hit finds each entry; `Infinity` where there is no entry. */
  #ends = new Float64Array(0);
  /** Of entries that are not over then. `undefined`: there has been none. */
  #times: (EntryTimes | undefined)[] | undefined;
  /** Free slots. All other slots below `#used` are taken. */
  #free: number[] = [];
  #used = 0;
  /** The slot that the sweep looks at next. */
  #swept = 0;

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a `maximumSize` out of range. */
  constructor(options: LocalCacheOptions) {
    const { maximumSize } = options;
    checkMaximumSize(maximumSize);
    this.#maximumSize = maximumSize;
    this.#policy = new ReplacementPolicy(maximumSize);
    this.#codec = options.copies;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.tags = options.tags;
  }

  /** The number of entries, with expired ones that were not found yet. Never more than `maximumSize`. */
  get size(): number {
    return this.#slots.size;
  }

  /** An estimate, in bytes; see {@link EntrySizes}. */
  get bytes(): number {
    return this.#sizes.total(this.#slots.size);
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

  /** Like {@link hitNow}, without a promise. {@link NO_VALUE}: there is no value to serve. */
  valueNow(key: string, now: Milliseconds): unknown {
    const slot = this.#find(key, now);
    if (slot === undefined) return NO_VALUE;
    if (this.#codec === undefined) return this.#values[slot];
    const copy = this.#copy(this.#codec, key, slot);
    return copy === undefined ? NO_VALUE : copy.value;
  }

  /** The entry, or `undefined` if there is none to serve. An entry may have the value `undefined`. */
  get(key: string, now: Milliseconds): LocalEntry | undefined {
    const slot = this.#find(key, now) ?? this.#findDue(key, now);
    if (slot === undefined) return undefined;
    const expiresAt = this.#endOf(slot);
    const read = this.#read(key, slot);
    return read && { value: read.value, expiresAt };
  }

  /**
   * The entry, whatever is due, for somebody who decides what that means. `undefined`: there is none to
   * serve, or it is one without {@link EntryTimes}.
   */
  held(key: string, now: Milliseconds): HeldEntry | undefined {
    if (this.#times === undefined || now > this.servableUntil) return undefined;
    const slot = this.#slots.get(key);
    const times = slot === undefined ? undefined : this.#times[slot];
    if (slot === undefined || times === undefined || this.#isOver(slot, now)) return undefined;
    this.#policy.touch(slot);
    const read = this.#read(key, slot);
    return read && { value: read.value, times };
  }

  /** Of an entry with {@link EntryTimes}: the next look, or the next attempt, is due at that time. */
  defer(key: string, next: Partial<Pick<EntryTimes, 'dueAt' | 'retryAt'>>): void {
    const slot = this.#slots.get(key);
    const times = slot === undefined ? undefined : this.#times?.[slot];
    if (slot === undefined || times === undefined) return;
    const deferred = { ...times, ...next };
    (this.#times as EntryTimes[])[slot] = deferred;
    this.#ends[slot] = Math.min(deferred.dueAt, deferred.freshUntil);
  }

  /** The {@link EntryTimes} of an entry that is held, whether or not it may be served. Changes nothing. */
  timesOf(key: string, now: Milliseconds): EntryTimes | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined || this.#isOver(slot, now) ? undefined : this.#times?.[slot];
  }

  /** When the life of an entry ends, whether or not it may be served. `undefined`: there is none. */
  endOf(key: string, now: Milliseconds): Milliseconds | undefined {
    const slot = this.#slots.get(key);
    const end = slot === undefined ? undefined : this.#endOf(slot);
    return end !== undefined && end > now ? end : undefined;
  }

  /**
   * Holds `value` until `expiresAt`. If that time is not after now, the key holds nothing afterwards. If the
   * table is full, another entry is removed.
   *
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a value that cannot be copied. The key then holds
   *   nothing.
   */
  set(key: string, value: unknown, expiresAt: Milliseconds, { tagged, times, bytes }: EntryExtras = {}): void {
    const now = this.#clock.now();
    let slot = this.#slots.get(key);
    if (slot !== undefined && this.#isOver(slot, now)) {
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
    this.#sizes.set(slot, value, this.#codec === undefined ? bytes : Buffer.byteLength(held as string));
    this.#ends[slot] = times === undefined ? expiresAt : Math.min(times.dueAt, times.freshUntil);
    if (times !== undefined) this.#times ??= new Array<EntryTimes | undefined>(this.#ends.length);
    if (this.#times !== undefined) this.#times[slot] = times;
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
    this.#sizes = new EntrySizes();
    this.#settled = this.#promises.bySlot;
    this.#keys = [];
    this.#values = [];
    this.#ends = new Float64Array(0);
    this.#times = undefined;
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
      this.#miss(key, slot, now);
      return undefined;
    }
    this.#policy.touch(slot);
    return slot;
  }

  #miss(key: string, slot: number, now: Milliseconds): void {
    if (!this.#isOver(slot, now)) return;
    this.#expire(key, slot);
    this.expired?.(key);
  }

  /** The slot of a fresh entry for which something is due. */
  #findDue(key: string, now: Milliseconds): number | undefined {
    if (this.#times === undefined || now > this.servableUntil) return undefined;
    const slot = this.#slots.get(key);
    return slot !== undefined && this.#endOf(slot) > now ? slot : undefined;
  }

  #endOf(slot: number): Milliseconds {
    return this.#times?.[slot]?.freshUntil ?? (this.#ends[slot] as number);
  }

  #isOver(slot: number, now: Milliseconds): boolean {
    const end = this.#times?.[slot]?.keptUntil ?? this.#ends[slot];
    return !((end as number) > now);
  }

  #read(key: string, slot: number): { readonly value: unknown } | undefined {
    return this.#codec === undefined ? { value: this.#values[slot] } : this.#copy(this.#codec, key, slot);
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
      if (this.#isOver(slot, now)) this.#expire(this.#keys[slot] as string, slot);
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
    this.#sizes.drop(slot);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#ends[slot] = Number.POSITIVE_INFINITY;
    if (this.#times !== undefined) this.#times[slot] = undefined;
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
    this.#sizes.grow(capacity);
    // `length` is set so that the arrays neither grow by guess nor become dictionaries.
    this.#values.length = capacity;
    this.#keys.length = capacity;
    if (this.#times !== undefined) this.#times.length = capacity;
  }
}
