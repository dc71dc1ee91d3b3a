import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';
import type { Generation } from '../remote/generation.js';

/**
 * What the listening half of one primary may do to a cache: the *applying* verbs. They are synchronous,
 * change only this instance, and never publish. So a listener cannot cause an echo. (The separation of
 * originating verbs from applying verbs comes from layered-loader.)
 */
export interface CoherentCache {
  readonly name: string;
  /**
   * The generation under which the keys of this cache are written on this primary. A new generation empties
   * the local tier.
   */
  readonly generation: Generation;
  /**
   * Fences what was evicted: drops its entries, cancels the tickets of running reads, and detaches loads.
   *
   * @param own - whether this instance itself announced the eviction.
   * @param lagMs - the time since the server executed the eviction, if known.
   */
  apply(eviction: Eviction, own: boolean, lagMs?: Milliseconds): void;
  /**
   * Drops everything, because messages were missed. `gap`: their numbers show it. `coherence`: they may have
   * been missed.
   */
  missed(cause: 'gap' | 'coherence'): void;
  /**
   * Sets the read lease: the local tier may be served until this time on the instance's clock. `-Infinity`:
   * not at all.
   */
  holdLeaseUntil(time: Milliseconds): void;
  /** Whether the local tier may be served at `now`. */
  isServing(now: Milliseconds): boolean;
}
