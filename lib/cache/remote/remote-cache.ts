import type { Keyv } from 'keyv';
import { RemoteCacheError } from '../../errors/index.js';
import type { CacheCounters, CacheEvents, TracedStep } from '../../event/index.js';
import type {
  EvictionLog,
  EvictionReceipt,
  FillEntry,
  FillLease,
  IntentChange,
  LeaseRequest,
  PutEntry,
  PutReceipt,
} from './eviction-log.js';
import type { RemoteGuard } from './remote-guard.js';
import type { Milliseconds } from '../../time/index.js';
import { UNREADABLE } from '../value/codec.js';
import type { Life } from '../value/envelope.js';
import { type EntryCodec, OTHER_VERSION, OVERTAKEN, type Reading, type RemoteEntry } from './entry-codec.js';
import { type Eviction, hasTags, type Withheld } from '../eviction.js';
import type { Generation } from './generation.js';
import { StepBatches } from './step-batches.js';
import type { TagClock } from '../tag/tag-clock.js';
import type { StampedTags } from '../tag/tagged.js';

/** What a {@link RemoteCache} needs. */
export interface RemoteCacheOptions {
  /**
   * Reads go through it; {@link EntryCodec.read} decodes them. Its store must throw errors, and must hold
   * nothing but this cache.
   */
  readonly keyv: Keyv;
  /** Writes go through it. */
  readonly log: EvictionLog;
  readonly codec: EntryCodec;
  readonly guard: RemoteGuard;
  /** The generation of its keys. */
  readonly generation: Generation;
  /** Of a cache with tags. Default: it has none. */
  readonly tags?: TagClock | undefined;
  /** Counts the steps that ask for tags. Default: nobody counts them. */
  readonly counters?: CacheCounters | undefined;
  /** Traces each step under the name `cache`, while `events` has a tracer. Default: steps are not traced. */
  readonly traced?: { readonly cache: string; readonly events: CacheEvents } | undefined;
}

/** What a cache needs of its remote tier. */
export type RemoteTier = Pick<RemoteCache, keyof RemoteCache>;

/**
 * Makes Keyv return the whole entry, with its end. Keyv itself finds no `expires` in the entry, so it does
 * not judge its end by this machine's clock.
 */
const RAW = { raw: true } as const;

/** The answer to {@link RemoteCache.acquire}: a fill lease, or the decoded entry that was found instead. */
export type FillLeaseReply = FillLease<RemoteEntry> | Useless;

/** The stored entry cannot be decoded, a tag of it was evicted since, or it is of another version. */
export interface Useless {
  readonly kind: 'unreadable' | 'overtaken' | 'otherVersion';
}

/**
 * L2: the entries of one cache on Redis (or in shared memory), as values. A hit is one plain GET through
 * Keyv. Every write is one script of the {@link EvictionLog}.
 *
 * In a cache with tags, an entry counts only if none of them was evicted since its load began. The
 * {@link TagClock} knows that; where it does not, one step more asks for the numbers.
 */
export class RemoteCache {
  readonly #keyv: Keyv;
  readonly #log: EvictionLog;
  readonly #codec: EntryCodec;
  readonly #guard: RemoteGuard;
  readonly #generation: Generation;
  readonly #tags: TagClock | undefined;
  readonly #counters: CacheCounters | undefined;
  readonly #traced: RemoteCacheOptions['traced'];
  readonly #gets: StepBatches<string, Reading>;
  readonly #acquires: StepBatches<LeaseRequest, FillLease>;
  readonly #fills: StepBatches<FillEntry, boolean>;

