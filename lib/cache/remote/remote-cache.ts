import type { Keyv } from 'keyv';
import { RemoteCacheError } from '../../errors/index.js';
import type { CacheCounters, CacheEvents, TracedStep } from '../../event/index.js';
import type {
  EvictionLog,
  EvictionReceipt,
  FillEntry,
  FillLease,
  HeldLease,
  IntentChange,
  LeaseRequest,
  PutEntry,
  PutReceipt,
} from './eviction-log.js';
import type { RemoteGuard } from './remote-guard.js';
import type { Milliseconds } from '../../time/index.js';
import { UNREADABLE } from '../value/codec.js';
import type { Life } from '../value/envelope.js';
import { MAXIMUM_CHUNK } from '../chunks.js';
import { type EntryCodec, OTHER_VERSION, OVERTAKEN, type Reading, type RemoteEntry } from './entry-codec.js';
import { type Eviction, hasTags, type Withheld } from '../eviction.js';
import type { Generation } from './generation.js';
import { StepBatches } from './step-batches.js';
import { TagJudge } from './tag-judge.js';
import type { TagClock } from '../tag/tag-clock.js';

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
  readonly #judge: TagJudge | undefined;
  readonly #traced: RemoteCacheOptions['traced'];
  readonly #gets: StepBatches<string, Reading>;
  readonly #acquires: StepBatches<LeaseRequest, FillLease>;
  readonly #fills: StepBatches<FillEntry, boolean>;
  readonly #currents: StepBatches<string, Reading>;
  readonly #releases: StepBatches<HeldLease, void>;

  constructor(options: RemoteCacheOptions) {
    this.#keyv = options.keyv;
    this.#log = options.log;
    this.#codec = options.codec;
    this.#guard = options.guard;
    this.#generation = options.generation;
    this.#tags = options.tags;
    this.#traced = options.traced;
    const { log, tags, counters } = options;
    this.#gets = this.#batches('get', (keys, waitMs) => this.#read(keys as string[], waitMs), lengthOfKey);
    this.#acquires = this.#batches('acquire', (requests, waitMs) => log.acquire(requests, waitMs), lengthOf);
    this.#fills = this.#batches(
      'fill',
      (entries, waitMs) => log.fill(entries, waitMs),
      ({ raw }) => raw.length,
    );
    this.#currents = this.#batches('get', (keys, waitMs) => this.#readCurrent(keys, waitMs), lengthOfKey);
    const release = (leases: readonly HeldLease[]): Promise<void[]> => log.release(leases).then(() => []);
    this.#releases = this.#batches('release', release, lengthOf);
    if (tags === undefined) return;
    this.#judge = new TagJudge({
      clock: tags,
      counters,
      isOfNow: (generation) => this.isOfNow(generation),
      readTags: (names, waitMs) => this.#trace('tags', [], () => log.readTags(names, waitMs), names),
      batches: (execute) => this.#batches('tags', execute),
    });
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
   * @param isOneOfMany - whether its caller waits for many others as well. Default: `false`.
   */
  get(key: string, askUntil?: Milliseconds, isOneOfMany = false): Promise<Reading> {
    if (this.#generation.isDoubted) return this.getCurrent(key, askUntil, isOneOfMany);
    const judge = this.#judge;
    if (judge === undefined) return this.#getTraced(key, isOneOfMany);
    const generation = this.#generation.current;
    return this.#getTraced(key, isOneOfMany).then((reading) => judge.judge(reading, generation, askUntil, mostOf(isOneOfMany)));
  }

  /** Like {@link get}, after checking the generation: for a read without a valid read lease. */
  getCurrent(key: string, askUntil?: Milliseconds, isOneOfMany = false): Promise<Reading> {
    if (!isOneOfMany) return this.getAllCurrent([key], undefined, askUntil).then(([entry]) => entry);
    const generation = this.#generation.current;
    const most = mostOf(isOneOfMany);
    const read = this.#trace('get', [key], () => this.#currents.add(key, undefined, most));
    return read.then((reading) => this.#judge?.judge(reading, generation, askUntil, most) ?? reading);
  }

  /** Like {@link get}, for several keys: one MGET. */
  getAll(keys: string[]): Promise<Reading[]> {
    const generation = this.#generation.current;
    const readings = this.#trace('get', keys, () => this.#read(keys));
    const judge = this.#judge;
    return judge === undefined ? readings : readings.then((all) => judge.judgeAll(all, generation));
  }

  #getTraced(key: string, isOneOfMany: boolean): Promise<Reading> {
    if (this.#traced?.events.tracer === undefined) return this.#getOne(key, isOneOfMany);
    return this.#trace('get', [key], () => this.#getOne(key, isOneOfMany));
  }

  /** Numbers of evictions are compared only within the current generation. A rule of its own, for specs. */
  protected isOfNow(generation: string | undefined): boolean {
    return generation === this.#generation.current;
  }

  #getOne(key: string, isOneOfMany: boolean): Promise<Reading> {
    if (isOneOfMany || !this.#isAlone) return this.#gets.add(key, undefined, mostOf(isOneOfMany));
    return this.#guard.run('get', () => this.#keyv.get(key, RAW) as Promise<Reading>, 1);
  }

  #read(keys: string[], waitMs?: Milliseconds): Promise<Reading[]> {
    if (this.#generation.isDoubted) return this.getAllCurrent(keys, waitMs);
    return this.#guard.run('get', () => this.#keyv.getMany(keys, RAW) as Promise<Reading[]>, keys.length, waitMs);
  }

  /** Like {@link getAll}, after checking the generation: for reads without a valid read lease. One MGET. */
  async getAllCurrent(keys: readonly string[], waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<Reading[]> {
    const generation = this.#generation.current;
    const readings = await this.#trace('get', keys, () => this.#readCurrent(keys, waitMs));
    return this.#judge?.judgeAll(readings, generation, askUntil) ?? readings;
  }

  async #readCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<Reading[]> {
    const raws = await this.#log.readCurrent(keys, waitMs);
    return raws.map((raw) => (raw === undefined ? undefined : this.#codec.read(raw)));
  }

  /** Asks for a fill lease. */
  async acquire(request: LeaseRequest, waitMs?: Milliseconds, askUntil?: Milliseconds): Promise<FillLeaseReply> {
    const { isOneOfMany = false } = request;
    const most = mostOf(isOneOfMany);
    const ask = (): Promise<FillLease> =>
      this.#isAlone && !isOneOfMany
        ? this.#log.acquire([request], waitMs).then(([reply]) => reply as FillLease)
        : this.#acquires.add(request, waitMs, most);
    this.#releases.flush(); // One of them may be of the same key.
    const generation = this.#generation.current;
    const reply = await this.#trace('acquire', [request.key], ask);
    if (reply.kind === 'withheld') return reply;
    const raw = reply.kind === 'present' ? reply.entry : reply.old;
    if (raw === undefined) return reply as FillLeaseReply;
    const read = this.#codec.read(raw);
    const entry = await (this.#judge?.judge(read, generation, askUntil, most) ?? read);
    if (reply.kind !== 'present') return { ...reply, old: typeof entry === 'object' ? entry : undefined };
    if (entry === UNREADABLE) return { kind: 'unreadable' };
    if (entry === OTHER_VERSION) return { kind: 'otherVersion' };
    return entry === OVERTAKEN ? { kind: 'overtaken' } : { kind: 'present', entry: entry as RemoteEntry };
  }

  /** Stores an encoded value that was loaded; `false` if the token is no longer valid. */
  fill(entry: FillEntry, waitMs?: Milliseconds): Promise<boolean> {
    const { isOneOfMany = false } = entry;
    const store = (): Promise<boolean> =>
      this.#isAlone && !isOneOfMany
        ? this.#log.fill([entry], waitMs).then(([isStored]) => isStored === true)
        : this.#fills.add(entry, waitMs, mostOf(isOneOfMany));
    return this.#trace('fill', [entry.key], store);
  }

  /** Gives an unused token back. Those of one turn share a step. */
  release(lease: HeldLease): Promise<void> {
    return this.#isAlone && lease.isOneOfMany !== true ? this.#log.release([lease]) : this.#releases.add(lease, undefined, MAXIMUM_CHUNK);
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
    const read = present === undefined ? undefined : this.#codec.read(present);
    const reading = await (this.#judge?.judge(read, generation) ?? read);
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

const lengthOfKey = ({ length }: string): number => length;

const lengthOf = ({ key }: { readonly key: string }): number => key.length;

/** How many may share a step with one whose caller waits for many. */
const mostOf = (isOneOfMany: boolean): number | undefined => (isOneOfMany ? MAXIMUM_CHUNK : undefined);
