import { CacheConfigurationError, CacheValueError } from '../../errors/index.js';
import type { CacheCounters } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import { UNREADABLE, ValueCodec } from '../value/codec.js';
import { deepFreeze } from '../value/deep-freeze.js';
import { KeptPromises } from './kept-promises.js';
import { ReplacementPolicy } from './replacement-policy.js';
import type { Class } from '../value/rich-value.js';

/**
 * Who else holds what a read returns.
 *
 * - `'share'`: every reader gets the same object, as it was stored. Fastest; whoever changes it changes it for all.
 * - `'freeze'`: the same object, frozen in depth when it is stored (see {@link deepFreeze} for what cannot be). A change throws.
 * - `'clone'`: each read gets its own copy, made by the codec of the remote tier; what that cannot store is refused.
 */
export type CopyMode = 'share' | 'freeze' | 'clone';

/** What a {@link LocalCache} is made of. */
export interface LocalCacheOptions {
  /** The most entries held, from 1 to {@link LARGEST_MAXIMUM_SIZE}. A cache that shall hold none has no local tier (`tiers: 'remote'`). */
  readonly maximumSize: number;
  /** Default: `'share'`. */
  readonly copy?: CopyMode;
  /** For `'clone'`: the class whose instances are copied as such. Default: none. */
  readonly type?: Class;
  /** Tells whether an entry found on a write has expired. Reads bring their own time. */
  readonly clock: Clock;
  /** `sizeRemovals`, `expirations` and `replacements` are counted here. */
  readonly counters: CacheCounters;
}

/** An entry as a read finds it. */
export interface LocalEntry {
  readonly value: unknown;
  /** On the {@link Clock}'s scale; `Infinity`: never. */
  readonly expiresAt: Milliseconds;
}

/** V8 holds 2^24 places in a `Map`, and doubles a table unless half of the places are abandoned: beyond half, replacing entries overflows it. */
export const LARGEST_MAXIMUM_SIZE = 2 ** 23;

const SWEEP_PER_WRITE = 2;
const FIRST_CAPACITY = 16;

/**
 * L1: a bounded table of values in the process. Which entry makes room for a new one is up to the {@link ReplacementPolicy}.
 *
 * A `Map` leads from key to *slot*, an index into columns (keys, values, ends). An object per entry would take half as much memory again, and
 * be more work for the garbage collector. A hit is a look-up, two comparisons, a count in a column, and a promise that is mostly there
 * already (see {@link KeptPromises}). Slots that were given back are taken first, so the columns grow with the entries held, and
 * what an entry leaves behind is nothing.
 *
 * There are no timers. An entry lives while `expiresAt > now`; it is found dead by the read that asks for it, or by a sweep that goes round
 * the slots, two with each new entry. So the dead take the room of the living for at most about half a turnover.
 */
export class LocalCache {
  /**
   * A read at `now > servableUntil` finds nothing: the end of the read lease. `Infinity`: always served; `-Infinity`: never.
   * Writes and removals go on regardless. Set from outside.
   */
  servableUntil: Milliseconds = Number.POSITIVE_INFINITY;
  /** Told of each entry that a read found at the end of its life. Set from outside. */
  expired: ((key: string) => void) | undefined;

  readonly #maximumSize: number;
  readonly #freezes: boolean;
  readonly #codec: ValueCodec | undefined;
  readonly #clock: Clock;
  readonly #counters: CacheCounters;

  readonly #slots = new Map<string, number>();
  #policy: ReplacementPolicy;
  #promises = new KeptPromises();
  /** The array of `#promises` itself: a hit has one step less to go. */
  #settled = this.#promises.bySlot;
  #keys: (string | undefined)[] = [];
  /** The value; in mode `'clone'` its encoded form. */
  #values: unknown[] = [];
  /** `Infinity` where there is no entry. */
  #ends = new Float64Array(0);
  /** Slots given back; the others below `#used` are taken. */
  #free: number[] = [];
  #used = 0;
  /** The slot the sweep looks at next. */
  #swept = 0;

