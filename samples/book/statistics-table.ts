import type { CacheStatistics } from '../../lib/index.js';

/** One row: a server, or one of its lives if it had several. */
export interface StatisticsRow {
  readonly server: string;
  readonly statistics: CacheStatistics;
}

const COLUMNS: readonly (readonly [title: string, value: (statistics: CacheStatistics) => number])[] = [
  ['L1 hits', ({ localHits }) => localHits],
  ['L2 hits', ({ remoteHits }) => remoteHits],
  ['database loads', ({ loads }) => loads],
  ['evictions sent', ({ evictions, tagEvictions }) => evictions + tagEvictions],
  ['evictions seen', ({ messagesApplied }) => messagesApplied],
];

/** The counters of every server's cache `book`, as lines of text. */
export function statisticsTable(rows: readonly StatisticsRow[]): readonly string[] {
  const cells = [
    ['', ...COLUMNS.map(([title]) => title)],
    ...rows.map(({ server, statistics }) => [server, ...COLUMNS.map(([, value]) => `${value(statistics)}`)]),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((row) => (row[i + 1] as string).length)));
  const first = Math.max(...cells.map(([name = '']) => name.length));
  return cells.map(
    ([name = '', ...values]) => `  ${name.padEnd(first)}${values.map((value, i) => `   ${value.padStart(widths[i] as number)}`).join('')}`,
  );
}
