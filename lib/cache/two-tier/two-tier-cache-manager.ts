import { CacheStoppedError } from '../../errors/index.js';
import type { CacheStatistics } from '../../event/index.js';
import type { Clock } from '../../time/index.js';
import { byName } from '../by-name.js';
import { type CacheCondition, type CacheHealth, CacheManager, type HealthStatus } from '../cache-manager.js';
import type { Cache } from '../cache.js';
import type { CallsUnderWay } from '../calls-under-way.js';
import type { PassThroughCache, PassThroughCacheParts } from './pass-through-cache.js';
import type { TwoTierCache } from './two-tier-cache.js';

/** The connections of an instance, as its cache manager drives them: the port that the composition root implements. */
export interface InstanceLinks {
  /** Connects everything; resolves once every topic is confirmed. */
  start(): Promise<void>;
  /** Resolves once a cache that came later has joined, or after a bounded time. Never rejects. */
  joined(name: string): Promise<void>;
  /** Stops listening, before the caches close. Never throws. */
  quiesce(): Promise<void>;
  /** Closes every connection, after the caches have closed. Never throws. */
  stop(): Promise<void>;
  /** How each connection stands. */
  health(): Readonly<Record<string, HealthStatus>>;
  /** Why local tiers may not be served now, as far as the connections know, in words. */
  reason(): string;
}

/** What a {@link TwoTierCacheManager} is made of. */
export interface TwoTierCacheManagerParts {
  /** Caches that exist from the beginning. */
  readonly names: readonly string[];
  /** Whether unknown names are created on demand. */
  readonly dynamic: boolean;
  /** The most caches that are created on demand, beside those of {@link isNamed}. Default: no limit. */
  readonly maximumDynamicCaches?: number;
  /** Whether the program names this cache, so that it is not counted. Default: it does not. */
  readonly isNamed?: (name: string) => boolean;
  /** Makes a cache for a name beyond the maximum. Set where there is a maximum. */
  readonly passThrough?: (name: string, own: Pick<PassThroughCacheParts, 'made' | 'isPending'>) => PassThroughCache;
  /** Told of the first name beyond the maximum. */
  readonly full?: (name: string) => void;
  readonly clock: Clock;
  /** Makes a cache and has it follow its topic. */
  readonly create: (name: string) => TwoTierCache;
  /** What a shutdown waits for. */
  readonly calls: CallsUnderWay;
  readonly links: InstanceLinks;
}

/** The {@link CacheManager} of one instance: its caches, by name, and the order in which it starts and stops. */
export class TwoTierCacheManager extends CacheManager {
  readonly #parts: TwoTierCacheManagerParts;
  readonly #caches = new Map<string, TwoTierCache>();
  /** How many of the caches count. */
  #dynamicCaches = 0;
  #isToldFull = false;
  /** Caches beyond the maximum whose evictions are not acknowledged yet; all others are forgotten at once. */
  readonly #pending = new Map<string, PassThroughCache>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Whether the calls under way have ended, or may not be waited for any longer. */
  #isStopped = false;

  constructor(parts: TwoTierCacheManagerParts) {
    super();
    this.#parts = parts;
    for (const name of parts.names) this.#caches.set(name, parts.create(name));
  }

