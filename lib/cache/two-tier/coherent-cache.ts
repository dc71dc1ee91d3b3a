import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';
import type { Generation } from '../remote/generation.js';

/**
 * What the listening half of one primary may do to a cache: the *applying* verbs. They are synchronous, touch this instance only and never
 * publish, so a listener cannot start an echo. (The split into originating and applying verbs is layered-loader's.)
 */
export interface CoherentCache {
  readonly name: string;
  /** The generation its keys are written under on this primary. A change of it empties the local tier. */
  readonly generation: Generation;
  /**
   * Drops what was evicted, cancels the tickets of reads under way, detaches loads.
   *
   * @param own - this instance announced it itself.
   * @param lagMs - how long ago the server executed it, if that is known.
   */
  apply(eviction: Eviction, own: boolean, lagMs?: Milliseconds): void;
  /** Messages were missed, by their numbers (`gap`), or may have been (`coherence`): drops everything. */
  missed(cause: 'gap' | 'coherence'): void;
  /** The read lease: the local tier may be served up to this time on the instance's clock. `-Infinity`: not at all. */
  holdLeaseUntil(time: Milliseconds): void;
  /** Whether the local tier may be served at `now`. */
  isServing(now: Milliseconds): boolean;
}
