// Contestants against a baseline: each in a child process, rounds interleaved, so that what disturbs the machine disturbs all of them.
import { fork } from 'node:child_process';
import { median } from './numbers.mjs';

/** How long a round of what is measured in ns shall take. */
const ROUND_NS = 50e6;
const CHILD = new URL('child.mjs', import.meta.url);

/**
 * @typedef {object} Contestant
 * @property {string} label
 * @property {string} file - module, relative to bench/contestants
 * @property {string} [make] - its export; default: `make`
 * @property {object} [options] - what `make` is given
 * @property {object} [env] - added to its environment
 *
 * `make(options)` resolves to `{ round(n): Promise<Record<string, number>>, close?() }`; `round` does the work n times and answers what it measured.
 */

/**
 * Runs every contestant `rounds` times, in turns, after one round of warming up.
 *
 * @param {Contestant[]} contestants - the first is the baseline
 * @param {{ n: number, rounds: number, warmUp?: number, starts?: number }} plan - `warmUp`: the calls of the first round, which does not count
 *   (default: n); a service has run for longer than a benchmark, so what is compiled late must have been by then. `starts`: the rounds are
 *   spread over as many processes of each contestant (default: 1), for what the compiler makes of a loop of some ns differs between them.
 * @returns {Promise<{ label: string, error?: string, median: Record<string, number>, ratio: Record<string, number>, rows: Record<string, number>[] }[]>}
 *   the medians of what each measured, and of the ratios to what the baseline measured in the same round; and what each round measured.
 */
export async function contest(contestants, { n, rounds, warmUp = n, starts = 1 }) {
  const runs = [];
  for (let i = 0; i < starts; i += 1) runs.push(await run(contestants, n, Math.ceil(rounds / starts), warmUp));
  return contestants.map(({ label }, c) => {
    const rows = runs.flatMap((entries) => entries[c].measured.slice(1));
    const base = runs.flatMap((entries) => entries[0].measured.slice(1));
    const error = runs.map((entries) => entries[c].error).find((one) => one !== undefined);
    const over = (value) =>
      Object.fromEntries(Object.keys(rows[0] ?? {}).map((key) => [key, median(rows.map((row, i) => value(row[key], base[i]?.[key])))]));
    return { label, error, median: over((own) => own), ratio: over((own, of) => own / of), rows };
  });
}

async function run(contestants, n, rounds, warmUp) {
  const entries = await Promise.all(contestants.map(start));
  for (const entry of entries) {
    await entry.round(warmUp); // Compiled code, connections.
    // Short rounds would measure the waking up of a process that slept while the others had their turn.
    const { ns } = entry.measured[0] ?? {};
    entry.n = ns === undefined ? n : Math.max(1_000, Math.round(ROUND_NS / ns));
  }
  for (let round = 0; round < rounds; round += 1) {
    // Who comes first changes, so that no contestant always follows the same one.
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[(i + round) % entries.length];
      await entry.round(entry.n);
    }
  }
  await Promise.all(entries.map((entry) => entry.close()));
  return entries;
}

async function start({ label, file, make = 'make', options = {}, env = {} }) {
  const url = new URL(`../contestants/${file}`, import.meta.url).href;
  const child = fork(CHILD, [url, make, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...env },
    execArgv: ['--expose-gc'],
  });
  const entry = { label, measured: [], error: undefined };
  let told = '';
  let settle;
  child.stderr.on('data', (chunk) => (told += chunk));
  child.on('message', (message) => settle?.(message));
  child.on('exit', (code) => settle?.({ failed: `ended with code ${code}: ${told.slice(-2_000)}` }));
  const next = () => new Promise((resolve) => (settle = resolve));
  const fail = (reason) => {
    entry.error = reason;
    console.error(`  ${label} gave up: ${reason.split('\n').slice(0, 6).join('\n    ')}`);
  };
  const ready = await next();
  if (ready !== 'ready') fail(ready.failed);
  entry.round = async (n) => {
    if (entry.error !== undefined) return;
    const answer = next();
    child.send({ n });
    const { measured, failed } = await answer;
    if (failed === undefined) entry.measured.push(measured);
    else fail(failed);
  };
  entry.close = async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.connected) child.send('close');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(timer);
  };
  return entry;
}
