import { CacheStoppedError } from '../../errors/index.js';
import type { CacheStatistics, CoherenceProof, TimingObserver, TimingObservers } from '../../event/index.js';
import type { Clock } from '../../time/index.js';
import { byName } from '../by-name.js';
import { type CacheCondition, type CacheHealth, CacheManager, type HealthStatus } from '../cache-manager.js';
import type { Cache } from '../cache.js';
import type { CallsUnderWay } from '../calls-under-way.js';
import type { PassThroughCache, PassThroughCacheOptions } from './pass-through-cache.js';
import type { TwoTierCache } from './two-tier-cache.js';

/**
 * The connections of an instance, as its cache manager controls them. This is the port that the composition
 * root implements.
 */
export interface InstanceLinks {
  /** Connects everything. Resolves once every topic is confirmed. */
  start(): Promise<void>;
  /**
   * Resolves once a cache that was created later has joined the fleet, or after a bounded time. Never
   * rejects.
   */
  joined(name: string): Promise<void>;
  /** Stops listening, before the caches close. Never throws. */
  quiesce(): Promise<void>;
  /** Closes every connection, after the caches have closed. Never throws. */
  stop(): Promise<void>;
  /** The status of each connection. */
  health(): Readonly<Record<string, HealthStatus>>;
  /** In words, as far as the connections know: why local tiers may not be served now. */
  reason(): string;
  /** How far reads of a cache can lag behind now. */
  proofOf(cache: string): CoherenceProof;
}

/** What a {@link TwoTierCacheManager} needs. */
export interface TwoTierCacheManagerOptions {
  /** The caches that exist from the beginning. */
  readonly names: readonly string[];
  /** Whether a cache is created on demand for an unknown name. */
  readonly dynamic: boolean;
  /**
   * The largest number of caches that are created on demand, apart from those of {@link isNamed}. Default: no
   * limit.
   */
  readonly maximumDynamicCaches?: number | undefined;
  /**
   * Whether the program itself names this cache. Such a cache does not count towards the maximum. Default:
   * no.
   */
  readonly isNamed?: ((name: string) => boolean) | undefined;
  /** Makes a cache for a name beyond the maximum. Must be set if there is a maximum. */
  readonly passThrough?: ((name: string, own: Pick<PassThroughCacheOptions, 'made' | 'isPending'>) => PassThroughCache) | undefined;
  /** Called with the first name beyond the maximum. */
  readonly full?: ((name: string) => void) | undefined;
  readonly clock: Clock;
  /** Makes a cache and lets it follow its topic. */
  readonly create: (name: string) => TwoTierCache;
  /** The calls that a shutdown waits for. */
  readonly calls: CallsUnderWay;
  readonly links: InstanceLinks;
  /** Those whom the caches tell their times. Default: the caches tell nobody. */
  readonly timings?: TimingObservers | undefined;
}

/**
 * The {@link CacheManager} of one instance. It holds the caches by name, and starts and stops everything in
 * the right order.
 */
export class TwoTierCacheManager extends CacheManager {
  readonly #options: TwoTierCacheManagerOptions;
  readonly #caches = new Map<string, TwoTierCache>();
  /** The number of caches that count towards the maximum. */
  #dynamicCaches = 0;
  #isToldFull = false;
  /**
   * Caches beyond the maximum with evictions that are not acknowledged yet. All other caches beyond the
   * maximum are forgotten at once.
   */
  readonly #pending = new Map<string, PassThroughCache>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Whether the calls under way have ended, or the time to wait for them is over. */
  #isStopped = false;

  constructor(options: TwoTierCacheManagerOptions) {
    super();
    this.#options = options;
    for (const name of options.names) this.#caches.set(name, options.create(name));
  }

