import { CacheCounters, type CacheEvents, type CacheStatistics } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import { begunAt, checkKeys, wantsAcks } from '../check-arguments.js';
import { Cache, type EvictOptions, type PutOptions } from '../cache.js';
import type { CacheKey } from '../key/cache-key.js';
import { CallsUnderWay, stopped } from '../calls-under-way.js';
import { encodeKey } from '../key/encode-key.js';
import type { Eviction } from '../eviction.js';
import type { EvictionReceipt } from '../remote/eviction-log.js';
import { inWords, PendingEvictions } from './pending-evictions.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { ValueWrapper } from '../value-wrapper.js';

/** What a {@link PassThroughCache} is made of. */
export interface PassThroughCacheParts {
  readonly name: string;
  readonly remote: Pick<RemoteTier, 'evict'>;
  readonly clock: Clock;
  readonly events: CacheEvents;
  /** How long a caller waits for an acknowledgement. */
  readonly deadlineMs: Milliseconds;
  /** The cache of this name, should this instance have one by now. Its local tier must hear of each eviction. */
  readonly made: () => Cache | undefined;
  /** Counts the writes, for a shutdown to wait for. Default: the cache's own, which nobody closes. */
  readonly calls?: CallsUnderWay;
  /** Told of an eviction that was not acknowledged and is tried again in the background. */
  readonly isPending: (cache: PassThroughCache) => void;
}

/**
 * A cache that this instance does not keep: reads run uncached, and evictions are executed on Redis and announced, so that instances which
 * do have the cache apply them. A put is an eviction of its key: what others hold is out of date.
 */
export class PassThroughCache extends Cache {
  override readonly name: string;
  readonly #parts: PassThroughCacheParts;
  readonly #calls: CallsUnderWay;
  readonly #pending: PendingEvictions;

  constructor(parts: PassThroughCacheParts) {
    super();
    this.name = parts.name;
    this.#parts = parts;
    this.#calls = parts.calls ?? new CallsUnderWay(parts.deadlineMs);
    this.#pending = new PendingEvictions({
      cache: parts.name,
      clock: parts.clock,
      events: parts.events,
      deadlineMs: parts.deadlineMs,
      execute: (eviction, acks) => parts.remote.evict(eviction, acks),
      fence: () => undefined,
      calls: this.#calls,
    });
  }

  override async get(): Promise<undefined> {
    return undefined;
  }

  override async getOrLoad<V>(_key: CacheKey, loader: () => V | Promise<V>): Promise<V> {
    return loader();
  }

  override async getAll<V = unknown>(keys: readonly CacheKey[]): Promise<(ValueWrapper<V> | undefined)[]> {
    return keys.map(() => undefined);
  }

  /** Stores nothing, and changes nothing. */
  override async putIfAbsent(): Promise<undefined> {
    return undefined;
  }

  /** Nothing but zeros, and how many evictions are pending. */
  override statistics(): CacheStatistics {
    return new CacheCounters().snapshot({ localSize: 0, pendingEvictions: this.#pending.size });
  }

  override put(key: CacheKey, _value: unknown, { waitedMs = 0 }: PutOptions = {}): Promise<void> {
    return this.evict(key, { waitedMs });
  }

  override evict(key: CacheKey, options: EvictOptions = {}): Promise<void> {
    return this.evictAll([key], options);
  }

  override async evictAll(keys: readonly CacheKey[], options: EvictOptions = {}): Promise<void> {
    checkKeys(keys);
    const made = this.#parts.made();
    if (made !== undefined) return made.evictAll(keys, options);
    const acks = wantsAcks(options);
    if (keys.length > 0) await this.#submit({ keys: keys.map(encodeKey) }, acks, options);
  }

  override async evictIfPresent(key: CacheKey, options: EvictOptions = {}): Promise<boolean> {
    const made = this.#parts.made();
    if (made !== undefined) return made.evictIfPresent(key, options);
    return (await this.#submit({ keys: [encodeKey(key)] }, wantsAcks(options), options)).removed > 0;
  }

  override async clear(options: EvictOptions = {}): Promise<void> {
    const made = this.#parts.made();
    if (made !== undefined) return made.clear(options);
    await this.#submit('all', wantsAcks(options), options);
  }

  override async invalidate(options: EvictOptions = {}): Promise<boolean> {
    await this.clear(options);
    return true; // Nobody can tell that it was empty.
  }

  /** How many evicted keys wait for an acknowledgement. */
  get pendingEvictions(): number {
    return this.#pending.size;
  }

  /** The remote tier is known to be back: pending evictions are tried again at once. */
  reconnected(): void {
    this.#pending.retryNow();
  }

  /** Tries what is pending once more, and ends. */
  stop(): Promise<void> {
    return this.#pending.stop();
  }

  async #submit(eviction: Eviction, acks: boolean, options: EvictOptions): Promise<EvictionReceipt> {
    const execute = async (): Promise<EvictionReceipt> => {
      const receipt = await this.#pending.submit(eviction, acks, begunAt(options, this.#parts.clock));
      await this.#pending.acknowledged(receipt);
      return receipt;
    };
    try {
      return await this.#calls.run(execute, () => stopped(this.name, `${inWords('evicting', eviction)} was refused`));
    } catch (error) {
      if (this.#pending.size > 0) this.#parts.isPending(this);
      throw error;
    }
  }
}
