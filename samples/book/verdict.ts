import type { Book } from './book.js';

/** What one server answered to one read, and what the database said right after. Nothing was written in between. */
export interface Observation {
  readonly server: string;
  readonly answer: Book;
  readonly stored: Book;
}

/** Whether a server was told of an eviction. */
export interface Sighting {
  readonly server: string;
  /** The version of the book whose saving caused the eviction. */
  readonly version: number;
  readonly wasSeen: boolean;
}

/** What the run has shown. */
export interface Verdict {
  /** How many reads were compared with the database. */
  readonly reads: number;
  /** Those that differed from it. */
  readonly stale: readonly Observation[];
  /** Evictions that a running server was not told of. */
  readonly missed: readonly Sighting[];
  /** Whether something was read, nothing was stale and nothing was missed. */
  readonly isGood: boolean;
}

/** Judges by what was really read. A run that read nothing, or evicted nothing, has shown nothing. */
export function judge(observations: readonly Observation[], sightings: readonly Sighting[]): Verdict {
  const stale = observations.filter(({ answer, stored }) => !isSame(answer, stored));
  const missed = sightings.filter(({ wasSeen }) => !wasSeen);
  const isGood = observations.length > 0 && sightings.length > 0 && stale.length === 0 && missed.length === 0;
  return { reads: observations.length, stale, missed, isGood };
}

/** `0` for a good run, `1` for any other. */
export const exitCodeOf = ({ isGood }: Verdict): number => (isGood ? 0 : 1);

function isSame(a: Book, b: Book): boolean {
  return a.name === b.name && a.author === b.author && a.price === b.price && a.version === b.version;
}
