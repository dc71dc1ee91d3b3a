import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';
import type { Generation } from '../remote/generation.js';
import type { CoherentCache } from './coherent-cache.js';
import type { TwoTierCache } from './two-tier-cache.js';

/**
 * A cache as seen by the primary of one of its buckets.
 *
 * All buckets of a cache share one local tier. It is served only while the lease of every bucket holds.
 * Whatever empties it for one bucket empties it for all. This is simple, happens rarely, and is always
 * correct.
 */
class CacheBucket implements CoherentCache {
  readonly generation: Generation;
  readonly #cache: TwoTierCache;
  readonly #number: number;
  /** The end of each bucket's lease. All buckets of a cache share this array. */
  readonly #leases: Milliseconds[];

  constructor(cache: TwoTierCache, generation: Generation, number: number, leases: Milliseconds[]) {
    this.#cache = cache;
    this.generation = generation;
    this.#number = number;
    this.#leases = leases;
    generation.onChange((cause) => {
      if (cause !== 'expected') cache.emptied(cause);
      cache.intentsLost();
    });
  }

  get name(): string {
    return this.#cache.name;
  }

  apply(eviction: Eviction, own: boolean, lagMs?: Milliseconds): void {
    // A clear has one message per bucket. Only the message of the first bucket is counted, but all of them
    // are applied.
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
    // Some caches are served without a lease.
    return now <= (this.#leases[this.#number] as Milliseconds) || this.#cache.isServing(now);
  }
}

/**
 * `cache` as seen by the primary of each of its buckets. There is one generation per bucket; usually there is
 * only one bucket.
 */
export function bucketsOf(cache: TwoTierCache, generations: readonly Generation[]): readonly CoherentCache[] {
  const leases = generations.map(() => Number.NEGATIVE_INFINITY);
  return generations.map((generation, number) => new CacheBucket(cache, generation, number, leases));
}
