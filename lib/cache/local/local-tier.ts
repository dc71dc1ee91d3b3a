import type { CacheCounters, RemovalCause } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import { type Eviction, hasTags } from '../eviction.js';
import type { Tagged } from '../tag/tagged.js';
import { BypassTime } from './bypass-time.js';
import type { LocalCache } from './local-cache.js';
import type { EntryTimes, HeldEntry, LocalEntry } from './local-entry.js';
import { type Joinable, type ReadTicket, ReadTickets } from './read-tickets.js';

/** What a {@link LocalTier} needs. */
export interface LocalTierOptions<L extends Joinable> {
  readonly entries: LocalCache;
  readonly tickets: ReadTickets<L>;
  readonly clock: Clock;
  readonly counters: CacheCounters;
  /** The longest time an entry lives here; `0` = as long as in the remote tier. */
  readonly localTtlMs: Milliseconds;
  /** `false`: the tier keeps nothing. */
  readonly isUsed: boolean;
  /** Whether the tier is served without a lease. */
  readonly isAlwaysServed: boolean;
}

/** What a read has found, or loaded. */
export interface KeptValue {
  readonly value: unknown;
  /** The time at which its life ends in the remote tier. */
  readonly endsAt: Milliseconds;
  /** In a cache with tags. */
  readonly tagged?: Tagged | undefined;
  /** If another value is due before it ends, or it is kept for longer. Default: neither. */
  readonly times?: Omit<EntryTimes, 'freshUntil'> | undefined;
  /** What it takes when it is encoded. Default: nobody knows. */
  readonly bytes?: number | undefined;
}

/** The causes that a fence can have. */
type FenceCause = Exclude<RemovalCause, 'expired' | 'size'>;

/** From this number of entries on, dropping them one by one takes a time that is noticed. */
const MANY = 5_000;

/** The counter of each cause. */
const COUNTERS = {
  explicit: 'explicitRemovals',
  replaced: 'replacements',
  remote: 'remoteRemovals',
  coherence: 'coherenceRemovals',
} as const satisfies Record<FenceCause, keyof CacheCounters>;

/**
 * L1 of one cache, as the coherence protocol sees it. It consists of three things:
 * - the entries;
 * - the read lease: without it, entries are not served;
 * - the tickets of running reads, which may add entries.
 *
 * An entry that may be out of date is always removed by a *fence*. A fence drops the entry and cancels the
 * tickets of the running reads of its key, so that none of them brings the old value back.
 */
export class LocalTier<L extends Joinable = Joinable> {
  readonly #entries: LocalCache;
  readonly #tickets: ReadTickets<L>;
  /**
   * The tickets of puts that Redis has not answered yet, in a cache without a remote tier. A put keeps its
   * value when its own eviction is answered. The eviction of another instance may have been executed after
   * that, and yet be heard before, because it travels on another connection: it cancels the ticket. Evictions
   * by this instance do not, for their answers come after that of the put.
   */
  readonly puts = new ReadTickets();
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  readonly #localTtlMs: Milliseconds;
  readonly #isAlwaysServed: boolean;
  readonly #bypassTime = new BypassTime();
  #keepsEntries: boolean;
  #stoppedAt: Milliseconds | undefined;

  constructor(options: LocalTierOptions<L>) {
    this.#entries = options.entries;
    this.#tickets = options.tickets;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#localTtlMs = options.localTtlMs;
    this.#keepsEntries = options.isUsed;
    this.#isAlwaysServed = options.isAlwaysServed;
    this.#entries.servableUntil = Number.NEGATIVE_INFINITY; // Until the first lease.
    this.holdLeaseUntil(Number.NEGATIVE_INFINITY);
  }

  /** The number of entries, including expired ones that were not found yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** See {@link LocalCache.bytes}. */
  get bytes(): number {
    return this.#entries.bytes;
  }

  /**
   * The fast path: a settled promise of the value, or `undefined` if there is no value to serve. Counts a
   * hit.
   */
  hitNow(key: string, now: Milliseconds): Promise<unknown> | undefined {
    const hit = this.#entries.hitNow(key, now);
    if (hit !== undefined) this.#counters.localHits += 1;
    return hit;
  }

  /** See {@link LocalCache.valueNow}. Counts nothing. */
  valueNow(key: string, now: Milliseconds): unknown {
    return this.#entries.valueNow(key, now);
  }

  /** The entry, or `undefined` if there is none to serve. Counts nothing. */
  get(key: string): LocalEntry | undefined {
    return this.#entries.get(key, this.#clock.now());
  }

  /** See {@link LocalCache.held}. Counts nothing. */
  held(key: string, now: Milliseconds): HeldEntry | undefined {
    return this.#entries.held(key, now);
  }

  /** See {@link LocalCache.defer}. */
  defer(key: string, next: Parameters<LocalCache['defer']>[1]): void {
    this.#entries.defer(key, next);
  }

  /**
   * How long an entry will still be kept whose life is over; `undefined` if there is none. Changes nothing.
   */
  staleLeftMs(key: string): Milliseconds | undefined {
    const now = this.#clock.now();
    const times = this.#entries.timesOf(key, now);
    return times === undefined || now < times.freshUntil ? undefined : times.keptUntil - now;
  }

  /**
   * How long the entry will still live; `undefined` if there is no live entry. Changes nothing, and does not
   * ask whether the entry may be served.
   */
  leftMs(key: string): Milliseconds | undefined {
    const now = this.#clock.now();
    const end = this.#entries.endOf(key, now);
    return end === undefined ? undefined : end - now;
  }

  /** Takes a ticket for a read of `key`. Every ticket must be given back with {@link end}. */
  begin(key: string): ReadTicket<L> {
    return this.#tickets.begin(key);
  }

