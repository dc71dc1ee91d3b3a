import { CacheConfigurationError } from '../errors/index.js';
import type { CacheCounters } from '../event/index.js';
import type { Clock, Milliseconds } from '../time/index.js';
import { ValueCodec } from './codec.js';
import { deepFreeze } from './deep-freeze.js';
import type { Class } from './rich-value.js';

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
 * L1: a bounded table of values in the process, evicting with SIEVE [1].
 *
 * SIEVE keeps entries in the order of their arrival, one *visited* flag each, and a *hand*. A hit sets the flag and moves nothing. To make
 * room, the hand walks from the oldest towards the newest: a visited entry loses its flag and stays where it is, the first unvisited one
 * goes, and the hand rests behind it; past the newest it starts again at the oldest. New entries arrive unvisited. Writing to a key that
 * is present is a use like a read: the entry keeps its place and is flagged, as in the authors' simulator [2]. One-time keys leave soon and
 * do not flush the popular ones, as they do with LRU; when the popular keys change all at once, it follows about a turnover later than LRU.
 *
 * The order is the insertion order of one `Map`, and the hand is a live iterator over it: by the language's definition it goes on after
 * deletions and meets what was added meanwhile. It has always taken one step more, to the entry it rests on, because an iterator that has
 * just passed the newest entry would meet the next arrival before the oldest. And in V8 an iterator at rest keeps alive every table the
 * `Map` has outgrown since (300 MB after five million replacements), so it must not rest for ever: after more removals than there are
 * entries left, none of them to make room, it is let go and will start at the oldest.
 *
 * The `Map` leads from key to *slot*, an index into columns (values, promises, ends, flags). An object per entry would take half as much
 * memory again, and be more work for the garbage collector.
 *
 * There are no timers. An entry lives while `expiresAt > now`; it is found dead by the read that asks for it, by the hand, or by a second
 * iterator that sweeps two entries with each new one. So the dead take the room of the living for at most about half a turnover.
 *
 * [1] Zhang et al., "SIEVE is Simpler than LRU", NSDI '24, https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo
 * [2] https://github.com/1a1a11a/libCacheSim, `libCacheSim/cache/eviction/Sieve.c`
 */
export class LocalCache {
  /**
   * A read at `now > servableUntil` finds nothing: the end of the read lease. `Infinity`: always served; `-Infinity`: never.
   * Writes and removals go on regardless. Set from outside.
   */
  servableUntil: Milliseconds = Number.POSITIVE_INFINITY;

  readonly #maximumSize: number;
  readonly #freezes: boolean;
  readonly #codec: ValueCodec | undefined;
  readonly #clock: Clock;
  readonly #counters: CacheCounters;

  readonly #slots = new Map<string, number>();
  /** The value; in mode `'clone'` its encoded form. */
  #values: unknown[] = [];
  /** The settled promise of the value, made when it is first asked for, then kept: making one costs more than the look-up. */
  #promises: (Promise<unknown> | undefined)[] = [];
  #ends = new Float64Array(0);
  #visited = new Uint8Array(0);
  /** Slots given back; the others below `#used` are taken. */
  #free: number[] = [];
  #used = 0;

  #hand: Iterator<string, undefined> | undefined;
  /** The entry the hand rests on; `undefined`: the oldest. */
  #handKey: string | undefined;
  #removalsAtRest = 0;
  #sweep: Iterator<string, undefined> | undefined;

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
   * The fast path: the settled promise of the value, or `undefined` if there is none to serve.
   * The same promise at every call, until the value is replaced; in mode `'clone'` a new one of a new copy.
   */
  peek(key: string, now: Milliseconds): Promise<unknown> | undefined {
    const slot = this.#find(key, now);
    if (slot === undefined) return undefined;
    return this.#promises[slot] ?? this.#promise(slot);
  }

