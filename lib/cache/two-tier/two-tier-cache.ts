import type { CacheCounters, CacheStatistics } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import { Cache, type LoadOptions, type PutOptions } from '../cache.js';
import type { EvictOptions } from '../evict-options.js';
import { checkEntries, checkLoader, denseCopy } from '../check-arguments.js';
import { encodeTags } from '../tag/encode-tags.js';
import type { AnswersNow } from '../hit-now.js';
import type { CacheKey } from '../key/cache-key.js';
import type { LoadAllOptions, LoaderOfAll } from '../load-all.js';
import type { Loader } from '../load-context.js';
import { encodeKey } from '../key/encode-key.js';
import { KeyMemo } from '../key/key-memo.js';
import type { KeyInspection } from '../key-inspection.js';
import { NO_VALUE } from '../local/local-entry.js';
import type { LocalTier } from '../local/local-tier.js';
import { type Eviction, hasTags } from '../eviction.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { ValueWrapper } from '../value-wrapper.js';
import { onUncached, uncachedCall } from '../without-cache.js';
import type { WriteIntent } from '../write-intent.js';
import { assemble, type Assembly } from './assembly.js';
import { inspectKey } from './inspect-key.js';
import { loadWithoutKey } from './load-without-key.js';
import type { AppliedMessage } from './coherent-cache.js';
import type { RemoteReads } from './remote-reads.js';
import type { SharedLoad } from './shared-load.js';
import type { TwoTierCacheOptions } from './two-tier-cache-options.js';
import { Writes } from './writes.js';

/** The character code of `~`. The encoded form of every key begins with it, except that of a plain string. */
const TAG = 126;

/**
 * Two tiers as one cache: a Map in the process (L1) in front of Redis (L2).
 *
 * These rules keep the cache coherent. `docs/coherence.md` has a counter-example for each.
 * - L1 is served only while the read lease holds. Without the lease (bypass), a read goes to L2 and checks
 *   the generation there, or it runs the loader ({@link LocalTier}, {@link RemoteReads}).
 * - A read fills L1 only if its ticket is still valid. It fills L2 only with a fill lease that it took before
 *   its loader began ({@link Loads}).
 * - An eviction fences L1 twice: before its script is sent, and again when the script is acknowledged. The
 *   second fence is needed because a read between the two may have brought the old value back. A fence also
 *   detaches the loads of its keys: later callers do not join them.
 * - An eviction that is not acknowledged keeps its keys out of both tiers until it is acknowledged
 *   ({@link PendingEvictions}).
 */
export class TwoTierCache extends Cache implements AnswersNow {
  override readonly name: string;
  readonly #options: TwoTierCacheOptions;
  readonly #clock: Clock;
  readonly #counters: CacheCounters;
  readonly #remote: RemoteTier;
  readonly #parts: Assembly;
  /** That of {@link Assembly}, which saves a hit one step. */
  readonly #local: LocalTier<SharedLoad>;
  readonly #reads: RemoteReads;
  readonly #writes: Writes;
  /** The encoded forms of keys that were found in L1. */
  readonly #keys = new KeyMemo();
  #isStopped = false;
  /** Set while the cache is joining the fleet for the first time. */
  #joining: Promise<void> | undefined;

