/**
 * The models of the protocol: `npm run model -- [--grep words] [--out file]`.
 *
 * Runs every row of every model with SPIN, prints each as it ends, and writes the tables to a page of the docs. A part of the rows
 * (`--grep`: what a row's line contains) is printed only. Exits with 1 if a row came out otherwise than it should.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { modelPrograms } from '../support/model-programs.js';
import { isAsExpected, modelPage, type Result, verdictOf } from './model-page.js';
import { titleOf } from './model-row.js';
import { MODELS } from './models.js';
import { runRow, spinVersion } from './run-row.js';

const { values } = parseArgs({ options: { grep: { type: 'string', default: '' }, out: { type: 'string' } } });
const programs = modelPrograms();
const rows = MODELS.flatMap((model) => model.rows.map((row) => ({ model, row, title: titleOf(model, row) }))).filter(({ title }) =>
  title.includes(values.grep),
);
if (rows.length === 0) throw new Error(`No row contains '${values.grep}'.`);

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort());

const begunAt = performance.now();
const results: Result[] = [];
try {
  for (const { model, row, title } of rows) {
    const rowBegunAt = performance.now();
    const result = { model, row, outcome: await runRow(model, row, { programs, signal: interrupt.signal }) };
    interrupt.signal.throwIfAborted(); // Else what Ctrl-C did to the search would be told as its result.
    results.push(result);
    const { outcome } = result;
    const size = outcome.kind === 'failed' ? '' : `, ${outcome.kind === 'held' ? `${outcome.states} states, ` : ''}depth ${outcome.depth}`;
    console.log(`${isAsExpected(result) ? '✔' : '✖'} ${title}: ${verdictOf(outcome)}${size}, ${seconds(rowBegunAt)}`);
    if (!isAsExpected(result)) console.log(`    expected: ${row.breaks === undefined ? 'holds' : `${row.breaks} breaks`}`);
  }
  const wrong = results.filter((result) => !isAsExpected(result)).length;
  console.log(
    wrong === 0 ? `\nAll ${results.length} rows came out as they should, in ${seconds(begunAt)}.` : `\n${wrong} rows came out otherwise.`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;

  // Part of the rows is no record of them.
  const out = values.out ?? (values.grep === '' && wrong === 0 ? 'docs/model.md' : undefined);
  if (out !== undefined) {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, modelPage(results, await spinVersion(programs)));
    console.log(`Written to ${out}.`);
  }
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  console.log('\nInterrupted: not every row was run.');
  process.exitCode = 130;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}
