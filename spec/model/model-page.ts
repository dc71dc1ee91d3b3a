import { flagsOf, type Model, type ModelRow } from './model-row.js';
import { MODELS } from './models.js';
import type { Outcome } from './run-row.js';

const HEAD = ['faults allowed', 'the protocol', 'result', 'states', 'depth', 'flags'];

/** What came of a row. */
export interface Result {
  readonly model: Model;
  readonly row: ModelRow;
  readonly outcome: Outcome;
}

/** Whether a row came out as it should. */
export function isAsExpected({ row, outcome }: Result): boolean {
  if (row.breaks === undefined) return outcome.kind === 'held';
  return outcome.kind === 'broken' && outcome.promise === row.breaks;
}

/** A result in words. */
export function verdictOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'held':
      return 'holds';
    case 'broken':
      return `${outcome.promise} breaks`;
    case 'failed':
      return `FAILED: ${outcome.why}`;
  }
}

/** Results as a Markdown table, which is also fit for a terminal. */
function resultTable(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => pad(cell, i, widths[i]!)).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (isNumber(i) ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [line(HEAD), rule, ...rows.slice(1).map(line)].join('\n');
}

function cellsOf({ row, outcome }: Result): readonly string[] {
  const states = outcome.kind === 'held' ? `${outcome.states}` : '';
  const depth = outcome.kind === 'failed' ? '' : `${outcome.depth}`;
  const flags = flagsOf(row).join(' ');
  return [row.faults, row.change ?? '**as it is**', verdictOf(outcome), states, depth, flags === '' ? '' : `\`${flags}\``];
}

const isNumber = (column: number): boolean => HEAD[column] === 'states' || HEAD[column] === 'depth';

const pad = (cell: string, column: number, width: number): string => (isNumber(column) ? cell.padStart(width) : cell.padEnd(width));

/**
 * The results as a page of the docs: a table for each model.
 *
 * @param spin - the version of SPIN, on which the numbers depend.
 */
export function modelPage(results: readonly Result[], spin: string): string {
  const sections = MODELS.map(
    (model) => `## ${model.name}

${model.about} Left out: ${lowerFirst(model.without)}

${resultTable(results.filter((result) => result.model === model))}
`,
  );
  return `# The protocol as a model

Made by \`npm run model\` (\`spec/model/\`); do not edit by hand. ${spin}.

[SPIN](https://spinroot.com) visits every order in which the steps of a small model can happen. \`spec/interleavings\` plays the library itself in
thousands of orders and measures time. A model has no library and no time, but it leaves no order out. [coherence.md](coherence.md) explains the rules.

**How to read the tables.** *As it is*: the protocol with all its rules; each of these rows must hold. The other rows leave one rule out, or change
it. *Holds*: every state was visited, and no promise broke. *C2 breaks*: SPIN found an order of steps that breaks the promise, of as many steps as
\`depth\` says. Where a row without a rule holds, another rule covers it, at least within the bounds of the row. Each row is run with the flags
behind it; the head of each \`.pml\` file explains them. Bounds that no flag names are the file's own: mostly two reads, one or two writes and two
heartbeats.

**What is modelled.** Scripts are single steps of one server. Everything between two steps may take any time. L1, L2, tickets, fill leases, numbers,
generations, run ids, echoes, epochs, rumours and acknowledgements are those of the protocol; versions of one key are counted. A read lease is a flag: a
valid echo sets it, and it may end at any moment. So C2 reads: what L1 serves under a lease is at least as new as everything that had been evicted when
the heartbeat of that echo was executed.

**What is not modelled.** Time: that a lease ends in time, and that it counts from when the heartbeat was sent. Several servers: each bucket of a
Cluster is one server. Several readers, except in \`filling\`, \`audience\`, \`crash-safe-writes\`, \`tag-record\`, \`freshness\` and \`collections\`: what an instance does depends on Redis and on its own messages alone, so
one reader and one foreign writer stand for any number. Several caches: every echo names every cache, each with its own state, and no rule compares two
caches. Codecs, expiry (but in \`freshness\`), the size of L1.

${sections.join('\n')}`;
}

const lowerFirst = (text: string): string => (/^L\d/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1));
