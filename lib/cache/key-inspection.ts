import type { Milliseconds } from '../time/index.js';

/** What one tier holds of a key. */
export interface TierInspection {
  /** `unknown`: the tier could not be asked. `unused`: the cache has no such tier. */
  readonly state: 'held' | 'absent' | 'unknown' | 'unused';
  /** What is left of the entry's life, in milliseconds, when it is held; absent if it has no end, or none that is known. */
  readonly leftMs?: Milliseconds;
}

/** Where a key lies, at one moment. Tells of the value only that it is there. */
export interface KeyInspection {
  /** The key as the cache writes it. */
  readonly key: string;
  readonly local: TierInspection;
  readonly remote: TierInspection;
  /** Whether the local tier may be served now; while it may not, a read does not look there. */
  readonly isServing: boolean;
  /** Whether an eviction of the key waits for Redis' acknowledgement: then a read looks in neither tier. */
  readonly isDoubtful: boolean;
}
