import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';
import type { Generation } from '../remote/generation.js';
import type { CoherentCache } from './coherent-cache.js';
import type { TwoTierCache } from './two-tier-cache.js';

/**
 * A cache as the primary of one of its buckets sees it. There is one local tier for all buckets: it is served only while the lease of every
 * bucket holds, and what empties it for one bucket empties it for all; that is simple, rare, and never wrong.
 */
class CacheBucket implements CoherentCache {
  readonly generation: Generation;
  readonly #cache: TwoTierCache;
  readonly #number: number;
  /** The end of each bucket's lease; shared between the buckets of a cache. */
  readonly #leases: Milliseconds[];

  constructor(cache: TwoTierCache, generation: Generation, number: number, leases: Milliseconds[]) {
    this.#cache = cache;
    this.generation = generation;
    this.#number = number;
    this.#leases = leases;
    generation.onChange((cause) => {
      if (cause !== 'expected') cache.emptied(cause);
    });
  }

  get name(): string {
    return this.#cache.name;
  }

  apply(eviction: Eviction, own: boolean, lagMs?: Milliseconds): void {
    // A clear has a message for each bucket: the first one's is counted, all of them are obeyed.
    if (eviction !== 'all' || this.#number === 0) this.#cache.apply(eviction, own, lagMs);
    else if (!own) this.#cache.emptied('remote');
  }

  missed(cause: 'gap' | 'coherence'): void {
    this.#cache.missed(cause);
  }

  holdLeaseUntil(time: Milliseconds): void {
    this.#leases[this.#number] = time;
    this.#cache.holdLeaseUntil(Math.min(...this.#leases));
  }

  isServing(now: Milliseconds): boolean {
    return now <= (this.#leases[this.#number] as Milliseconds) || this.#cache.isServing(now); // Some caches are served without a lease.
  }
}

/** `cache` as the primary of each of its buckets sees it. One generation for each bucket; mostly there is one. */
export function bucketsOf(cache: TwoTierCache, generations: readonly Generation[]): readonly CoherentCache[] {
  const leases = generations.map(() => Number.NEGATIVE_INFINITY);
  return generations.map((generation, number) => new CacheBucket(cache, generation, number, leases));
}
