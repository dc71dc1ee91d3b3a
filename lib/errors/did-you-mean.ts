/**
 * `" Did you mean …?"` with the known name nearest to `name`, or nothing if none is near.
 * Meant to follow a sentence.
 */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return nearest === undefined ? '' : ` Did you mean \`${nearest.candidate}\`?`;
}

/** Whether two names differ by at most one letter, upper and lower case being the same. */
export const isNearly = (one: string, other: string): boolean => editDistance(one.toLowerCase(), other.toLowerCase()) <= 1;

/**
 * The least number of insertions, deletions and replacements that turn `a` into `b` (Wagner
 * and Fischer, row by row).
 */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