  override getCache(name: string): Cache | undefined {
    const known = this.#caches.get(name);
    if (known !== undefined) {
      if (this.#starting === undefined && this.#stopping === undefined) this.#startOnFirstUse();
      return known;
    }
    if (!this.#parts.dynamic || this.#isStopped) return undefined;
    const counts = this.#parts.isNamed?.(name) !== true;
    if (counts && this.#dynamicCaches >= (this.#parts.maximumDynamicCaches ?? Infinity)) return this.#beyondMaximum(name);
    const created = this.#parts.create(name);
    this.#caches.set(name, created);
    if (counts) this.#dynamicCaches += 1;
    if (this.#starting === undefined) this.#startOnFirstUse();
    else created.joinWith(this.#parts.links.joined(name));
    return created;
  }

  /** The cache of this name if there is one; unlike {@link getCache} it neither makes one nor starts anything. */
  findCache(name: string): TwoTierCache | undefined {
    return this.#caches.get(name);
  }

  override get cacheNames(): readonly string[] {
    return [...this.#caches.keys()];
  }

  /**
   * @throws {RemoteCacheError} `CACHE_REMOTE_CONNECT_FAILED`, naming host and port, when Redis cannot be reached in time. The instance goes
   *   on trying: reads run in bypass until it succeeds. `stop()` ends that.
   * @throws {CacheStoppedError} after `stop()`.
   */
  override start(): Promise<void> {
    if (this.#stopping !== undefined) {
      return Promise.reject(new CacheStoppedError('The cache manager was stopped and cannot be started again.'));
    }
    return (this.#starting ??= this.#parts.links.start());
  }

  override stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  override health(): CacheHealth {
    const links = this.#parts.links.health();
    const caches = byName(this.#caches, (cache) => this.#conditionOf(cache));
    if (this.#stopping !== undefined) return { status: 'down', links, caches };
    const all = [...Object.values(links), ...Object.values(caches).map(({ status }) => status)];
    const isUp = all.every((status) => status === 'up') && this.#stillPending().length === 0;
    return { status: isUp ? 'up' : 'degraded', links, caches };
  }

  #conditionOf(cache: TwoTierCache): CacheCondition {
    if (this.#stopping !== undefined) return { status: 'down', reason: 'The cache manager was stopped.' };
    const reasons: string[] = [];
    if (!cache.isServing(this.#parts.clock.now())) reasons.push(this.#parts.links.reason());
    if (cache.pendingEvictions > 0) reasons.push(`Evictions that are not acknowledged: ${cache.pendingEvictions}.`);
    return reasons.length === 0 ? { status: 'up' } : { status: 'degraded', reason: reasons.join(' ') };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return byName(this.#caches, (cache) => cache.statistics());
  }

  override resetStatistics(): void {
    for (const cache of this.#caches.values()) cache.resetStatistics();
  }

  /** Tells every cache that the remote tier is back. */
  reconnected(): void {
    for (const cache of [...this.#caches.values(), ...this.#stillPending()]) cache.reconnected();
  }

  /** A cache that is not kept, for a name that is one too many. Nothing of it is left but evictions that are tried again. */
  #beyondMaximum(name: string): PassThroughCache {
    const { passThrough, full, maximumDynamicCaches } = this.#parts;
    const known = this.#pending.get(name);
    if (known !== undefined) return known;
    const cache = (passThrough as NonNullable<typeof passThrough>)(name, {
      made: () => this.#caches.get(name),
      isPending: (pending) => {
        this.#pending.set(name, pending);
        const still = this.#stillPending();
        if (still.length <= (maximumDynamicCaches as number)) return;
        this.#pending.delete((still[0] as PassThroughCache).name);
        void still[0]?.stop(); // It tells what is lost.
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
    for (const [name, cache] of this.#pending) if (cache.pendingEvictions === 0) this.#pending.delete(name);
    return [...this.#pending.values()];
  }

  /** Reads of the caches there are wait for it, a bounded time; what becomes of the connections is told by events. */
  #startOnFirstUse(): void {
    this.start().catch(() => undefined);
    for (const [name, cache] of this.#caches) cache.joinWith(this.#parts.links.joined(name));
  }

  async #stop(): Promise<void> {
    const { calls, links } = this.#parts;
    // Caches that were never used have nothing to wait for, and decorated methods of the container nothing to miss.
    if (this.#starting !== undefined) await calls.close();
    this.#isStopped = true;
    await links.quiesce();
    await Promise.all([...this.#caches.values(), ...this.#pending.values()].map((cache) => cache.stop()));
    await links.stop();
  }
}
