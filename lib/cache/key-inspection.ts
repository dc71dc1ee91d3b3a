import type { Milliseconds } from '../time/index.js';

/** What one tier holds of a key. */
export interface TierInspection {
  /**
   * `stale`: its life has ended, and it is kept in case that its method fails (`staleIfError`). `unknown`:
   * the tier did not answer. `unused`: the cache has no such tier.
   */
  readonly state: 'held' | 'stale' | 'absent' | 'unknown' | 'unused';
  /**
   * How long the entry will still live, or be kept if it is stale, in milliseconds. Absent if it has no end,
   * or if the end is not known.
   */
  readonly leftMs?: Milliseconds | undefined;
}

/** Where a key is held at one moment. It says nothing about the value except that it is there. */
export interface KeyInspection {
  /** The key as the cache writes it. */
  readonly key: string;
  readonly local: TierInspection;
  readonly remote: TierInspection;
  /** In a cache with tags: those that its entry carries, in their encoded form. Absent if no tier tells. */
  readonly tags?: readonly string[] | undefined;
  /** Whether the local tier may be served now. While it may not, a read does not look there. */
  readonly isServing: boolean;
  /**
   * Whether an eviction of the key waits for the acknowledgement of Redis. If so, a read looks in neither
   * tier.
   */
  readonly isDoubtful: boolean;
  /**
   * Whether an instance is writing the key (`aroundInvocation`), or has died while it did. If so, nothing is
   * stored under it. `false` also if the remote tier did not answer.
   */
  readonly isWithheld: boolean;
}
