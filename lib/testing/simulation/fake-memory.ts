import type { Milliseconds } from '../../time/index.js';

/** What a server remembers, and may remember again when it comes back from an old snapshot. */
export interface Memory {
  readonly strings: Map<string, { readonly value: string; readonly endsAt: Milliseconds }>;
  /**
   * Marks of a list are members that begin with a colon. They are no instances, whatever their scores are.
   */
  readonly sets: Map<string, Map<string, Milliseconds>>;
  readonly hashes: Map<string, Map<string, string>>;
  /** When sets end that are not empty. They are not removed then: no schedule is that long. */
  readonly ends: Map<string, Milliseconds>;
}
