import { breaches, type FaultFigures } from './run-fault.js';

/** A heading, and what is under it. */
type Column = readonly [string, (figures: FaultFigures) => string];

const COLUMNS: readonly Column[] = [
  ['fault', ({ kind }) => kind],
  ['D', ({ boundMs }) => milliseconds(boundMs)],
  ['reads', ({ reads }) => `${reads}`],
  ['stale', ({ staleReads }) => `${staleReads}`],
  ['worst staleness', ({ worstStalenessMs }) => orNone(worstStalenessMs)],
  ['L1 share', ({ localShare }) => percent(localShare)],
  ['bypassed', ({ bypassedShare }) => percent(bypassedShare)],
  ['evictions', ({ evictions }) => `${evictions}`],
  ['… by tag', ({ tagEvictions }) => `${tagEvictions}`],
  ['in doubt', ({ inDoubt }) => `${inDoubt}`],
  ['longest read', ({ longestReadMs }) => milliseconds(longestReadMs)],
  ['longest eviction', ({ longestEvictionMs }) => milliseconds(longestEvictionMs)],
  ['… with acks', ({ longestAckedMs }) => milliseconds(longestAckedMs)],
  ['permanently stale', ({ permanentlyStale, abandoned }) => `${permanentlyStale + (abandoned?.stale ?? 0)}`],
  ['verdict', (figures) => verdict(figures)],
];

/** What matters while the database is in trouble. */
const TROUBLE_COLUMNS: readonly Column[] = [
  ['fault', ({ kind }) => kind],
  ['D', ({ boundMs }) => milliseconds(boundMs)],
  ['reads answered', ({ reads }) => `${reads}`],
  ['… after the life', ({ servedStale }) => `${servedStale}`],
  ['failed, known', ({ knownFailures }) => `${knownFailures}`],
  ['failed, not known', ({ failedReads, knownFailures }) => `${failedReads - knownFailures}`],
  ['stale', ({ staleReads }) => `${staleReads}`],
  ['worst staleness', ({ worstStalenessMs }) => orNone(worstStalenessMs)],
  ['greatest age', ({ greatestAgeMs }) => milliseconds(greatestAgeMs)],
  ['longest read', ({ longestReadMs }) => milliseconds(longestReadMs)],
  ['evictions', ({ evictions }) => `${evictions}`],
  ['… by tag', ({ tagEvictions }) => `${tagEvictions}`],
  ['permanently stale', ({ permanentlyStale }) => `${permanentlyStale}`],
  ['verdict', (figures) => verdict(figures)],
];

/**
 * Figures as a Markdown table, which is also fit for a terminal.
 *
 * @param figures - all of faults of the database, or none of them.
 */
export function faultTable(figures: readonly FaultFigures[]): string {
  const columns = figures.some(isOfDatabase) ? TROUBLE_COLUMNS : COLUMNS;
  const head = columns.map(([name]) => name);
  const rows = [head, ...figures.map((each) => columns.map(([, cell]) => cell(each)))];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}

/**
 * The tables of one deployment.
 *
 * @param aboutDatabase - what is said above that of the faults of the database, if there are any.
 */
export function faultTables(figures: readonly FaultFigures[], aboutDatabase: string): string {
  const ofDatabase = figures.filter(isOfDatabase);
  const others = figures.filter((each) => !isOfDatabase(each));
  return [
    ...(others.length > 0 ? [faultTable(others)] : []),
    ...(ofDatabase.length > 0 ? [aboutDatabase, faultTable(ofDatabase)] : []),
  ].join('\n\n');
}

const isOfDatabase = ({ trouble }: FaultFigures): boolean => trouble !== undefined;

function verdict(figures: FaultFigures): string {
  if (breaches(figures).length > 0) return 'BROKEN';
  return figures.isPromised ? 'kept' : 'not promised';
}

const orNone = (ms: number): string => (ms === 0 ? '0' : milliseconds(ms));

const milliseconds = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
