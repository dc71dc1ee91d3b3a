import { CacheCounters, type CacheEvents, type CacheStatistics } from '../../event/index.js';
import { type Clock, type Milliseconds, timersOf } from '../../time/index.js';
import { begunAt, checkKeys, wantsAcks } from '../check-arguments.js';
import { Cache, type PutOptions } from '../cache.js';
import type { EvictOptions, Unacknowledged } from '../evict-options.js';
import type { CacheKey } from '../key/cache-key.js';
import { CallsUnderWay, stopped } from '../calls-under-way.js';
import { type Loader, UNLIMITED } from '../load-context.js';
import { encodeKey } from '../key/encode-key.js';
import type { Eviction } from '../eviction.js';
import { noTags } from '../no-tags.js';
import { encodeTags } from '../tag/encode-tags.js';
import type { EvictionReceipt, IntentChange } from '../remote/eviction-log.js';
import { inWords, PendingEvictions } from './pending-evictions.js';
import { reporting } from './reporting.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { ValueWrapper } from '../value-wrapper.js';
import type { WriteIntent } from '../write-intent.js';
import { WriteIntents } from './write-intents.js';

/** What a {@link PassThroughCache} needs. */
export interface PassThroughCacheOptions {
  readonly name: string;
  readonly remote: Pick<RemoteTier, 'evict' | 'renewIntent'>;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** What writes do by default when an eviction is not acknowledged. Default: `'throw'`. */
  readonly unacknowledged?: Unacknowledged | undefined;
  /** How long a caller waits for an acknowledgement. */
  readonly deadlineMs: Milliseconds;
  /** Whether the cache has tags. Default: `false`. */
  readonly hasTags?: boolean | undefined;
  /** How long a write intent protects after its writer has died. */
  readonly intentLeaseMs: Milliseconds;
  /** The cache of this name, if this instance has one by now. Its local tier must receive each eviction. */
  readonly made: () => Cache | undefined;
  /**
   * Counts the writes that a shutdown waits for. Default: a counter of the cache's own, which is never
   * closed.
   */
  readonly calls?: CallsUnderWay | undefined;
  /**
   * Called when the cache must be kept: an eviction was not acknowledged and is being retried, or a write is
   * under way.
   */
  readonly isPending: (cache: PassThroughCache) => void;
}

/**
 * A cache that this instance does not keep. Reads run uncached. Evictions are executed on Redis and
 * announced, so that instances which have the cache apply them. A put is an eviction of its key, because the
 * copies of other instances are out of date.
 */
export class PassThroughCache extends Cache {
  override readonly name: string;
  readonly #options: PassThroughCacheOptions;
  readonly #calls: CallsUnderWay;
  readonly #pending: PendingEvictions;
  readonly #intents: WriteIntents;

