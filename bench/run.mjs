// `npm run bench [-- name …] [--rounds n]`: runs the scenarios whose names begin so (default: all), and writes bench/RESULTS.md and its plots when all were run.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { contest } from './harness/contest.mjs';
import { startRedis } from './harness/redis.mjs';
import { bars } from './harness/svg.mjs';
import { collections } from './scenarios/collections.mjs';
import { freshness } from './scenarios/freshness.mjs';
import { growth } from './scenarios/growth.mjs';
import { bursts } from './scenarios/bursts.mjs';
import { cold } from './scenarios/cold.mjs';
import { hitRatios } from './scenarios/hit-ratio.mjs';
import { startUps } from './scenarios/start-up.mjs';
import { scenarios } from './scenarios/all.mjs';
import { tags } from './scenarios/tags.mjs';
import { targets } from './scenarios/targets.mjs';

const here = (path) => new URL(path, import.meta.url);
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const factor = Number(/--factor=([\d.]+)/.exec(process.argv.join(' '))?.[1] ?? 1);
const isAsked = (name) => asked.length === 0 || asked.some((start) => name.startsWith(start));
const sections = [];
const HEADINGS = { perSecond: 'throughput', ns: 'median', bytes: 'median', cpu: 'CPU', beat: 'median' };
/** What was measured, for the targets: rows by scenario, and single facts. */
const measured = new Map();
const facts = {};
const BUSY =
  '**The machine was busy during this run (load average above 3; the run itself makes 1 to 2 of that). Ratios shift then: run it again on a quiet machine before quoting a figure.**';
const load = () => os.loadavg()[0].toFixed(2);
const begun = load();

for (const scenario of scenarios) if (isAsked(scenario.name)) sections.push(await withRedis((redis) => one(scenario, redis)));
if (isAsked('tags')) sections.push(await tags(factor));
if (isAsked('freshness')) sections.push(await freshness(factor));
if (isAsked('collections')) sections.push(await collections(factor));
if (isAsked('cold')) sections.push(await withRedis((redis) => cold(redis, facts)));
if (isAsked('bursts')) sections.push(await withRedis((redis) => bursts(redis, Math.max(3, Math.round(7 * factor)), facts)));
if (isAsked('growth')) sections.push(await growth(factor));
if (isAsked('hit-ratio')) sections.push(await hitRatios(facts));
if (isAsked('start-up')) sections.push(await startUps(median, facts));
if (asked.length === 0) write();
process.exit(0);

/** Every scenario has a server of its own: what one leaves behind must not be found by the next. */
async function withRedis(measure) {
  const redis = await startRedis();
  try {
    return await measure(redis.url);
  } finally {
    await redis.stop();
  }
}

async function one({ name, title, note, file, contestants, n, rounds, warmUp, starts, columns, plot }, redis) {
  console.log(`\n${title}`);
  const plan = { n, rounds: Math.max(3, Math.round(rounds * factor)), warmUp, starts };
  const rows = await contest(
    contestants.map((contestant) => ({ ...contestant, file, options: { redis, ...contestant.options } })),
    plan,
  );
  measured.set(name, rows);
  const keys = Object.keys(columns);
  const table = [
    ['', ...keys.flatMap((key) => [HEADINGS[key] ?? key, 'ratio'])],
    ...rows.map(({ label, error, median, ratio }) => [
      label,
      ...(error === undefined
        ? keys.flatMap((key) => [columns[key](median[key]), ratio[key].toFixed(2)])
        : keys.flatMap(() => ['failed', ''])),
    ]),
  ];
  print(table);
  const lines = [`## ${title}`, '', note, '', ...markdown(table), ''];
  if (plot !== undefined) {
    mkdirSync(here('plots/'), { recursive: true });
    const shown = rows.filter(({ error }) => error === undefined);
    const unit = plot === 'perSecond' ? 'throughput' : 'time';
    const chart = {
      title: `${title}: ${unit}, as a ratio to the baseline (log scale)`,
      bars: shown.map(({ label, ratio }) => ({ label, value: ratio[plot] })),
    };
    writeFileSync(here(`plots/${name}.svg`), bars(chart));
    lines.push(`![${title}](plots/${name}.svg)`, '');
  }
  return lines.join('\n');
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

function write() {
  const version = (name) => JSON.parse(readFileSync(here(`node_modules/${name}/package.json`))).version;
  const { dependencies } = JSON.parse(readFileSync(here('package.json')));
  const server = execFileSync(process.env.REDIS_SERVER ?? 'redis-server', ['--version'], { encoding: 'utf8' });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.'), encoding: 'utf8' }).trim();
  const head = [
    '# Results',
    '',
    'Written by `npm run bench`. Every contestant runs in a process of its own; their rounds alternate. A figure is the median over the rounds; a ratio is the median of the ratios',
    'to the first row of the table in the same round. Ratios of a single figure say more than the figures, which depend on the machine and on who else used it.',
    'Times in ns are CPU time, of work that never waits, spread over three processes of each contestant: what the compiler makes of such a loop is not the same in each.',
    '',
    '| | |',
    '| --- | --- |',
    `| date | ${new Date().toISOString().slice(0, 10)} |`,
    `| machine | ${os.cpus().length} × ${os.cpus()[0].model.trim()}, ${os.type()} ${os.release()}, Redis on the loopback of the same machine |`,
    `| load average | ${begun} before, ${load()} after |`,
    `| Node | ${process.version} |`,
    `| server | ${/v=\S+/.exec(server)?.[0].slice(2) ?? server.trim()} |`,
    `| inversify-cache | commit ${commit} |`,
    `| peers | ${Object.keys(dependencies)
      .map((name) => `${name} ${version(name)}`)
      .join(', ')} |`,
    '',
  ];
  if (Math.max(Number(begun), Number(load())) > 3) head.push(BUSY, '');
  const accepted = here('accepted.md');
  const end = existsSync(accepted) ? [readFileSync(accepted, 'utf8')] : [];
  writeFileSync(here('RESULTS.md'), [...head, targets(measured, facts), ...sections, ...end].join('\n'));
}

function print(table) {
  const widths = table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));
  for (const row of table)
    console.log(`  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')}`);
}

function markdown([head, ...rows]) {
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map((_, i) => (i === 0 ? '---' : '--:')).join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
}
