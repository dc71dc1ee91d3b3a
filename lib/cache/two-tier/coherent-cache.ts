import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';
import type { Generation } from '../remote/generation.js';

/** What an eviction message says beside what was evicted. */
export interface AppliedMessage {
  /** Whether this instance itself announced the eviction. */
  readonly own: boolean;
  readonly seq: number;
  /** The time since the server executed the eviction, if known. */
  readonly lagMs?: Milliseconds | undefined;
}

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
  /** Whether its entries carry tags. */
  readonly hasTags: boolean;
  /**
   * Fences what was evicted: drops its entries, cancels the tickets of running reads, and detaches loads.
   */
  apply(eviction: Eviction, message: AppliedMessage): void;
  /**
   * Drops everything, because messages were missed. `gap`: their numbers show it. `coherence`: they may have
   * been missed.
   */
  missed(cause: 'gap' | 'coherence'): void;
  /**
   * Every message up to this number was applied since the last {@link missed}, and those that follow will be.
   */
  heard(number: number): void;
  /**
   * Sets the read lease: the local tier may be served until this time on the instance's clock. `-Infinity`:
   * not at all.
   */
  holdLeaseUntil(time: Milliseconds): void;
  /** Whether the local tier may be served at `now`. */
  isServing(now: Milliseconds): boolean;
}