  /** The entry, or `undefined` if there is none to serve. An entry whose value is `undefined` is an entry. */
  get(key: string, now: Milliseconds): LocalEntry | undefined {
    const slot = this.#find(key, now);
    return slot === undefined ? undefined : { value: this.#value(slot), expiresAt: this.#ends[slot] as number };
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
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` in mode `'clone'`, for a value the codec refuses. The key holds nothing then.
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
    const isNew = slot === undefined;
    if (slot === undefined) {
      this.#sweepSome(now);
      if (this.#slots.size >= this.#maximumSize) this.#makeRoom(now);
      slot = this.#takeSlot();
      this.#slots.set(key, slot);
    }
    this.#values[slot] = held;
    this.#promises[slot] = undefined;
    this.#ends[slot] = expiresAt;
    this.#visited[slot] = isNew ? 0 : 1;
    if (!isNew) this.#counters.replacements += 1;
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
    this.#values = [];
    this.#promises = [];
    this.#ends = new Float64Array(0);
    this.#visited = new Uint8Array(0);
    this.#free = [];
    this.#used = 0;
    this.#letGo();
    this.#sweep = undefined;
    return count;
  }

  #find(key: string, now: Milliseconds): number | undefined {
    if (now > this.servableUntil) return undefined;
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (!((this.#ends[slot] as number) > now)) {
      this.#expire(key, slot);
      return undefined;
    }
    this.#visited[slot] = 1;
    return slot;
  }

  #hold(key: string, value: unknown): unknown {
    if (this.#freezes) return deepFreeze(value);
    if (this.#codec === undefined) return value;
    try {
      return this.#codec.encode(value);
    } catch (error) {
      this.delete(key);
      throw error;
    }
  }

  #value(slot: number): unknown {
    const held = this.#values[slot];
    return this.#codec === undefined ? held : this.#codec.decode(held as string).value;
  }

  #promise(slot: number): Promise<unknown> {
    const promise = Promise.resolve(this.#value(slot));
    if (this.#codec === undefined) this.#promises[slot] = promise;
    return promise;
  }

  /** Walks the hand until an entry has gone. It ends: after one round every flag is off. */
  #makeRoom(now: Milliseconds): void {
    this.#removalsAtRest = 0;
    for (;;) {
      if (this.#handKey === undefined) this.#step();
      const key = this.#handKey as unknown as string;
      const slot = this.#slots.get(key) as number;
      if (!((this.#ends[slot] as number) > now)) return this.#expire(key, slot);
      if (this.#visited[slot] === 0) {
        this.#counters.sizeRemovals += 1;
        return this.#remove(key, slot);
      }
      this.#visited[slot] = 0;
      this.#step();
    }
  }

  #step(): void {
    this.#hand ??= this.#slots.keys();
    this.#handKey = this.#hand.next().value;
    if (this.#handKey === undefined) this.#hand = undefined;
  }

  #letGo(): void {
    this.#hand = undefined;
    this.#handKey = undefined;
  }

  #sweepSome(now: Milliseconds): void {
    for (let i = 0; i < SWEEP_PER_WRITE; i += 1) {
      this.#sweep ??= this.#slots.keys();
      const { done, value: key } = this.#sweep.next();
      if (done) {
        this.#sweep = undefined;
        return;
      }
      const slot = this.#slots.get(key) as number;
      if (!((this.#ends[slot] as number) > now)) this.#expire(key, slot);
    }
  }

  #expire(key: string, slot: number): void {
    this.#counters.expirations += 1;
    this.#remove(key, slot);
  }

  #remove(key: string, slot: number): void {
    if (key === this.#handKey) this.#step();
    this.#slots.delete(key);
    this.#values[slot] = undefined;
    this.#promises[slot] = undefined;
    this.#free.push(slot);
    this.#removalsAtRest += 1;
    if (this.#removalsAtRest > this.#slots.size) this.#letGo(); // See the essay: outgrown tables.
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
    const visited = new Uint8Array(capacity);
    visited.set(this.#visited);
    this.#visited = visited;
    // `length` is set so that the arrays neither grow by guess nor turn into dictionaries.
    this.#values.length = capacity;
    this.#promises.length = capacity;
  }
}
