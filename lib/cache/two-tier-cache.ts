import { CacheKeyError, CacheValueError, RemoteCacheError } from '../errors/index.js';
import type { CacheCounters, CacheEvents, CacheStatistics } from '../event/index.js';
import { type Clock, type Duration, type Milliseconds, parseComputedTtl, parseDuration } from '../time/index.js';
import { begunAt, checkKeys, checkLoader, wantsAcks } from './arguments.js';
import { BypassTime } from './bypass-time.js';
import { Cache, type EvictOptions, type LoadOptions, type PutOptions } from './cache.js';
import type { CacheKey } from './cache-key.js';
import { CallsUnderWay, stopped } from './calls-under-way.js';
import { UNREADABLE } from './codec.js';
import type { Reading, RemoteEntry } from './entry-codec.js';
import { encodeKey } from './encode-key.js';
import { chunksOf } from './chunks.js';
import { EvictionBatches } from './eviction-batches.js';
import type { CoherentCache, EvictionReceipt, PutEntry } from './eviction-log.js';
import type { KeyInspection, TierInspection } from './key-inspection.js';
import { KeyMemo } from './key-memo.js';
import { Load } from './load.js';
import type { LocalCache } from './local-cache.js';
import { MissForecast } from './miss-forecast.js';
import { inWords, PendingEvictions } from './pending-evictions.js';
import { PutBatches } from './put-batches.js';
import { type Read, Reads } from './reads.js';
import type { LoadPermit, RemoteTier } from './remote-cache.js';
import { LATE, SharedLoad } from './shared-load.js';
import { TransientMap } from './transient-map.js';
import type { ValueWrapper } from './value-wrapper.js';

/** A cache's options, resolved: nothing is optional and every duration is in milliseconds. */
export interface TwoTierCacheSettings {
  readonly tiers: 'both' | 'local' | 'remote';
  /** Life of an entry since it was written; `0` = without end, which in the remote tier is {@link ENDLESS_MS}. */
  readonly ttlMs: Milliseconds;
  /** The most an entry may live in the local tier; `0` = as long as in the remote one. */
  readonly localTtlMs: Milliseconds;
  /** Life of a cached `null` or `undefined`. */
  readonly nullTtlMs: Milliseconds;
  /** The fraction of its life, from 0 to 1, that an entry may lose at random. Default: `0`. */
  readonly ttlJitter?: number;
  readonly allowNullValues: boolean;
  readonly whenDisconnected: 'bypass' | 'serve';
  /** Deadline of one remote step. */
  readonly timeoutMs: Milliseconds;
  /** The most one call waits for the remote tier in all its steps, waiting for another instance's load included. */
  readonly deadlineMs: Milliseconds;
  /** How long a fill lease holds, and the longest that others wait for a load they joined. Default: `30_000`. */
  readonly fillLeaseMs?: Milliseconds;
}

/** What a {@link TwoTierCache} is made of. */
export interface TwoTierCacheParts {
  readonly name: string;
  readonly settings: TwoTierCacheSettings;
  readonly local: LocalCache;
  readonly remote: RemoteTier;
  readonly clock: Clock;
  readonly events: CacheEvents;
  readonly counters: CacheCounters;
  /** Counts the writes, for a shutdown to wait for. Default: the cache's own, which nobody closes. */
  readonly calls?: CallsUnderWay;
}

/** The character code of `~`, with which the canonical form of everything but a plain string begins. */
const TAG = 126;
const FIRST_POLL_MS = 2;
const LONGEST_POLL_MS = 50;
const DEFAULT_FILL_LEASE_MS = 30_000;

/** How long the remote tier keeps an entry without end. What nobody can reach any more, as after a `clear`, must not lie there for ever. */
export const ENDLESS_MS: Milliseconds = 30 * 86_400_000;

/** The most fill leases that are kept to be given back later. */
const MAXIMUM_OWED_LEASES = 1_000;

/** One call of {@link TwoTierCache.getOrLoad} that nothing in the process answers. */
interface LoadCall<V> {
  readonly key: string;
  readonly read: Read;
  readonly load: SharedLoad;
  readonly loader: () => V | Promise<V>;
  readonly options: LoadOptions<V>;
  readonly now: Milliseconds;
}

/** L2 may not be looked into. */
const NOT_LOOKED = Symbol('not looked');
/** Nothing was expected there. */
const EXPECTED = Symbol('expected to be a miss');
/** How a look into L2 went that found no entry. */
type Looked = typeof NOT_LOOKED | typeof EXPECTED | typeof UNREADABLE | undefined | { readonly error: unknown };

