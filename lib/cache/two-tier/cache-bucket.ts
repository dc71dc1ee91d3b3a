import type { Milliseconds } from '../../time/index.js';
import { type Eviction, hasTags } from '../eviction.js';
import type { Generation } from '../remote/generation.js';
import type { TagClock } from '../tag/tag-clock.js';
import type { AppliedMessage, CoherentCache } from './coherent-cache.js';
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
  /** Of a cache with tags. */
  readonly #tags: TagClock | undefined;

  constructor(cache: TwoTierCache, { generation, tags }: BucketState, number: number, leases: Milliseconds[]) {
    this.#cache = cache;
    this.generation = generation;
    this.#number = number;
    this.#leases = leases;
    this.#tags = tags;
    generation.onChange((cause) => {
      tags?.restart();
      if (cause !== 'expected') cache.emptied(cause);
      cache.intentsLost();
    });
  }

  get name(): string {
    return this.#cache.name;
  }

  get hasTags(): boolean {
    return this.#tags !== undefined;
  }

  apply(eviction: Eviction, message: AppliedMessage): void {
    if (eviction !== 'all' && hasTags(eviction)) this.#tags?.evicted(eviction.tags, message.seq);
    // A clear has one message per bucket, and so has an eviction of tags. Only the message of the first
    // bucket is counted, but all of them are applied.
    const isCounted = this.#number === 0 || (eviction !== 'all' && !hasTags(eviction));
    this.#cache.apply(eviction, message, isCounted);
  }

  missed(cause: 'gap' | 'coherence'): void {
    this.#tags?.missed();
    this.#cache.missed(cause);
  }

  heard(number: number): void {
    this.#tags?.heard(number);
  }

  holdLeaseUntil(time: Milliseconds): void {
    this.#tags?.holdLeaseUntil(time);
    this.#leases[this.#number] = time;
    this.#cache.holdLeaseUntil(Math.min(...this.#leases));
  }

  isServing(now: Milliseconds): boolean {
    // Some caches are served without a lease.
    return now <= (this.#leases[this.#number] as Milliseconds) || this.#cache.isServing(now);
  }
}

/** What a cache knows of one of its buckets. */
export interface BucketState {
  readonly generation: Generation;
  /** Of a cache with tags. */
  readonly tags?: TagClock | undefined;
}

/** `cache` as seen by the primary of each of its buckets. Usually there is only one bucket. */
export function bucketsOf(cache: TwoTierCache, buckets: readonly BucketState[]): readonly CoherentCache[] {
  const leases = buckets.map(() => Number.NEGATIVE_INFINITY);
  return buckets.map((bucket, number) => new CacheBucket(cache, bucket, number, leases));
}