  constructor(options: RemoteCacheOptions) {
    this.#keyv = options.keyv;
    this.#log = options.log;
    this.#codec = options.codec;
    this.#guard = options.guard;
    this.#generation = options.generation;
    this.#tags = options.tags;
    this.#counters = options.counters;
    this.#traced = options.traced;
    const { log } = options;
    this.#gets = this.#batches('get', (keys, waitMs) => this.#read(keys as string[], waitMs));
    this.#acquires = this.#batches('acquire', (requests, waitMs) => log.acquire(requests, waitMs));
    this.#fills = this.#batches(
      'fill',
      (entries, waitMs) => log.fill(entries, waitMs),
      ({ raw }) => raw.length,
    );
  }

  #batches<I, O>(
    step: string,
    execute: (items: readonly I[], waitMs: Milliseconds | undefined) => Promise<readonly O[]>,
    lengthOf?: (item: I) => number,
  ): StepBatches<I, O> {
    const guard = this.#guard;
    return new StepBatches({
      isCrowded: () => guard.isCrowded === true,
      whenFree: (waitMs) => guard.whenFree?.(step, waitMs) ?? Promise.resolve(),
      execute,
      ...(lengthOf === undefined ? {} : { lengthOf }),
    });
  }

  /** The generation under which the keys are written; `undefined` until the first contact. */
  get generation(): string | undefined {
    return this.#generation.current;
  }

  /** Whether a remote step would be sent at all now. */
  get acceptsSteps(): boolean {
    return this.#guard.acceptsSteps;
  }

  /** Whether steps are refused because too many have failed. */
  get isTripped(): boolean {
    return this.#guard.isTripped === true;
  }

  /**
   * Whether a step is sent at once and not in a batch, because there are no other steps to share a batch
   * with.
   */
  get #isAlone(): boolean {
    return this.#guard.hasBegun !== true && this.#guard.isCrowded !== true;
  }

  /**
   * Reads what is stored under `key`: one GET, or a part of one MGET. The caller must know that its
   * generation is current, within the bound.
   *
   * @param askUntil - the time from which on it is too late to ask for tags: what only the remote tier can
   *   judge counts as overtaken then. Default: never.
   */
  get(key: string, waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<Reading> {
    if (this.#generation.isDoubted) return this.getAllCurrent([key], waitMs, askUntil).then(([entry]) => entry);
    if (this.#tags === undefined) return this.#getTraced(key, waitMs);
    const generation = this.#generation.current;
    return this.#getTraced(key, waitMs).then((reading) => this.#judge(reading, generation, askUntil));
  }

  /** Like {@link get}, for several keys: one MGET. */
  getAll(keys: string[]): Promise<Reading[]> {
    const generation = this.#generation.current;
    const readings = this.#trace('get', keys, () => this.#read(keys));
    return this.#tags === undefined ? readings : readings.then((all) => this.#judgeAll(all, generation));
  }

  #getTraced(key: string, waitMs?: Milliseconds): Promise<Reading> {
    if (this.#traced?.events.tracer === undefined) return this.#getOne(key, waitMs);
    return this.#trace('get', [key], () => this.#getOne(key, waitMs));
  }

  /**
   * Of what was read, only what no eviction of a tag has overtaken.
   *
   * @param generation - the one that was known when the read began.
   */
  #judge(reading: Reading, generation: string | undefined, askUntil?: Milliseconds): Reading | Promise<Reading> {
    const isAlive = this.#isAlive(reading, generation);
    if (isAlive === undefined) return this.#askInTime([reading], askUntil).then(([one]) => one);
    return isAlive ? reading : OVERTAKEN;
  }

  #judgeAll(readings: Reading[], generation: string | undefined, askUntil?: Milliseconds): Reading[] | Promise<Reading[]> {
    if (this.#tags === undefined) return readings;
    const verdicts = readings.map((reading) => this.#isAlive(reading, generation));
    if (verdicts.includes(undefined)) return this.#askInTime(readings, askUntil);
    return readings.map((reading, i) => (verdicts[i] === true ? reading : OVERTAKEN));
  }

  /** A rule of its own, for specs. */
  protected isOfNow(generation: string | undefined): boolean {
    return generation === this.#generation.current;
  }

  /** Whether no tag of an entry was evicted since. `undefined`: only the remote tier can tell. */
  #isAlive(reading: Reading, generation: string | undefined): boolean | undefined {
    const tagged = taggedIn(reading);
    if (tagged === undefined || this.#tags === undefined) return true;
    // Numbers of two generations cannot be compared.
    if (!this.isOfNow(generation) || this.#tags.isOvertaken(tagged.tags, tagged.since)) return false;
    return this.#tags.knows(tagged.tags, tagged.since) ? true : undefined;
  }

  async #askInTime(readings: readonly Reading[], until = Infinity): Promise<Reading[]> {
    const leftMs = until - (this.#tags as TagClock).now;
    if (leftMs >= 0) return this.#ask(readings, leftMs === Infinity ? undefined : leftMs);
    return readings.map((reading) => (taggedIn(reading) === undefined ? reading : OVERTAKEN));
  }

  /** Asks the remote tier for the numbers of all tags that occur, in one step. */
  async #ask(readings: readonly Reading[], waitMs?: Milliseconds): Promise<Reading[]> {
    const clock = this.#tags as TagClock;
    const all = [...new Set(readings.flatMap((reading) => taggedIn(reading)?.tags ?? []))];
    const { version } = clock;
    if (this.#counters !== undefined) this.#counters.tagReads += 1;
    const { floor, numbers } = await this.#trace('tags', [], () => this.#log.readTags(all, waitMs), all);
    const byTag = new Map(all.map((tag, i) => [tag, numbers[i]]));
    return readings.map((reading) => {
      const tagged = taggedIn(reading);
      if (tagged === undefined || tagged.tags.length === 0) return reading;
      const { tags, since } = tagged;
      const own = { floor, numbers: tags.map((tag) => byTag.get(tag)) };
      return clock.told(tags, since, own, version) ? reading : OVERTAKEN;
    });
  }

  #getOne(key: string, waitMs?: Milliseconds): Promise<Reading> {
    if (!this.#isAlone) return this.#gets.add(key, waitMs);
    return this.#guard.run('get', () => this.#keyv.get(key, RAW) as Promise<Reading>, 1, waitMs);
  }

  #read(keys: string[], waitMs?: Milliseconds): Promise<Reading[]> {
    if (this.#generation.isDoubted) return this.getAllCurrent(keys, waitMs);
    return this.#guard.run('get', () => this.#keyv.getMany(keys, RAW) as Promise<Reading[]>, keys.length, waitMs);
  }

  /** Like {@link getAll}, after checking the generation: for reads without a valid read lease. One MGET. */
  async getAllCurrent(keys: readonly string[], waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<Reading[]> {
    const generation = this.#generation.current;
    const raws = await this.#trace('get', keys, () => this.#log.readCurrent(keys, waitMs));
    const readings = raws.map((raw) => (raw === undefined ? undefined : this.#codec.read(raw)));
    return this.#judgeAll(readings, generation, askUntil);
  }

  /** Asks for a fill lease. */
  async acquire(request: LeaseRequest, waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<FillLeaseReply> {
    const ask = (): Promise<FillLease> =>
      this.#isAlone ? this.#log.acquire([request], waitMs).then(([reply]) => reply as FillLease) : this.#acquires.add(request, waitMs);
    const generation = this.#generation.current;
    const reply = await this.#trace('acquire', [request.key], ask);
    if (reply.kind === 'withheld') return reply;
    const raw = reply.kind === 'present' ? reply.entry : reply.old;
    if (raw === undefined) return reply as FillLeaseReply;
    const entry = await this.#judge(this.#codec.read(raw), generation, askUntil);
    if (reply.kind !== 'present') return { ...reply, old: typeof entry === 'object' ? entry : undefined };
    if (entry === UNREADABLE) return { kind: 'unreadable' };
    if (entry === OTHER_VERSION) return { kind: 'otherVersion' };
    return entry === OVERTAKEN ? { kind: 'overtaken' } : { kind: 'present', entry: entry as RemoteEntry };
  }

  /** Stores an encoded value that was loaded; `false` if the token is no longer valid. */
  fill(entry: FillEntry, waitMs?: Milliseconds): Promise<boolean> {
    const store = (): Promise<boolean> =>
      this.#isAlone ? this.#log.fill([entry], waitMs).then(([isStored]) => isStored === true) : this.#fills.add(entry, waitMs);
    return this.#trace('fill', [entry.key], store);
  }

  /** Gives an unused token back. */
  release(key: string, token: string): Promise<void> {
    return this.#log.release(key, token);
  }

  /**
   * The stored form of a value, with its life.
   *
   * @throws {CacheValueError} when the value cannot be encoded, or is too large.
   */
  encode(value: unknown, life: Life, tags?: readonly string[]): string {
    return this.#codec.encode(value, life, tags);
  }

  /** The clock of the tags of `key`. `undefined`: the cache has none. */
  tagClock(_key: string): TagClock | undefined {
    return this.#tags;
  }

  /** Stores encoded values, replacing any old ones, and announces their keys. */
  put(entries: readonly PutEntry[]): Promise<PutReceipt> {
    const keys = entries.map(({ key }) => key);
    return this.#trace('put', keys, () => this.#log.put(entries));
  }

  /**
   * Stores an encoded value if there is none. Otherwise returns what is there. An entry that cannot be used
   * is replaced, and a symbol that says why is returned.
   */
  async putIfAbsent(entry: PutEntry): Promise<Reading> {
    const generation = this.#generation.current;
    const present = await this.#trace('put', [entry.key], () => this.#log.putIfAbsent(entry));
    const reading = present === undefined ? undefined : await this.#judge(this.#codec.read(present), generation);
    if (typeof reading !== 'symbol') return reading;
    const { refusal } = await this.put([entry]);
    if (refusal === undefined) return reading;
    throw new RemoteCacheError(
      'CACHE_REMOTE_FAILED',
      `The remote tier did not store a value in the place of one that cannot be used: ${refusal}`,
    );
  }

  /** Removes and announces, in one round trip. See {@link EvictionLog.evict} for `intent`. */
  evict(eviction: Eviction, acks: boolean, intent?: IntentChange): Promise<EvictionReceipt> {
    const evict = (): Promise<EvictionReceipt> => this.#log.evict(eviction, acks, intent);
    if (eviction === 'all') return this.#trace('clear', [], evict);
    return hasTags(eviction) ? this.#trace('evictTagged', [], evict, eviction.tags) : this.#trace('evict', eviction.keys, evict);
  }

  /** See {@link EvictionLog.renewIntent}. */
  renewIntent(eviction: Withheld, intent: IntentChange): Promise<boolean> {
    return this.#log.renewIntent(eviction, intent);
  }

  /** See {@link EvictionLog.isWithheld}. */
  isWithheld(key: string): Promise<boolean> {
    return this.#log.isWithheld(key);
  }

  #trace<T>(
    step: Exclude<TracedStep['step'], 'load'>,
    keys: readonly string[],
    action: () => Promise<T>,
    tags?: readonly string[],
  ): Promise<T> {
    const traced = this.#traced;
    return traced === undefined ? action() : traced.events.trace({ cache: traced.cache, step, keys, tags }, action);
  }
}

/** What an entry says of its tags. */
const taggedIn = (reading: Reading): StampedTags | undefined => (typeof reading === 'object' ? reading.tagged : undefined);