  constructor(options: PassThroughCacheOptions) {
    super();
    this.name = options.name;
    this.#options = options;
    this.#calls = options.calls ?? new CallsUnderWay(options.deadlineMs, timersOf(options.clock));
    this.#pending = new PendingEvictions({
      cache: options.name,
      clock: options.clock,
      events: options.events,
      deadlineMs: options.deadlineMs,
      execute: (eviction, acks, intent) => options.remote.evict(eviction, acks, intent),
      fence: () => undefined,
      calls: this.#calls,
    });
    this.#intents = new WriteIntents({
      ...options,
      cache: options.name,
      calls: this.#calls,
      set: (eviction, intent) => this.#execute(eviction, {}, intent),
      end: (eviction, intent, evictOptions) => this.#tell(eviction, evictOptions, intent),
    });
  }

  override async get(): Promise<undefined> {
    return undefined;
  }

  override async getOrLoad<V>(_key: CacheKey, loader: Loader<V>): Promise<V> {
    return loader(UNLIMITED);
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    return keys.map(() => undefined);
  }

  /** Stores nothing and changes nothing. */
  override async putIfAbsent(): Promise<undefined> {
    return undefined;
  }

  /** Only zeros, except the number of pending evictions. */
  override statistics(): CacheStatistics {
    return new CacheCounters().snapshot({ localSize: 0, pendingEvictions: this.#pending.size, withheldKeys: this.#intents.size });
  }

  override put(key: CacheKey, _value: unknown, { waitedMs, unacknowledged }: PutOptions = {}): Promise<void> {
    return this.evict(key, { waitedMs, unacknowledged });
  }

  override evict(key: CacheKey, options: EvictOptions = {}): Promise<void> {
    return this.evictAll([key], options);
  }

  override async evictAll(keys: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    checkKeys(keys);
    const made = this.#options.made();
    if (made !== undefined) return made.evictAll(keys, options);
    if (keys.length > 0) await this.#tell({ keys: keys.map(encodeKey) }, options);
  }

  override async evictTagged(tags: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    const made = this.#options.made();
    if (made !== undefined) return made.evictTagged(tags, options);
    if (this.#options.hasTags !== true) throw noTags(this.name);
    const encoded = encodeTags(tags, Infinity);
    if (encoded.length > 0) await this.#tell({ tags: encoded }, options);
  }

  override async evictIfPresent(key: CacheKey, options: EvictOptions = {}): Promise<boolean> {
    const made = this.#options.made();
    if (made !== undefined) return made.evictIfPresent(key, options);
    return (await this.#submit({ keys: [encodeKey(key)] }, options)).removed > 0;
  }

  override async intend(keys: readonly CacheKey[] | 'all'): Promise<WriteIntent> {
    if (keys !== 'all') checkKeys(keys);
    const made = this.#options.made();
    if (made !== undefined) return made.intend(keys);
    if (keys.length === 0) return { end: () => Promise.resolve() };
    const intent = await this.#intents.begin(keys === 'all' ? keys : { keys: keys.map(encodeKey) });
    this.#options.isPending(this);
    return intent;
  }

  override async clear(options: EvictOptions = {}): Promise<void> {
    const made = this.#options.made();
    if (made !== undefined) return made.clear(options);
    await this.#tell('all', options);
  }

  override async invalidate(options: EvictOptions = {}): Promise<boolean> {
    await this.clear({ ...options, unacknowledged: 'throw' });
    return true; // It is not known whether the cache was empty.
  }

  /** The number of evicted keys that wait for an acknowledgement. */
  get pendingEvictions(): number {
    return this.#pending.size;
  }

  /** The number of keys that are withheld, because this instance is writing them. */
  get withheldKeys(): number {
    return this.#intents.size;
  }

  /** The remote tier answers: retries pending evictions, and intents that could not be renewed. */
  reconnected(): void {
    this.#pending.retryNow();
    this.#intents.renewFailed();
  }

  /** Tries pending evictions once more, and stops. */
  stop(): Promise<void> {
    this.#intents.stop();
    return this.#pending.stop();
  }

  async #tell(eviction: Eviction, options: EvictOptions, intent?: IntentChange): Promise<void> {
    const { events, unacknowledged = 'throw' } = this.#options;
    await reporting(options, { cache: this.name, events, unacknowledged }, () => this.#submit(eviction, options, intent));
  }

  #submit(eviction: Eviction, options: EvictOptions, intent?: IntentChange): Promise<EvictionReceipt> {
    const refusal = (): Error => stopped(this.name, `${inWords('evicting', eviction)} was refused`);
    return this.#calls.run(() => this.#execute(eviction, options, intent), refusal);
  }

  async #execute(eviction: Eviction, options: EvictOptions, intent?: IntentChange): Promise<EvictionReceipt> {
    try {
      const receipt = await this.#pending.submit(eviction, wantsAcks(options), begunAt(options, this.#options.clock), intent);
      await this.#pending.acknowledged(receipt);
      return receipt;
    } catch (error) {
      if (this.#pending.size > 0) this.#options.isPending(this);
      throw error;
    }
  }
}