  /** @throws {CacheConfigurationError} `CACHE_OPTION_INVALID` for a `maximumSize` out of range. */
  constructor(options: LocalCacheOptions) {
    const { maximumSize, copy = 'share' } = options;
    if (!Number.isInteger(maximumSize) || maximumSize < 1 || maximumSize > LARGEST_MAXIMUM_SIZE) {
      throw new CacheConfigurationError(
        'CACHE_OPTION_INVALID',
        `Expected \`maximumSize\` to be an integer from 1 to ${LARGEST_MAXIMUM_SIZE}, got \`${String(maximumSize)}\`.`,
        { hint: "For a cache without a local tier write `tiers: 'remote'`." },
      );
    }
    this.#maximumSize = maximumSize;
    this.#policy = new ReplacementPolicy(maximumSize);
    this.#freezes = copy === 'freeze';
    this.#codec = copy === 'clone' ? new ValueCodec({ type: options.type }) : undefined;
    this.#clock = options.clock;
    this.#counters = options.counters;
  }

  /** Entries held, dead ones not yet found included. Never more than `maximumSize`. */
  get size(): number {
    return this.#slots.size;
  }

  /** The keys held, in order of arrival, dead ones not yet found included. */
  keys(): IterableIterator<string> {
    return this.#slots.keys();
  }

  /**
   * The fast path: a settled promise of the value, or `undefined` if there is none to serve.
   * The same promise at every call while the entry is one of those asked for most; in mode `'clone'` a new one of a new copy.
   */
  hitNow(key: string, now: Milliseconds): Promise<unknown> | undefined {
    const slot = this.#find(key, now);
    if (slot === undefined) return undefined;
    return this.#settled[slot] ?? this.#promise(key, slot);
  }

  /** The entry, or `undefined` if there is none to serve. An entry whose value is `undefined` is an entry. */
  get(key: string, now: Milliseconds): LocalEntry | undefined {
    const slot = this.#find(key, now);
    if (slot === undefined) return undefined;
    const expiresAt = this.#ends[slot] as number;
    if (this.#codec === undefined) return { value: this.#values[slot], expiresAt };
    const copy = this.#copy(this.#codec, key, slot);
    return copy && { value: copy.value, expiresAt };
  }

  /** When the entry's life ends; `undefined` if there is none alive. Disturbs nothing, and does not ask whether it may be served. */
  endOf(key: string, now: Milliseconds): Milliseconds | undefined {
    const slot = this.#slots.get(key);
    const end = slot === undefined ? undefined : this.#ends[slot];
    return end !== undefined && end > now ? end : undefined;
  }

  /**
   * Holds `value` until `expiresAt`; if that is not after now, the key holds nothing afterwards. Makes room if there is none.
   *
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a value that cannot be held: in mode `'clone'` one the codec refuses, in mode
   *   `'freeze'` a proxy that will not be frozen. The key holds nothing then.
   */
  set(key: string, value: unknown, expiresAt: Milliseconds): void {
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
      this.#policy.touch(slot); // Writing to a key that is present is a use like a read.
      this.#counters.replacements += 1;
    }
    this.#values[slot] = held;
    this.#ends[slot] = expiresAt;
  }

  /** Drops an entry. `true` if there was one, be it dead. */
  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#remove(key, slot);
    return true;
  }

  /** Drops every entry, and gives the memory back. @returns how many there were. */
  clear(): number {
    const count = this.#slots.size;
    this.#slots.clear();
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
      if (this.#freezes) return deepFreeze(value);
      return this.#codec === undefined ? value : this.#codec.encode(value);
    } catch (cause) {
      this.delete(key);
      if (cause instanceof CacheValueError) throw cause;
      throw new CacheValueError('CACHE_VALUE_UNSUPPORTED', 'The local tier cannot freeze a value.', {
        hint: "A proxy inside it threw, see the cause; with `copy: 'share'` values are left as they are.",
        cause,
      });
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

  /** What the codec wrote it reads; should it ever not, the entry is dropped rather than its reader refused. */
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
    // `length` is set so that the arrays neither grow by guess nor turn into dictionaries.
    this.#values.length = capacity;
    this.#keys.length = capacity;
  }
}