/**
 * Two tiers as one cache: a Map in the process (L1) before Redis (L2).
 *
 * What keeps it coherent, each with a counter-example in `docs/coherence.md`:
 * - L1 is served only while the read lease holds; outside of it (bypass) reads use L2, after checking the generation, or the loader.
 * - A read fills L1 only if its ticket still stands, L2 only with a fill lease that it took before its loader began.
 * - An eviction fences L1 before its script is sent *and* again when it is acknowledged: a read between the two may have brought the old
 *   value back. Loads it overtakes are detached; nobody joins them any more.
 * - An eviction that is not acknowledged keeps its keys out of both tiers until it is.
 */
export class TwoTierCache extends Cache implements CoherentCache {
  override readonly name: string;
  readonly #settings: TwoTierCacheSettings;
  readonly #fillLeaseMs: Milliseconds;
  readonly #local: LocalCache;
  readonly #remote: RemoteTier;
  readonly #clock: Clock;
  readonly #events: CacheEvents;
  readonly #counters: CacheCounters;
  readonly #calls: CallsUnderWay;
  readonly #pending: PendingEvictions;
  readonly #bypassTime: BypassTime;
  readonly #evictions = new EvictionBatches((keys, acks) => this.#pending.submit(keys, acks));
  readonly #puts = new PutBatches((entries) => this.#putAll(entries));
  readonly #forecast = new MissForecast();
  /** Written-out forms of keys that were found in L1. */
  readonly #keys = new KeyMemo();
  readonly #reads = new Reads();
  /** Keys of own writes that Redis has not answered yet, and how many writes each. */
  readonly #unanswered = new TransientMap<string, number>();
  /** Fill leases that could not be given back yet, each with its key. */
  readonly #owed = new Map<string, string>();
  #isStopped = false;
  #stoppedAt: Milliseconds | undefined;
  /** Set while the cache is joining the fleet for the first time. */
  #joining: Promise<void> | undefined;

  constructor(parts: TwoTierCacheParts) {
    super();
    this.name = parts.name;
    this.#settings = parts.settings;
    this.#fillLeaseMs = parts.settings.fillLeaseMs ?? DEFAULT_FILL_LEASE_MS;
    this.#local = parts.local;
    this.#remote = parts.remote;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#counters = parts.counters;
    this.#calls = parts.calls ?? new CallsUnderWay(parts.settings.deadlineMs);
    this.#pending = new PendingEvictions({
      cache: parts.name,
      clock: parts.clock,
      events: parts.events,
      deadlineMs: parts.settings.deadlineMs,
      execute: (keys, acks) => (keys === 'all' ? this.#remote.clear(acks) : this.#remote.evict(keys, acks)),
      fence: (keys) => (keys === 'all' ? this.#fenceAll('explicit') : this.#drop(keys, 'explicitRemovals')),
      calls: this.#calls,
    });
    // Entries of both tiers end together, unless the local ones have a life of their own.
    if (parts.settings.localTtlMs === 0) parts.local.expired = (key) => this.#forecast.gone([key]);
    this.#bypassTime = new BypassTime(parts.clock.now());
    this.serveUntil(Number.NEGATIVE_INFINITY);
  }

  // ——— reading ———

  override peek(key: CacheKey): Promise<unknown> | undefined {
    // Every key in L1 is canonical, and a string that does not begin with the tag is found only if it stands for itself.
    if (typeof key === 'string' && key.charCodeAt(0) !== TAG) return this.#peek(key);
    const remembered = this.#keys.get(key);
    if (remembered !== undefined) return this.#peek(remembered);
    const encoded = encodeKey(key);
    const hit = this.#peek(encoded);
    if (hit !== undefined) this.#keys.set(key, encoded);
    return hit;
  }

