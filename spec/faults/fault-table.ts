import { breaches, type FaultFigures } from './run-fault.js';

const HEAD = [
  'fault',
  'D',
  'reads',
  'stale',
  'worst staleness',
  'L1 share',
  'bypassed',
  'evictions',
  '… by tag',
  'in doubt',
  'longest read',
  'longest eviction',
  '… with acks',
  'permanently stale',
  'verdict',
];

/** Figures as a Markdown table, which is also fit for a terminal. */
export function faultTable(figures: readonly FaultFigures[]): string {
  const rows = [HEAD, ...figures.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(HEAD), rule, ...rows.slice(1).map(line)].join('\n');
}

function row(figures: FaultFigures): string[] {
  return [
    figures.kind,
    milliseconds(figures.boundMs),
    `${figures.reads}`,
    `${figures.staleReads}`,
    figures.worstStalenessMs === 0 ? '0' : milliseconds(figures.worstStalenessMs),
    percent(figures.localShare),
    percent(figures.bypassedShare),
    `${figures.evictions}`,
    `${figures.tagEvictions}`,
    `${figures.inDoubt}`,
    milliseconds(figures.longestReadMs),
    milliseconds(figures.longestEvictionMs),
    milliseconds(figures.longestAckedMs),
    `${figures.permanentlyStale + (figures.abandoned?.stale ?? 0)}`,
    verdict(figures),
  ];
}

function verdict(figures: FaultFigures): string {
  if (breaches(figures).length > 0) return 'BROKEN';
  return figures.isPromised ? 'kept' : 'not promised';
}

const milliseconds = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