  constructor(options: TwoTierCacheOptions) {
    super();
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#remote = options.remote;
    const parts = (this.#parts = assemble(options));
    this.#local = parts.local;
    this.#reads = parts.reads;
    this.#writes = parts.writes;
  }

  hitNow(key: CacheKey): Promise<unknown> | undefined {
    // L1 holds encoded keys. A string without the tag is its own encoded form, if it is in L1.
    if (typeof key === 'string' && key.charCodeAt(0) !== TAG) return this.#local.hitNow(key, this.#clock.now());
    const remembered = this.#keys.get(key);
    if (remembered !== undefined) return this.#local.hitNow(remembered, this.#clock.now());
    const encoded = encodeKey(key);
    const hit = this.#local.hitNow(encoded, this.#clock.now());
    if (hit !== undefined) this.#keys.set(key, encoded);
    return hit;
  }

  allNow(keys: readonly CacheKey[]): unknown[] | undefined {
    if (uncachedCall() !== undefined) return undefined;
    const now = this.#clock.now();
    const values = new Array<unknown>(keys.length);
    for (let i = 0; i < values.length; i += 1) {
      const key = keys[i];
      const encoded = typeof key === 'string' && key.charCodeAt(0) !== TAG ? key : (this.#keys.get(key) ?? encodeKey(key));
      const value = this.#local.valueNow(encoded, now);
      if (value === NO_VALUE) return undefined;
      values[i] = value;
    }
    this.#counters.localHits += values.length;
    return values;
  }

  override async get<V = unknown>(key: CacheKey): Promise<ValueWrapper<V> | undefined> {
    const encoded = encodeKey(key);
    if (uncachedCall() !== undefined) {
      this.#counters.misses += 1;
      return undefined;
    }
    if (this.#joining !== undefined) await this.#joining;
    const hit = this.#local.get(encoded);
    if (hit !== undefined) {
      this.#counters.localHits += 1;
      return { value: hit.value as V };
    }
    if (!this.isServing(this.#clock.now())) this.#counters.bypassed += 1;
    if (!this.#reads.allows(encoded)) {
      this.#counters.misses += 1;
      return undefined;
    }
    const ticket = this.#local.begin(encoded);
    try {
      const entry = this.#reads.entryIn(await this.#reads.get(encoded));
      if (entry !== undefined && this.#reads.isFresh(entry)) return { value: this.#reads.take(encoded, ticket, entry) as V };
      this.#counters.misses += 1;
      return undefined;
    } catch (error) {
      this.#counters.remoteFailures += 1;
      throw error;
    } finally {
      this.#local.end(encoded, ticket);
    }
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    const encoded = denseCopy(keys).map(encodeKey);
    if (this.#joining !== undefined) await this.#joining;
    return this.#parts.batches.get(encoded) as Promise<(ValueWrapper<V> | undefined)[]>;
  }

  override getOrLoad<V>(key: CacheKey, loader: Loader<V>, options: LoadOptions<V> = {}): Promise<V> {
    let encoded: string;
    try {
      checkLoader(loader);
      this.#parts.tagging.check(options.tags);
      encoded = encodeKey(key);
    } catch (error) {
      return loadWithoutKey(error, loader, options);
    }
    const now = this.#clock.now();
    const call = uncachedCall();
    const hit = call === undefined ? this.#local.hitNow(encoded, now) : undefined;
    if (hit !== undefined) return hit as Promise<V>;
    if (this.#joining !== undefined) return this.#joining.then(() => this.getOrLoad(key, loader, options));
    if (call !== undefined) return this.#parts.refreshes.reload({ key: encoded, loader, options }, call.isStoring);
    return this.#parts.missed.load(encoded, loader, options, now);
  }

  override async getAllOrLoad<K extends CacheKey, V>(
    keys: readonly K[],
    loader: LoaderOfAll<K, V>,
    options: LoadAllOptions<K, V> = {},
  ): Promise<Map<K, V>> {
    const own = denseCopy(keys);
    if (this.#joining !== undefined) await this.#joining;
    return this.#parts.batches.load({ keys: own, loader, options });
  }

  override async put(key: CacheKey, value: unknown, options: PutOptions = {}): Promise<void> {
    return this.#writes.put(encodeKey(key), value, options);
  }

  override async putAll(entries: Iterable<readonly [CacheKey, unknown]>, options: PutOptions = {}): Promise<void> {
    checkEntries(entries);
    return this.#writes.putAll(new Map([...entries].map(([key, value]) => [encodeKey(key), value])), options);
  }

  override async putIfAbsent<V = unknown>(key: CacheKey, value: V, options: PutOptions = {}): Promise<ValueWrapper<V> | undefined> {
    return this.#writes.putIfAbsent(encodeKey(key), value, options);
  }

  override async evict(key: CacheKey, options: EvictOptions = {}): Promise<void> {
    return this.#writes.evict([encodeKey(key)], options);
  }

  override async evictAll(keys: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    return this.#writes.evict(denseCopy(keys).map(encodeKey), options);
  }

  override async evictTagged(tags: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    return this.#writes.evictTagged(encodeTags(tags, Infinity), options);
  }

  override async intend(keys: readonly CacheKey[] | 'all'): Promise<WriteIntent> {
    return this.#writes.intend(keys === 'all' ? keys : { keys: denseCopy(keys).map(encodeKey) });
  }

  override async evictIfPresent(key: CacheKey, options: EvictOptions = {}): Promise<boolean> {
    return this.#writes.evictIfPresent(encodeKey(key), options);
  }

  override async clear(options: EvictOptions = {}): Promise<void> {
    return this.#writes.clear(options);
  }

  override async invalidate(options: EvictOptions = {}): Promise<boolean> {
    const hadEntries = this.#options.settings.tiers !== 'local' || this.#local.size > 0;
    await this.#writes.clear({ ...options, unacknowledged: 'throw' });
    return hadEntries;
  }

  override statistics(): CacheStatistics {
    return this.#counters.snapshot({
      localSize: this.#local.size,
      localBytes: this.#local.bytes,
      bypassTimeMs: this.#local.bypassTimeMs,
      pendingEvictions: this.#parts.pending.size,
      withheldKeys: this.#writes.withheldKeys,
      breaker: this.#remote.isTripped ? 'open' : 'closed',
    });
  }

  override resetStatistics(): void {
    this.#counters.reset();
    this.#local.resetBypassTime();
  }

  override async inspect(key: CacheKey): Promise<KeyInspection> {
    return inspectKey(encodeKey(key), {
      local: this.#local,
      remote: this.#remote,
      pending: this.#parts.pending,
      clock: this.#clock,
      tiers: this.#options.settings.tiers,
      isStopped: this.#isStopped,
    });
  }

  /** Of the keys of this cache in Redis, for people who inspect it; `undefined` until the first contact. */
  get generation(): string | undefined {
    return this.#remote.generation;
  }

  /** See {@link CoherentCache.apply}. */
  apply(eviction: Eviction, { own, lagMs }: AppliedMessage, isCounted = true): void {
    if (isCounted) this.#counters.applied(lagMs);
    if (eviction === 'all') {
      // A clear by this instance took effect before its message arrived.
      if (!own) this.#local.fenceAll('remote');
      return;
    }
    if (hasTags(eviction)) {
      // Without tags, any entry may be one of those that are meant.
      if (this.#parts.tagging.isOn) this.#local.dropOvertaken(eviction.tags, own ? 'explicit' : 'remote');
      else this.#local.fenceAll('remote');
      return;
    }
    const { keys } = eviction;
    if (own) return this.#local.fence(this.#parts.ownWrites.toApply(keys), 'explicit');
    this.#local.fence(keys, 'remote');
    this.#parts.forecast.gone(keys);
  }

  /** See {@link CoherentCache.missed}. */
  missed(cause: 'gap' | 'coherence'): void {
    this.#counters.gaps += cause === 'gap' ? 1 : 0;
    this.emptied('coherence');
  }

  /** The server may be another one, without the write intents. */
  intentsLost(): void {
    this.#writes.renewIntents('all');
  }

  /** Drops all entries of the local tier, because they may be out of date. */
  emptied(cause: 'remote' | 'coherence'): void {
    this.#local.fenceAll(cause);
  }

  /** See {@link CoherentCache.holdLeaseUntil}. */
  holdLeaseUntil(time: Milliseconds): void {
    this.#local.holdLeaseUntil(time);
  }

  /** The time on the instance's clock at which the read lease ends; see {@link LocalTier.leaseEndsAt}. */
  get leaseEndsAt(): Milliseconds {
    return this.#local.leaseEndsAt;
  }

  /** Whether the local tier may be served at `now`. */
  isServing(now: Milliseconds): boolean {
    return this.#local.isServing(now);
  }

  /** Makes reads wait until the cache has joined the fleet. @param joined - never rejects and never hangs. */
  joinWith(joined: Promise<void>): void {
    this.#joining = joined.then(() => {
      this.#joining = undefined;
    });
  }

  /**
   * The remote tier answers: retries pending evictions, write intents that could not be renewed, and fill
   * leases that could not be given back.
   */
  reconnected(): void {
    this.#parts.pending.retryNow();
    this.#writes.renewIntents('failed');
    this.#parts.leases.giveBackOwed();
  }

  /** The number of evicted keys that wait for an acknowledgement. */
  get pendingEvictions(): number {
    return this.#parts.pending.size;
  }

  /** Ends background work and empties the local tier. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#local.stop();
    this.#reads.stop();
    this.#parts.leases.stop();
    this.#parts.refreshes.stop();
    this.#writes.stop();
    await this.#parts.pending.stop();
    this.#local.fenceAll('explicit');
  }
}

/**
 * A hit asks whether it may be one only while somebody reads past the caches (`withoutCache`). In every hit,
 * the question alone took 5 to 10 ns.
 */
const plain = Object.getOwnPropertyDescriptor(TwoTierCache.prototype, 'hitNow') as { value: TwoTierCache['hitNow'] };
const asking: TwoTierCache['hitNow'] = function (this: TwoTierCache, key) {
  return uncachedCall() === undefined ? plain.value.call(this, key) : undefined;
};
onUncached((isAny) => {
  TwoTierCache.prototype.hitNow = isAny ? asking : plain.value;
});