  #peek(encoded: string): Promise<unknown> | undefined {
    const hit = this.#local.peek(encoded, this.#clock.now());
    if (hit !== undefined) this.#counters.localHits += 1;
    return hit;
  }

  override async get<V = unknown>(key: CacheKey): Promise<ValueWrapper<V> | undefined> {
    const encoded = encodeKey(key);
    if (this.#joining !== undefined) await this.#joining;
    const hit = this.#local.get(encoded, this.#clock.now());
    if (hit !== undefined) {
      this.#counters.localHits += 1;
      return { value: hit.value as V };
    }
    if (!this.isServing(this.#clock.now())) this.#counters.bypassed += 1;
    if (!this.#readsRemote(encoded)) {
      this.#counters.misses += 1;
      return undefined;
    }
    const read = this.#reads.begin(encoded);
    try {
      const entry = this.#entryIn(await this.#getRemote(encoded));
      if (entry === undefined) this.#counters.misses += 1;
      return entry === undefined ? undefined : { value: this.#keep(encoded, read, entry) as V };
    } catch (error) {
      this.#counters.remoteFailures += 1;
      throw error;
    } finally {
      this.#reads.end(encoded, read);
    }
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    checkKeys(keys);
    const encoded = keys.map(encodeKey);
    if (this.#joining !== undefined) await this.#joining;
    const now = this.#clock.now();
    const found: (ValueWrapper<V> | undefined)[] = encoded.map((key) => {
      const hit = this.#local.get(key, now);
      return hit === undefined ? undefined : { value: hit.value as V };
    });
    const missing = [...new Set(encoded.filter((key, i) => found[i] === undefined && this.#readsRemote(key)))];
    this.#counters.localHits += found.filter((wrapper) => wrapper !== undefined).length;
    if (!this.isServing(now)) this.#counters.bypassed += found.length;
    if (missing.length === 0) {
      this.#counters.misses += found.filter((wrapper) => wrapper === undefined).length;
      return found;
    }
    const reads = missing.map((key) => this.#reads.begin(key));
    try {
      const entries = await this.#getAllRemote(missing);
      const fetched = new Map<string, ValueWrapper<V>>();
      missing.forEach((key, i) => {
        const entry = this.#entryIn(entries[i]);
        if (entry !== undefined) fetched.set(key, { value: this.#keep(key, reads[i] as Read, entry) as V });
      });
      return found.map((wrapper, i) => {
        const result = wrapper ?? fetched.get(encoded[i] as string);
        if (result === undefined) this.#counters.misses += 1;
        return result;
      });
    } catch (error) {
      this.#counters.remoteFailures += 1;
      throw error;
    } finally {
      missing.forEach((key, i) => this.#reads.end(key, reads[i] as Read));
    }
  }

  override getOrLoad<V>(key: CacheKey, loader: () => V | Promise<V>, options: LoadOptions<V> = {}): Promise<V> {
    let encoded: string;
    try {
      checkLoader(loader);
      encoded = encodeKey(key);
    } catch (error) {
      return refused(error, options);
    }
    const now = this.#clock.now();
    const hit = this.#local.peek(encoded, now);
    if (hit !== undefined) {
      this.#counters.localHits += 1;
      return hit as Promise<V>;
    }
    if (this.#joining !== undefined) return this.#joining.then(() => this.getOrLoad(key, loader, options));
    const isServing = this.isServing(now);
    if (!isServing) this.#counters.bypassed += 1;
    // Who reads without a lease must not join: the load may be older than an eviction this instance has not heard of.
    const mayJoin = isServing && options.join !== false;
    const running = this.#reads.loadOf(encoded, now, this.#fillLeaseMs);
    if (running?.needsCaller === true) return this.#loadAlone(encoded, loader);
    if (mayJoin && running !== undefined) {
      this.#counters.joined += 1;
      return this.#join(encoded, running, loader, options);
    }
    return this.#beginLoad(encoded, loader, options, now, mayJoin).promise as Promise<V>;
  }

  #beginLoad<V>(key: string, loader: () => V | Promise<V>, options: LoadOptions<V>, now: Milliseconds, mayBeJoined: boolean): SharedLoad {
    const load = new SharedLoad(this.name, key, now);
    const read = this.#reads.begin(key);
    load.promise = this.#load({ key, read, load, loader, options, now });
    if (mayBeJoined) read.load = load;
    return load;
  }

  // Not `async` on the way to a hit in L2: one GET, one callback.
  #load<V>(call: LoadCall<V>): Promise<V> {
    const { key, read, load, now } = call;
    if (!this.#readsRemote(key)) return this.#loadMissed(call, NOT_LOOKED);
    if (this.#forecast.expectsMiss(key)) return this.#loadMissed(call, EXPECTED);
    return this.#getRemote(key, now).then(
      (reading) => {
        const entry = this.#entryIn(reading);
        this.#forecast.saw(key, entry === undefined);
        if (entry === undefined) return this.#loadMissed(call, reading === UNREADABLE ? UNREADABLE : undefined);
        try {
          return this.#keep(key, read, entry) as V;
        } finally {
          this.#reads.end(key, read);
          load.end();
        }
      },
      (error: unknown) => this.#loadMissed(call, { error }),
    );
  }

  /** @param looked - how L2 was looked into. */
  async #loadMissed<V>(call: LoadCall<V>, looked: Looked): Promise<V> {
    const { key, read, load, loader, options } = call;
    let token: string | undefined;
    try {
      const permit = looked === NOT_LOOKED ? undefined : await this.#permit(call, looked);
      if (permit?.kind === 'present') return this.#keep(key, read, permit.entry) as V;
      if (permit?.kind === 'granted') token = permit.token;
      this.#counters.misses += 1;
      const value = await this.#run(key, load, loader);
      if (options.unless?.(value) !== true && (await this.#store(key, read, token, value, options))) token = undefined;
      return value;
    } finally {
      this.#giveBack(key, token);
      this.#reads.end(key, read);
      load.end();
    }
  }

  /** The load under way waits for this caller, so the caller must not wait for it. The right to fill is with that load. */
  #loadAlone<V>(key: string, loader: () => V | Promise<V>): Promise<V> {
    this.#counters.misses += 1;
    return this.#run(key, new Load(), loader);
  }

  /**
   * Waits for another's load, as long as one may. Those who waited in vain share one new load: because it lasted too long, or (once, with
   * `isSecond`) because the caller who ran it was aborted, which is no news about the value.
   */
  #join<V>(key: string, load: SharedLoad, loader: () => V | Promise<V>, options: LoadOptions<V>, isSecond = false): Promise<V> {
    return load.join(this.#clock, this.#fillLeaseMs).then(
      (value) => (value === LATE ? this.#succeed(key, load, loader, options, isSecond) : (value as V)),
      (error: unknown) => {
        if (isSecond || !isAbort(error)) throw error;
        return this.#succeed(key, load, loader, options, true);
      },
    );
  }

  /** Runs the load that comes after `load`, or joins it. Even without a lease: it began after all who had joined `load` had asked. */
  #succeed<V>(key: string, load: SharedLoad, loader: () => V | Promise<V>, options: LoadOptions<V>, isSecond: boolean): Promise<V> {
    const now = this.#clock.now();
    const isServing = this.isServing(now);
    const running = load.successor ?? (isServing ? this.#reads.loadOf(key, now, this.#fillLeaseMs) : undefined);
    if (running?.needsCaller === true) return this.#loadAlone(key, loader);
    load.successor = running ?? this.#beginLoad(key, loader, options, now, isServing);
    return running === undefined ? (load.successor.promise as Promise<V>) : this.#join(key, running, loader, options, isSecond);
  }

  /**
   * The right to fill L2, or what it holds after all, or (another instance is loading, for longer than we may wait) `busy`; `undefined` if
   * Redis does not say. Nobody waits for a load that waits for him.
   */
  async #permit<V>({ key, load, options, now }: LoadCall<V>, looked: Looked): Promise<LoadPermit | undefined> {
    const { deadlineMs, timeoutMs } = this.#settings;
    const lastStep = now + deadlineMs - 2 * timeoutMs; // One step may start then, and the fill comes after the load.
    let replaces = looked === UNREADABLE; // What is there later is another's.
    try {
      if (typeof looked === 'object') throw looked.error;
      for (let pause = FIRST_POLL_MS; ; pause = Math.min(1.5 * pause, LONGEST_POLL_MS)) {
        const waitMs = Math.max(0, lastStep + timeoutMs - this.#clock.now());
        let permit = await this.#remote.acquire(key, replaces, waitMs);
        replaces = false;
        if (permit.kind === 'unreadable') {
          this.#counters.remoteFailures += 1;
          permit = await this.#remote.acquire(key, true, waitMs);
        }
        const isOver = permit.kind !== 'busy' || this.#isStopped || this.#clock.now() + pause > lastStep;
        if (isOver || !(await load.waitForLease(() => new Promise((resolve) => setTimeout(resolve, pause))))) {
          if (looked === EXPECTED) this.#forecast.saw(key, permit.kind !== 'present');
          return permit;
        }
      }
    } catch (error) {
      this.#counters.remoteFailures += 1;
      options.onError?.('get', error);
      return undefined;
    }
  }

  async #run<V>(key: string, load: Load, loader: () => V | Promise<V>): Promise<V> {
    const begun = this.#clock.now();
    this.#counters.loads += 1;
    try {
      return await load.enter(() => this.#events.trace({ cache: this.name, step: 'load', keys: [key] }, loader));
    } catch (error) {
      this.#counters.loadFailures += 1;
      throw error;
    } finally {
      load.leave();
      this.#counters.loadTimeMs += this.#clock.now() - begun;
    }
  }

  /** Stores a loaded value where that is right. Answers whether the fill lease is gone. */
  async #store<V>(key: string, read: Read, token: string | undefined, value: V, options: LoadOptions<V>): Promise<boolean> {
    try {
      const ttlMs = this.#ttlOfLoaded(value, options.ttl);
      if (ttlMs === undefined) return false;
      this.#refuseNull(value);
      if (this.#settings.tiers === 'local') {
        if (!this.#pending.isDoubtful(key)) this.#keepLocally(key, read, value, this.#clock.now() + ttlMs);
        return true;
      }
      if (token === undefined) return true;
      if (this.#reads.isCancelled(read) || this.#pending.isDoubtful(key)) {
        this.#counters.refusedFills += 1;
        return false;
      }
      const raw = this.#remote.encode(value, ttlMs);
      const now = this.#clock.now(); // L1 must not outlive L2, whose life begins later.
      if (await this.#remote.fill(key, token, raw, ttlMs, this.#settings.timeoutMs)) {
        this.#counters.fills += 1;
        this.#keepLocally(key, read, value, now + ttlMs);
      } else {
        this.#counters.refusedFills += 1;
      }
      return true;
    } catch (error) {
      if (error instanceof RemoteCacheError) this.#counters.remoteFailures += 1;
      options.onError?.('put', error, value);
      return false;
    }
  }

  #getRemote(key: string, now = this.#clock.now()): Promise<Reading> {
    if (this.isServing(now)) return this.#remote.get(key);
    return this.#remote.getAllCurrent([key]).then(([entry]) => entry);
  }

  /** One step for each chunk, one after the other. */
  async #getAllRemote(keys: string[]): Promise<Reading[]> {
    const readings: Reading[] = [];
    for (const chunk of chunksOf(keys)) {
      const own = chunk as string[];
      const found = await (this.isServing(this.#clock.now()) ? this.#remote.getAll(own) : this.#remote.getAllCurrent(own));
      for (const reading of found) readings.push(reading);
    }
    return readings;
  }

  /** The entry that was read; one that is unreadable counts as a failure, and is as good as none. */
  #entryIn(reading: Reading): RemoteEntry | undefined {
    if (reading !== UNREADABLE) return reading;
    this.#counters.remoteFailures += 1;
    return undefined;
  }

  /** Takes a value from L2 into L1, if the ticket still stands. */
  #keep(key: string, read: Read, { value, endsAt }: RemoteEntry): unknown {
    this.#counters.remoteHits += 1;
    if (endsAt === undefined) return value;
    try {
      this.#keepLocally(key, read, value, endsAt);
    } catch (error) {
      this.#events.emit('error', { where: `local tier of cache '${this.name}'`, error }); // Not kept; the reader gets it all the same.
    }
    return value;
  }

  #keepLocally(key: string, read: Read, value: unknown, endsAt: Milliseconds): void {
    const { tiers, localTtlMs } = this.#settings;
    if (tiers === 'remote' || this.#isStopped) return;
    if (this.#reads.isCancelled(read)) {
      this.#counters.refusedFills += 1;
      return;
    }
    this.#local.set(key, value, localTtlMs === 0 ? endsAt : Math.min(endsAt, this.#clock.now() + localTtlMs));
  }

  // ——— writing ———

  override async put(key: CacheKey, value: unknown, options: PutOptions = {}): Promise<void> {
    const encoded = encodeKey(key);
    return this.#write('putting', [encoded], async () => {
      this.#refuseNull(value);
      let ttlMs: Milliseconds;
      try {
        ttlMs = this.#ttlOf(value, options.ttl);
      } catch (error) {
        await this.#evict([encoded], options); // What is there is out of date, whether or not the new value can be stored.
        throw error;
      }
      this.#counters.puts += 1;
      const since = begunAt(options, this.#clock);
      if (this.#settings.tiers === 'local') return this.#putLocally(encoded, value, ttlMs, since);
      this.#drop([encoded], 'replacements');
      return this.#untilAnswered([encoded], () => this.#putRemotely(encoded, value, ttlMs, since));
    });
  }

  async #putRemotely(encoded: string, value: unknown, ttlMs: Milliseconds, since: Milliseconds | undefined): Promise<void> {
    let raw: string;
    try {
      raw = this.#remote.encode(value, ttlMs);
    } catch (error) {
      await this.#pending.submit([encoded], false, since); // As above.
      throw error;
    }
    const entry = { key: encoded, raw, ttlMs };
    await (since === undefined ? this.#puts.add(entry) : this.#putAll([entry], since));
  }

  /** @param since - since when the caller waits, on the clock. Default: now. */
  async #putAll(entries: readonly PutEntry[], since?: Milliseconds): Promise<void> {
    const begun = since ?? this.#clock.now();
    const keys = entries.map(({ key }) => key);
    try {
      const stored = this.#remote.put(entries);
      const refusal = await (since === undefined ? stored : this.#pending.untilDue(since, stored));
      this.#drop(keys, 'replacements');
      if (refusal === undefined) return;
      throw new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis did not store a value put into cache '${this.name}': ${refusal}`, {
        hint: 'The old value was removed everywhere all the same.',
      });
    } catch (error) {
      this.#counters.remoteFailures += keys.length;
      // Whether the put was executed is not known, and repeating it later could undo a newer one. Evicting the keys is always right.
      await this.#pending.submit(keys, false, begun);
      throw error;
    }
  }

  async #putLocally(key: string, value: unknown, ttlMs: Milliseconds, since?: Milliseconds): Promise<void> {
    this.#drop([key], 'replacements');
    await this.#untilAnswered([key], () => this.#pending.submit([key], false, since));
    const read = this.#reads.begin(key);
    try {
      this.#keepLocally(key, read, value, this.#clock.now() + ttlMs);
    } finally {
      this.#reads.end(key, read);
    }
  }

  override async putIfAbsent<V = unknown>(key: CacheKey, value: V, options: PutOptions = {}): Promise<ValueWrapper<V> | undefined> {
    const encoded = encodeKey(key);
    const ttlMs = this.#ttlOf(value, options.ttl);
    this.#refuseNull(value);
    return this.#write('putting', [encoded], async () => {
      if (this.#settings.tiers === 'local') {
        const hit = this.#local.get(encoded, this.#clock.now());
        if (hit !== undefined) return { value: hit.value as V };
        this.#counters.puts += 1;
        await this.#putLocally(encoded, value, ttlMs, begunAt(options, this.#clock));
        return undefined;
      }
      const raw = this.#remote.encode(value, ttlMs);
      return this.#untilAnswered([encoded], async () => {
        const present = this.#entryIn(await this.#remote.putIfAbsent(encoded, raw, ttlMs));
        if (present !== undefined) return { value: present.value as V };
        this.#counters.puts += 1;
        this.#drop([encoded], 'replacements');
        return undefined;
      });
    });
  }

  override async evict(keys: CacheKey | readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    return this.#evict((isList(keys) ? keys : [keys]).map(encodeKey), options);
  }

  override async evictIfPresent(key: CacheKey, options: EvictOptions = {}): Promise<boolean> {
    const acks = wantsAcks(options);
    const encoded = encodeKey(key);
    return this.#write('evicting', [encoded], async () => {
      const wasLocal = this.#local.get(encoded, this.#clock.now()) !== undefined;
      this.#counters.evictions += 1;
      this.#drop([encoded], 'explicitRemovals');
      // By itself: what a batch removed does not tell about one key.
      const receipt = await this.#untilAnswered([encoded], () => this.#pending.submit([encoded], acks, begunAt(options, this.#clock)));
      await this.#pending.acknowledged(receipt);
      return this.#settings.tiers === 'local' ? wasLocal : receipt.removed > 0;
    });
  }

  override async clear(options: EvictOptions = {}): Promise<void> {
    const acks = wantsAcks(options);
    return this.#write('evicting', 'all', async () => {
      this.#counters.clears += 1;
      this.#fenceAll('explicit');
      await this.#pending.acknowledged(await this.#pending.submit('all', acks, begunAt(options, this.#clock)));
    });
  }

  override async invalidate(options: EvictOptions = {}): Promise<boolean> {
    const hadEntries = this.#settings.tiers !== 'local' || this.#local.size > 0;
    await this.clear(options);
    return hadEntries;
  }

  override statistics(): CacheStatistics {
    return this.#counters.snapshot({
      localSize: this.#local.size,
      bypassTimeMs: this.#bypassTime.total(this.#stoppedAt ?? this.#clock.now(), this.#local.servableUntil),
      pendingEvictions: this.#pending.size,
      breaker: this.#remote.isBroken ? 'open' : 'closed',
    });
  }

  override resetStatistics(): void {
    this.#counters.reset();
    this.#bypassTime.reset(this.#clock.now());
  }

  // ——— looking ———

  override async inspect(key: CacheKey): Promise<KeyInspection> {
    const encoded = encodeKey(key);
    const { tiers } = this.#settings;
    const remote = await this.#inspectRemote(encoded);
    const now = this.#clock.now();
    const end = this.#local.endOf(encoded, now);
    const local: TierInspection = tiers === 'remote' ? { state: 'unused' } : end === undefined ? { state: 'absent' } : held(end - now);
    return { key: encoded, local, remote, isServing: this.isServing(now), isDoubtful: this.#pending.isDoubtful(encoded) };
  }

  /** When the read lease ends on the instance's clock; `-Infinity`: there is none, `Infinity`: it does not end by itself. */
  get servedUntil(): Milliseconds {
    return this.#local.servableUntil;
  }

  async #inspectRemote(key: string): Promise<TierInspection> {
    if (this.#settings.tiers === 'local') return { state: 'unused' };
    if (this.#isStopped) return { state: 'unknown' };
    try {
      const [entry] = await this.#remote.getAllCurrent([key]);
      if (entry === undefined) return { state: 'absent' };
      if (entry === UNREADABLE || entry.endsAt === undefined) return { state: 'held' };
      return held(Math.max(0, entry.endsAt - this.#clock.now()));
    } catch {
      return { state: 'unknown' };
    }
  }

  // ——— the applying verbs ———

  get generation(): string | undefined {
    return this.#remote.generation;
  }

  applyEviction(keys: readonly string[], own: boolean, lagMs?: Milliseconds): void {
    this.#counters.applied(lagMs);
    const before = this.#local.size;
    // An answered write has set its fences; its message, late by a moment, would hit what was read or put since. One whose answer is late
    // itself must be applied: reads go on meanwhile, and the bound counts from when Redis executed it.
    this.#fence(own ? keys.filter((key) => this.#unanswered.has(key)) : keys);
    if (!own) this.#forecast.gone(keys);
    this.#counters[own ? 'explicitRemovals' : 'remoteRemovals'] += before - this.#local.size;
  }

  applyClear(cause: 'remote' | 'own' | 'gap' | 'coherence', lagMs?: Milliseconds): void {
    if (cause === 'remote' || cause === 'own') this.#counters.applied(lagMs);
    if (cause === 'own') return;
    if (cause === 'gap') this.#counters.gaps += 1;
    this.#fenceAll(cause === 'remote' ? 'remote' : 'coherence');
  }

  useGeneration(generation: string, isReplacement?: boolean): void {
    if (this.#remote.useGeneration(generation, isReplacement)) this.applyGeneration();
  }

  doubtGeneration(generation: string, cause: 'remote' | 'coherence'): void {
    this.#remote.doubtGeneration(generation);
    this.applyGeneration(cause);
  }

  trustGeneration(): void {
    this.#remote.trustGeneration();
  }

  /** Drops everything, for the remote keys have moved to another generation, all of them or some, or may have. */
  applyGeneration(cause: 'remote' | 'coherence' = 'coherence'): void {
    this.#fenceAll(cause);
  }

  serveUntil(time: Milliseconds): void {
    this.#bypassTime.account(this.#clock.now(), this.#local.servableUntil);
    this.#local.servableUntil = this.#settings.whenDisconnected === 'serve' ? Number.POSITIVE_INFINITY : time;
  }

  isServing(now: Milliseconds): boolean {
    return now <= this.#local.servableUntil;
  }

  // ——— life ———

  /** Has reads wait until the cache has joined the fleet; `joined` ends by itself, in bounded time, and never rejects. */
  joinWith(joined: Promise<void>): void {
    this.#joining = joined.then(() => {
      this.#joining = undefined;
    });
  }

  /** The remote tier is known to be back: pending evictions are tried again at once, and fill leases given back. */
  reconnected(): void {
    this.#pending.retryNow();
    for (const [token, key] of this.#owed) {
      this.#owed.delete(token);
      this.#giveBack(key, token, true);
    }
  }

  /** How many evicted keys wait for an acknowledgement. */
  get pendingEvictions(): number {
    return this.#pending.size;
  }

  /** Ends background work and empties the local tier. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stoppedAt = this.#clock.now();
    this.serveUntil(Number.NEGATIVE_INFINITY);
    await this.#pending.stop();
    this.#fenceAll('explicit');
  }

  // ——— helpers ———

  async #evict(keys: readonly string[], options: EvictOptions): Promise<void> {
    const acks = wantsAcks(options);
    if (keys.length === 0) return;
    return this.#write('evicting', keys, async () => {
      this.#counters.evictions += keys.length;
      this.#drop(keys, 'explicitRemovals');
      const since = begunAt(options, this.#clock);
      // Those who have less time left go by themselves.
      const submit = (): Promise<EvictionReceipt> =>
        since === undefined ? this.#evictions.add(keys, acks) : this.#pending.submit(keys, acks, since);
      const receipt = await this.#untilAnswered(keys, submit);
      this.#forecast.gone(keys);
      await this.#pending.acknowledged(receipt);
    });
  }

  /**
   * Runs a write, for which a shutdown waits.
   *
   * @throws {CacheStoppedError} once the cache has stopped.
   */
  #write<T>(verb: 'evicting' | 'putting', keys: readonly string[] | 'all', write: () => Promise<T>): Promise<T> {
    const refusal = (): Error => stopped(this.name, `${inWords(verb, keys)} was refused`);
    return this.#isStopped ? Promise.reject(refusal()) : this.#calls.run(write, refusal);
  }

  /** Runs a write of `keys`, which sets its fences when it is answered. Until then its message is applied if it comes first. */
  async #untilAnswered<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    for (const key of keys) this.#unanswered.set(key, (this.#unanswered.get(key) ?? 0) + 1);
    try {
      return await write();
    } finally {
      for (const key of keys) {
        const others = (this.#unanswered.get(key) as number) - 1;
        if (others === 0) this.#unanswered.remove(key);
        else this.#unanswered.set(key, others);
      }
    }
  }

  #readsRemote(key: string): boolean {
    return this.#settings.tiers !== 'local' && !this.#isStopped && !this.#pending.isDoubtful(key);
  }

  #fence(keys: readonly string[]): void {
    for (const key of keys) {
      this.#local.delete(key);
      this.#reads.cancel(key);
    }
  }

  /** Fences keys, and puts down what is dropped to its cause. */
  #drop(keys: readonly string[], cause: 'explicitRemovals' | 'replacements'): void {
    const before = this.#local.size;
    this.#fence(keys);
    this.#counters[cause] += before - this.#local.size;
  }

  #fenceAll(cause: 'explicit' | 'remote' | 'coherence'): void {
    this.#reads.cancelAll();
    const dropped = this.#local.clear();
    this.#counters[`${cause}Removals`] += dropped;
    if (cause === 'coherence' && dropped > 0) this.#counters.repairs += 1;
  }

  /** Returns an unused fill lease: at once or, if that fails, when the remote tier is back. After that it runs out by itself. */
  #giveBack(key: string, token: string | undefined, isRepeated = false): void {
    if (token === undefined) return;
    const mayBeOwed = !isRepeated && !this.#isStopped && this.#owed.size < MAXIMUM_OWED_LEASES;
    if (!this.#remote.isUsable) {
      if (mayBeOwed) this.#owed.set(token, key);
      return;
    }
    this.#remote.release(key, token).catch((error: unknown) => {
      if (mayBeOwed) this.#owed.set(token, key);
      this.#events.emit('error', { where: 'release of a fill lease', error });
    });
  }

  #refuseNull(value: unknown): void {
    if (this.#settings.allowNullValues || (value !== null && value !== undefined)) return;
    throw new CacheValueError('CACHE_VALUE_NULL', `Cache '${this.name}' does not allow ${String(value)}.`, {
      hint: "Avoid storing it with `unless: (result) => result == null`, or set the cache's `allowNullValues`.",
    });
  }

  /** The life of a loaded value; `undefined`: it is not stored. What is no life is told: the load has succeeded. */
  #ttlOfLoaded<V>(value: V, ttl: LoadOptions<V>['ttl']): Milliseconds | undefined {
    try {
      if (typeof ttl !== 'function') return this.#ttlOf(value, ttl);
      const ttlMs = parseComputedTtl(ttl(value));
      return ttlMs === undefined ? undefined : this.#ttlOf(value, ttlMs);
    } catch (error) {
      this.#events.emit('error', { where: `\`ttl\` of a load into cache '${this.name}'`, error });
      return undefined;
    }
  }

  /** How long an entry is to live; `Infinity` only where nothing is written to the remote tier. */
  #ttlOf(value: unknown, ttl: Duration | undefined): Milliseconds {
    const { tiers, ttlJitter = 0 } = this.#settings;
    const ttlMs = this.#fullTtlOf(value, ttl);
    if (ttlMs === 0) return tiers === 'local' ? Infinity : ENDLESS_MS;
    if (ttlJitter === 0) return ttlMs;
    return Math.max(1, Math.ceil(ttlMs * (1 - ttlJitter * Math.random())));
  }

  #fullTtlOf(value: unknown, ttl: Duration | undefined): Milliseconds {
    if (ttl !== undefined) return parseDuration('ttl', ttl);
    return value === null || value === undefined ? this.#settings.nullTtlMs : this.#settings.ttlMs;
  }
}

const held = (leftMs: Milliseconds): TierInspection => (leftMs === Infinity ? { state: 'held' } : { state: 'held', leftMs });

/** Whoever is told of a key that cannot be one may say more about it. */
async function refused<V>(error: unknown, { onError }: LoadOptions<V>): Promise<never> {
  if (error instanceof CacheKeyError) onError?.('get', error);
  throw error;
}

const isList = (keys: CacheKey | readonly CacheKey[]): keys is readonly CacheKey[] => Array.isArray(keys);

/** Whether whoever ran a load gave it up, by an `AbortSignal` as a rule: of `fetch`, of Node or of a library. */
const isAbort = (error: unknown): boolean => typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
