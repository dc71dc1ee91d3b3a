import type { Keyv } from 'keyv';
import { RemoteCacheError } from '../errors/index.js';
import type { CacheEvents, TracedStep } from '../event/index.js';
import type { EvictionLog, EvictionReceipt, FillEntry, LeaseReply, PutEntry } from './eviction-log.js';
import type { RemoteGuard } from './remote-guard.js';
import type { Milliseconds } from '../time/index.js';
import { UNREADABLE } from './codec.js';
import type { EntryCodec, Reading, RemoteEntry } from './entry-codec.js';
import { StepBatches } from './step-batches.js';

/** What a {@link RemoteCache} is made of. */
export interface RemoteCacheParts {
  /** Reads go through it, and are decoded by {@link EntryCodec.read}. Its store must raise errors, and hold nothing but this cache. */
  readonly keyv: Keyv;
  /** Writes go through it. */
  readonly log: EvictionLog;
  readonly codec: EntryCodec;
  readonly guard: RemoteGuard;
  /** Points `keyv` at the keys of another generation. */
  readonly useGeneration: (generation: string) => void;
  /** Whose tracer, while there is one, runs each step; under which name. Default: untraced. */
  readonly traced?: { readonly cache: string; readonly events: CacheEvents };
}

/** What a cache needs of its remote tier. */
export type RemoteTier = Pick<RemoteCache, keyof RemoteCache>;

/** Has Keyv answer with the whole entry, its end included. Keyv itself finds no end in it, and judges none by this machine's clock. */
const RAW = { raw: true } as const;

/** A lease reply with its value decoded. */
export type LoadPermit =
  | { readonly kind: 'present'; readonly entry: RemoteEntry }
  /** Something lies there that cannot be decoded. */
  | { readonly kind: 'unreadable' }
  | Exclude<LeaseReply, { readonly kind: 'present' }>;

/**
 * L2: one cache's entries on Redis (or in shared memory), as values.
 * A hit is one plain GET through Keyv; every write is one script of the {@link EvictionLog}.
 */
export class RemoteCache {
  readonly #keyv: Keyv;
  readonly #log: EvictionLog;
  readonly #codec: EntryCodec;
  readonly #guard: RemoteGuard;
  readonly #useGeneration: (generation: string) => void;
  readonly #traced: RemoteCacheParts['traced'];
  readonly #gets: StepBatches<string, Reading>;
  readonly #acquires: StepBatches<string, LeaseReply>;
  readonly #fills: StepBatches<FillEntry, boolean>;
  #generation: string | undefined;
  /** Named by a message, and by no reply yet. */
  #rumoured: string | undefined;

  constructor(parts: RemoteCacheParts) {
    this.#keyv = parts.keyv;
    this.#log = parts.log;
    this.#codec = parts.codec;
    this.#guard = parts.guard;
    this.#useGeneration = parts.useGeneration;
    this.#traced = parts.traced;
    const { log } = parts;
    this.#gets = this.#batches('get', (keys, waitMs) => this.#read(keys as string[], waitMs));
    this.#acquires = this.#batches('acquire', (keys, waitMs) => log.acquire(keys, false, waitMs));
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

  /** Whether a remote step would be tried at all now. */
  get isUsable(): boolean {
    return this.#guard.isOpenForUse;
  }

  /** Whether steps are refused because too many have failed. */
  get isBroken(): boolean {
    return this.#guard.isOpen === true;
  }

  /** The generation its keys are written under; `undefined` until the first contact. */
  get generation(): string | undefined {
    return this.#generation;
  }

  /**
   * Moves to a newer generation of keys; an older one than the present is ignored, unless it is a replacement of what was damaged. Answers
   * whether something may have been read of another one meanwhile: not after {@link doubtGeneration} has named it.
   */
  useGeneration(generation: string, isReplacement = false): boolean {
    const before = this.#generation;
    if (before !== undefined && (generation === before || (Number(generation) < Number(before) && !isReplacement))) return false;
    const isExpected = generation === this.#rumoured;
    if (isExpected) this.#rumoured = undefined;
    this.#generation = generation;
    this.#useGeneration(generation);
    return !isExpected;
  }

  /** From now on {@link get} and {@link getAll} make sure of the generation, as {@link getAllCurrent} does. */
  doubtGeneration(generation: string): void {
    this.#rumoured = generation;
  }

  /** Ends {@link doubtGeneration}. */
  trustGeneration(): void {
    this.#rumoured = undefined;
  }

  /** Whether a step goes out by itself and at once: it has no company to travel with. */
  get #isAlone(): boolean {
    return this.#guard.hasBegun !== true && this.#guard.isCrowded !== true;
  }

