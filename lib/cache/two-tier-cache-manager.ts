import { CacheConfigurationError } from '../errors/index.js';
import type { CacheStatistics } from '../event/index.js';
import type { Clock } from '../time/index.js';
import { type CacheCondition, type CacheHealth, CacheManager, type HealthStatus } from './cache-manager.js';
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
  readonly clock: Clock;
  /** Makes a cache and has it follow its topic. */
  readonly create: (name: string) => TwoTierCache;
  readonly links: InstanceLinks;
}

/** The {@link CacheManager} of one instance: its caches, by name, and the order in which it starts and stops. */
export class TwoTierCacheManager extends CacheManager {
  readonly #parts: TwoTierCacheManagerParts;
  readonly #caches = new Map<string, TwoTierCache>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(parts: TwoTierCacheManagerParts) {
    super();
    this.#parts = parts;
    for (const name of parts.names) this.#caches.set(name, parts.create(name));
  }

  override getCache(name: string): TwoTierCache | undefined {
    const known = this.#caches.get(name);
    if (known !== undefined) {
      if (this.#starting === undefined && this.#stopping === undefined) this.#startOnFirstUse();
      return known;
    }
    if (!this.#parts.dynamic || this.#stopping !== undefined) return undefined;
    const created = this.#parts.create(name);
    this.#caches.set(name, created);
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
   * @throws {CacheConfigurationError} `CACHE_STOPPED` after `stop()`.
   */
  override start(): Promise<void> {
    if (this.#stopping !== undefined) {
      return Promise.reject(new CacheConfigurationError('CACHE_STOPPED', 'The cache manager was stopped and cannot be started again.'));
    }
    return (this.#starting ??= this.#parts.links.start());
  }

  override stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  override health(): CacheHealth {
    const links = this.#parts.links.health();
    const caches = Object.fromEntries([...this.#caches].map(([name, cache]) => [name, this.#conditionOf(cache)]));
    if (this.#stopping !== undefined) return { status: 'down', links, caches };
    const all = [...Object.values(links), ...Object.values(caches).map(({ status }) => status)];
    return { status: all.every((status) => status === 'up') ? 'up' : 'degraded', links, caches };
  }

  #conditionOf(cache: TwoTierCache): CacheCondition {
    if (this.#stopping !== undefined) return { status: 'down', reason: 'The cache manager was stopped.' };
    const reasons: string[] = [];
    if (!cache.isServing(this.#parts.clock.now())) reasons.push(this.#parts.links.reason());
    if (cache.pendingEvictions > 0) reasons.push(`Evictions that are not acknowledged: ${cache.pendingEvictions}.`);
    return reasons.length === 0 ? { status: 'up' } : { status: 'degraded', reason: reasons.join(' ') };
  }

  override statistics(): Readonly<Record<string, CacheStatistics>> {
    return Object.fromEntries([...this.#caches].map(([name, cache]) => [name, cache.statistics()]));
  }

  override resetStatistics(): void {
    for (const cache of this.#caches.values()) cache.resetStatistics();
  }

  /** Tells every cache that the remote tier is back. */
  reconnected(): void {
    for (const cache of this.#caches.values()) cache.reconnected();
  }

  /** Reads of the caches there are wait for it, a bounded time; what becomes of the connections is told by events. */
  #startOnFirstUse(): void {
    this.start().catch(() => undefined);
    for (const [name, cache] of this.#caches) cache.joinWith(this.#parts.links.joined(name));
  }

  async #stop(): Promise<void> {
    const { links } = this.#parts;
    await links.quiesce();
    await Promise.all([...this.#caches.values()].map((cache) => cache.stop()));
    await links.stop();
  }
}