  override getCache(name: string): Cache | undefined {
    const known = this.#caches.get(name);
    if (known !== undefined) {
      if (this.#starting === undefined && this.#stopping === undefined) this.#startOnFirstUse();
      return known;
    }
    if (!this.#options.dynamic || this.#isStopped) return undefined;
    const counts = this.#options.isNamed?.(name) !== true;
    if (counts && this.#dynamicCaches >= (this.#options.maximumDynamicCaches ?? Infinity)) return this.#beyondMaximum(name);
    const created = this.#options.create(name);
    this.#caches.set(name, created);
    if (counts) this.#dynamicCaches += 1;
    if (this.#starting === undefined) this.#startOnFirstUse();
    else created.joinWith(this.#options.links.joined(name));
    return created;
  }

  /**
   * The cache of this name, if there is one. Unlike {@link getCache}, this neither creates a cache nor starts
   * anything.
   */
  findCache(name: string): TwoTierCache | undefined {
    return this.#caches.get(name);
  }

  override get cacheNames(): readonly string[] {
    return [...this.#caches.keys()];
  }

  /**
   * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`, with host and port, when Redis cannot be
   *   reached in time. The instance keeps trying, and reads run in bypass until it succeeds. `stop()` ends
   *   the attempts.
   * @throws {CacheStoppedError} after `stop()`.
   */
  override start(): Promise<void> {
    if (this.#stopping !== undefined) {
      return Promise.reject(new CacheStoppedError('The cache manager was stopped and cannot be started again.'));
    }
    return (this.#starting ??= this.#options.links.start());
  }

  override stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  override health(): CacheHealth {
    const links = this.#options.links.health();
    const caches = byName(this.#caches, (cache) => this.#conditionOf(cache));
    if (this.#stopping !== undefined) return { status: 'down', links, caches };
    const all = [...Object.values(links), ...Object.values(caches).map(({ status }) => status)];
    const isUp = all.every((status) => status === 'up') && this.#stillPending().length === 0;
    return { status: isUp ? 'up' : 'degraded', links, caches };
  }

  #conditionOf(cache: TwoTierCache): CacheCondition {
    if (this.#stopping !== undefined) return { status: 'down', reason: 'The cache manager was stopped.' };
    const reasons: string[] = [];
    if (!cache.isServing(this.#options.clock.now())) reasons.push(this.#options.links.reason());
    if (cache.pendingEvictions > 0) reasons.push(`Evictions that are not acknowledged: ${cache.pendingEvictions}.`);
    const proof = this.#options.links.proofOf(cache.name);
    return reasons.length === 0 ? { status: 'up', ...proof } : { status: 'degraded', reason: reasons.join(' '), ...proof };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return byName(this.#caches, (cache) => cache.statistics());
  }

  override observe(observer: TimingObserver): () => void {
    return this.#options.timings?.add(observer) ?? super.observe(observer);
  }

  override resetStatistics(): void {
    for (const cache of this.#caches.values()) cache.resetStatistics();
  }

  /** Tells every cache that the remote tier is back. */
  reconnected(): void {
    for (const cache of [...this.#caches.values(), ...this.#stillPending()]) cache.reconnected();
  }

  /**
   * A cache for a name beyond the maximum. The manager keeps it only while evictions of it are being retried,
   * or writes are under way.
   */
  #beyondMaximum(name: string): PassThroughCache {
    const { passThrough, full, maximumDynamicCaches } = this.#options;
    const known = this.#pending.get(name);
    if (known !== undefined) return known;
    const cache = (passThrough as NonNullable<typeof passThrough>)(name, {
      made: () => this.#caches.get(name),
      isPending: (pending) => {
        this.#pending.set(name, pending);
        const still = this.#stillPending();
        const oldest = still.find(({ withheldKeys }) => withheldKeys === 0);
        if (still.length <= (maximumDynamicCaches as number) || oldest === undefined) return;
        this.#pending.delete(oldest.name);
        void oldest.stop(); // It reports the evictions that are lost.
      },
    });
    if (!this.#isToldFull) {
      this.#isToldFull = true;
      full?.(name);
    }
    if (this.#starting === undefined) this.#startOnFirstUse();
    return cache;
  }

  #stillPending(): readonly PassThroughCache[] {
    for (const [name, { pendingEvictions, withheldKeys }] of this.#pending)
      if (pendingEvictions + withheldKeys === 0) this.#pending.delete(name);
    return [...this.#pending.values()];
  }

  /**
   * Starts in the background. Reads of the existing caches wait until they have joined, for a bounded time.
   * Events report what happens to the connections.
   */
  #startOnFirstUse(): void {
    this.start().catch(() => undefined);
    for (const [name, cache] of this.#caches) cache.joinWith(this.#options.links.joined(name));
  }

  async #stop(): Promise<void> {
    const { calls, links } = this.#options;
    // If no cache was ever used, there are no calls to wait for, and decorated methods need not be refused.
    if (this.#starting !== undefined) await calls.close();
    this.#isStopped = true;
    await links.quiesce();
    await Promise.all([...this.#caches.values(), ...this.#pending.values()].map((cache) => cache.stop()));
    await links.stop();
  }
}
