import type { Book, BookList } from './book.js';

/** What a server answers to a read. */
export type Answer = Book | BookList;

/** What one server answered to one read, and what the database said right after. Nothing was written in between. */
export interface Observation<A extends Answer = Answer> {
  readonly server: string;
  readonly answer: A;
  readonly stored: A;
}

/** Whether a server was told of an eviction. */
export interface Sighting {
  readonly server: string;
  /** What was evicted, in words. */
  readonly what: string;
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

function isSame(a: Answer, b: Answer): boolean {
  if (a.author !== b.author || a.authorId !== b.authorId) return false;
  if ('names' in a || 'names' in b) return 'names' in a && 'names' in b && a.names.join('\n') === b.names.join('\n');
  return a.name === b.name && a.price === b.price && a.version === b.version;
}