  /** What is stored under `key`: one GET, or a part of one MGET. The caller must know its generation to be current, within the bound. */
  get(key: string, waitMs?: Milliseconds): Promise<Reading> {
    if (this.#rumoured !== undefined) return this.getAllCurrent([key], waitMs).then(([entry]) => entry);
    if (this.#traced?.events.tracer === undefined) return this.#getOne(key, waitMs);
    return this.#trace('get', [key], () => this.#getOne(key, waitMs));
  }

  /** As {@link get} for several keys: one MGET. */
  getAll(keys: string[]): Promise<Reading[]> {
    return this.#trace('get', keys, () => this.#read(keys));
  }

  #getOne(key: string, waitMs?: Milliseconds): Promise<Reading> {
    if (!this.#isAlone) return this.#gets.add(key, waitMs);
    return this.#guard.run('get', () => this.#keyv.get(key, RAW) as Promise<Reading>, 1, waitMs);
  }

  #read(keys: string[], waitMs?: Milliseconds): Promise<Reading[]> {
    if (this.#rumoured !== undefined) return this.getAllCurrent(keys, waitMs);
    return this.#guard.run('get', () => this.#keyv.getMany(keys, RAW) as Promise<Reading[]>, keys.length, waitMs);
  }

  /** As {@link getAll}, after making sure of the generation: for reads without a valid read lease. One MGET. */
  async getAllCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<Reading[]> {
    const raws = await this.#trace('get', keys, () => this.#log.readCurrent(keys, waitMs));
    return raws.map((raw) => (raw === undefined ? undefined : this.#codec.read(raw)));
  }

  /** Asks for the right to fill `key`. With `replace`, what is there is unreadable: drop it. */
  async acquire(key: string, replace: boolean, waitMs?: Milliseconds): Promise<LoadPermit> {
    const ask = (): Promise<LeaseReply> =>
      replace || this.#isAlone
        ? this.#log.acquire([key], replace, waitMs).then(([reply]) => reply as LeaseReply)
        : this.#acquires.add(key, waitMs);
    const reply = await this.#trace('acquire', [key], ask);
    if (reply.kind !== 'present') return reply;
    const entry = this.#codec.read(reply.raw);
    return entry === UNREADABLE ? { kind: 'unreadable' } : { kind: 'present', entry };
  }

  /** Stores an encoded value that was loaded; `false` when the token no longer stands. */
  fill(key: string, token: string, raw: string, ttlMs: Milliseconds, waitMs?: Milliseconds): Promise<boolean> {
    const entry = { key, token, raw, ttlMs };
    const store = (): Promise<boolean> =>
      this.#isAlone ? this.#log.fill([entry], waitMs).then(([isStored]) => isStored === true) : this.#fills.add(entry, waitMs);
    return this.#trace('fill', [key], store);
  }

  /** Gives a token back unused. */
  release(key: string, token: string): Promise<void> {
    return this.#log.release(key, token);
  }

  /**
   * The stored form of a value that is to live for `ttlMs` from when it is stored.
   *
   * @throws {CacheValueError} when it cannot be encoded, or is too large.
   */
  encode(value: unknown, ttlMs: Milliseconds): string {
    return this.#codec.encode(value, ttlMs);
  }

  /** Stores encoded values whatever is there, and announces their keys. Answers why they were refused, if they were. */
  put(entries: readonly PutEntry[]): Promise<string | undefined> {
    const keys = entries.map(({ key }) => key);
    return this.#trace('put', keys, () => this.#log.put(entries));
  }

  /** Stores an encoded value if there is none; else answers what is there. What is unreadable is replaced, and told. */
  async putIfAbsent(key: string, raw: string, ttlMs: Milliseconds): Promise<Reading> {
    const present = await this.#trace('put', [key], () => this.#log.putIfAbsent(key, raw, ttlMs));
    const entry = present === undefined ? undefined : this.#codec.read(present);
    if (entry !== UNREADABLE) return entry;
    const refusal = await this.put([{ key, raw, ttlMs }]);
    if (refusal === undefined) return entry;
    throw new RemoteCacheError(
      'CACHE_REMOTE_FAILED',
      `The remote tier did not store a value in the place of an unreadable one: ${refusal}`,
    );
  }

  /** Removes and announces, in one round trip. */
  evict(keys: readonly string[], acks: boolean): Promise<EvictionReceipt> {
    return this.#trace('evict', keys, () => this.#log.evict(keys, acks));
  }

  /** Makes every entry unreachable and announces it, in one round trip. */
  clear(acks: boolean): Promise<EvictionReceipt> {
    return this.#trace('clear', [], () => this.#log.clear(acks));
  }

  #trace<T>(step: Exclude<TracedStep['step'], 'load'>, keys: readonly string[], action: () => Promise<T>): Promise<T> {
    const traced = this.#traced;
    return traced === undefined ? action() : traced.events.trace({ cache: traced.cache, step, keys }, action);
  }
}
