/** How many keys of one eviction are printed for people. */
export const MAXIMUM_KEYS_PRINTED = 20;

/** Columns side by side: the first is aligned left, the others right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('  '),
  );
}

/** `0.42 ms`. */
export const milliseconds = (ms: number | undefined): string =>
  ms === undefined ? '-' : ms < 1_000 ? `${ms.toFixed(ms < 10 ? 2 : 0)} ms` : `${(ms / 1_000).toFixed(1)} s`;

/** `640 B`, `12.3 kB`. */
export const bytes = (count: number): string => {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = count < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return `${power === 0 ? count : (count / 1_000 ** power).toFixed(1)} ${units[power]}`;
};

/** `1 key`, `2 keys`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The first items, and how many more there are. */
export function firstOf<T>(items: readonly T[], most: number, separator: string, tell: (item: T) => string): string {
  const told = items.slice(0, most).map((item) => tell(item));
  if (items.length > most) told.push(`and ${items.length - most} more`);
  return told.join(separator);
}