  /** Gives a ticket back. */
  end(key: string, ticket: ReadTicket<L>): void {
    this.#tickets.end(key, ticket);
  }

  /** See {@link ReadTickets.joinable}. */
  joinable(key: string, now: Milliseconds, limitMs: Milliseconds): L | undefined {
    return this.#tickets.joinable(key, now, limitMs);
  }

  /** Whether the ticket is still valid: no fence has cancelled it. */
  isValid(ticket: ReadTicket<L>): boolean {
    return this.#tickets.isValid(ticket);
  }

  /**
   * Keeps the value of a read, if its ticket is still valid, and no tag of it was evicted meanwhile: the
   * ticket says nothing of tags, because they are known only now.
   *
   * @throws {CacheValueError} `CACHE_VALUE_UNSUPPORTED` for a value that cannot be held; see
   *   {@link LocalCache.set}.
   */
  keep(key: string, ticket: ReadTicket<L>, { value, endsAt, tagged, times, bytes }: KeptValue): void {
    if (!this.#keepsEntries) return;
    if (!this.#tickets.isValid(ticket) || (tagged !== undefined && this.isOvertaken(tagged))) {
      this.#counters.refusedFills += 1;
      return;
    }
    const localTtlMs = this.#localTtlMs;
    const freshUntil = localTtlMs === 0 ? endsAt : Math.min(endsAt, this.#clock.now() + localTtlMs);
    if (times === undefined) return this.#entries.set(key, value, freshUntil, { tagged, bytes });
    // Who is kept for no longer than its life ends with its life here.
    const keptUntil = times.keptUntil === endsAt ? freshUntil : times.keptUntil;
    // Written out: a spread with a name more takes three times as much memory in V8.
    const { writtenAt, dueAt, retryAt } = times;
    this.#entries.set(key, value, keptUntil, { tagged, bytes, times: { writtenAt, freshUntil, dueAt, retryAt, keptUntil } });
  }

  /** A rule of its own: a spec shows what breaks without it. */
  protected isOvertaken(tagged: Tagged): boolean {
    return tagged.isOvertaken;
  }

  /** The tags of an entry; `undefined`: it carries none, or is not held. */
  tagsOf(key: string): readonly string[] | undefined {
    return this.#entries.tags?.of(key)?.tags;
  }

  /** Drops these keys and cancels the tickets of their reads. */
  fence(keys: readonly string[], cause: FenceCause): void {
    const before = this.#entries.size;
    for (const key of keys) {
      this.#entries.delete(key);
      this.#tickets.cancel(key);
      if (cause === 'remote') this.puts.cancel(key);
    }
    this.#counters[COUNTERS[cause]] += before - this.#entries.size;
  }

  /** Drops everything and cancels the tickets of all reads. */
  fenceAll(cause: FenceCause): void {
    this.#tickets.cancelAll();
    if (cause !== 'explicit') this.puts.cancelAll();
    const dropped = this.#entries.clear();
    this.#counters[COUNTERS[cause]] += dropped;
    if (cause === 'coherence' && dropped > 0) this.#counters.repairs += 1;
  }

  /** Drops the entries that carry one of these tags and were loaded before its last eviction. */
  dropOvertaken(tags: readonly string[], cause: FenceCause): void {
    const index = this.#entries.tags;
    const overtaken = index?.keysOf(tags).filter((key) => index.of(key)?.isOvertaken) ?? [];
    this.#fenceMany(overtaken, cause);
  }

  /**
   * Fences what an eviction by this instance removes. Of tags, these are the entries that are held: reads
   * under way learn their tags later ({@link keep}).
   */
  fenceOf(eviction: Eviction): void {
    if (eviction === 'all') this.fenceAll('explicit');
    else if (hasTags(eviction)) this.#fenceMany(this.#entries.tags?.keysOf(eviction.tags) ?? [], 'explicit');
    else this.fence(eviction.keys, 'explicit');
  }

  /**
   * While entries are dropped one by one, nobody is served. If they are most of a large tier, the rest is
   * dropped too, which takes no time at all.
   */
  #fenceMany(keys: readonly string[], cause: FenceCause): void {
    if (keys.length >= MANY && 2 * keys.length > this.#entries.size) this.fenceAll(cause);
    else if (keys.length > 0) this.fence(keys, cause);
  }

  /**
   * Sets the read lease: entries may be served until this time on the instance's clock. `-Infinity`: not at
   * all.
   */
  holdLeaseUntil(time: Milliseconds): void {
    this.#bypassTime.account(this.#clock.now(), this.#entries.servableUntil);
    this.#entries.servableUntil = this.#isAlwaysServed ? Number.POSITIVE_INFINITY : time;
  }

  /**
   * The time on the instance's clock at which the read lease ends. `-Infinity`: there is no lease.
   * `Infinity`: the lease does not end by itself.
   */
  get leaseEndsAt(): Milliseconds {
    return this.#entries.servableUntil;
  }

  /** Whether entries may be served at `now`. */
  isServing(now: Milliseconds): boolean {
    return now <= this.#entries.servableUntil;
  }

  /**
   * The total time in which nothing could be served, since the first lease or the last
   * {@link resetBypassTime}.
   */
  get bypassTimeMs(): Milliseconds {
    return this.#bypassTime.total(this.#stoppedAt ?? this.#clock.now(), this.#entries.servableUntil);
  }

  resetBypassTime(): void {
    this.#bypassTime.reset(this.#clock.now(), this.#entries.servableUntil);
  }

  /** From now on, serves nothing and keeps nothing. */
  stop(): void {
    this.#keepsEntries = false;
    this.#stoppedAt ??= this.#clock.now();
    this.holdLeaseUntil(Number.NEGATIVE_INFINITY);
  }
}
