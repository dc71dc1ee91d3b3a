import type { Milliseconds } from '../time/index.js';
import type { CoherentCache } from './eviction-log.js';
import type { RemoteCache } from './remote-cache.js';
import type { TwoTierCache } from './two-tier-cache.js';

/**
 * What the primary of one bucket may do to a cache whose remote tier has several. There is one local tier for all of them: it is served only
 * while the lease of every bucket holds, and what empties it for one bucket empties it for all; that is simple, rare, and never wrong.
 */
class CacheBucket implements CoherentCache {
  readonly #cache: TwoTierCache;
  readonly #remote: RemoteCache;
  readonly #number: number;
  /** The end of each bucket's lease; shared between the buckets of a cache. */
  readonly #leases: Milliseconds[];

  constructor(cache: TwoTierCache, remote: RemoteCache, number: number, leases: Milliseconds[]) {
    this.#cache = cache;
    this.#remote = remote;
    this.#number = number;
    this.#leases = leases;
  }

  get name(): string {
    return this.#cache.name;
  }

  get generation(): string | undefined {
    return this.#remote.generation;
  }

  applyEviction(keys: readonly string[], own: boolean, lagMs?: Milliseconds): void {
    this.#cache.applyEviction(keys, own, lagMs);
  }

  applyClear(cause: 'remote' | 'own' | 'gap' | 'coherence', lagMs?: Milliseconds): void {
    // A clear has a message for each bucket: the first one's is counted, all of them are obeyed.
    if (this.#number === 0 || cause === 'gap' || cause === 'coherence') this.#cache.applyClear(cause, lagMs);
    else if (cause === 'remote') this.#cache.applyGeneration('remote');
  }

  useGeneration(generation: string, isReplacement?: boolean): void {
    if (this.#remote.useGeneration(generation, isReplacement)) this.#cache.applyGeneration();
  }

  doubtGeneration(generation: string, cause: 'remote' | 'coherence'): void {
    this.#remote.doubtGeneration(generation);
    this.#cache.applyGeneration(cause);
  }

  trustGeneration(): void {
    this.#remote.trustGeneration();
  }

  serveUntil(time: Milliseconds): void {
    this.#leases[this.#number] = time;
    this.#cache.serveUntil(Math.min(...this.#leases));
  }

  isServing(now: Milliseconds): boolean {
    return now <= (this.#leases[this.#number] as Milliseconds) || this.#cache.isServing(now); // Some caches are served without a lease.
  }
}

/** `cache` as the primary of each of its buckets sees it. */
export function bucketsOf(cache: TwoTierCache, remotes: readonly RemoteCache[]): readonly CoherentCache[] {
  const leases = remotes.map(() => Number.NEGATIVE_INFINITY);
  return remotes.map((remote, number) => new CacheBucket(cache, remote, number, leases));
}
