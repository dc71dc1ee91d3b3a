// What `staleIfError`, `refreshAfter` and `loadTimeout` are worth, and what they cost: beside the same without them, and beside one GET.
import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../harness/numbers.mjs';
import { startMember } from '../harness/member.mjs';
import { startRedis } from '../harness/redis.mjs';
import { bytes, count, LATENCY, measured, ns, plain, print, spread, table } from '../harness/tables.mjs';

const OURS = 'inversify-cache';
const FILE = 'freshness.mjs';
/** The rounds of what does not depend on who else uses the machine. */
const COUNTED = 2;
/** Figures of hits and of methods that are waited for stand in one column. */
const ms = (value) => `${value.toFixed(3)} ms`;

/** @param {number} factor - of the number of rounds, of which there are seven at least */
export async function freshness(factor) {
  console.log('\nFreshness');
  const rounds = Math.max(7, Math.round(7 * factor));
  return [
    '## Freshness',
    '',
    `Caches with \`staleIfError\`, \`refreshAfter\` and \`loadTimeout\`, beside those without. Medians over ${rounds} rounds or more (${COUNTED} of commands and of memory), with the least and the greatest of them.`,
    '',
    ...(await runs(rounds)),
    ...(await expiries(rounds)),
    ...(await hits(rounds)),
    ...(await misses(rounds)),
    ...(await commands()),
    ...(await memory()),
  ].join('\n');
}

const PROCESSES = 4;
const READERS = 1_000;
const METHOD_MS = 100;
const DUE_MS = 2_000;

/** How often the method runs for one key, in all processes. */
async function runs(rounds) {
  const keys = Array.from({ length: 2 * rounds }, (_, i) => `The Book of Sand ${i}`);
  const cases = [
    { label: '`refreshAfter`, which is over', cache: 'aging', settings: { ttl: '1h', refreshAfter: DUE_MS } },
    { label: 'no `refreshAfter`, a life that is over', cache: 'brief', settings: { ttl: DUE_MS } },
  ];
  const redis = await startRedis();
  const caches = Object.fromEntries(cases.map(({ cache, settings }) => [cache, settings]));
  const fleet = await Promise.all(
    Array.from({ length: PROCESSES }, () =>
      startMember(FILE, { redis: redis.url, namespace: 'fleet', readers: READERS, methodMs: METHOD_MS, caches }),
    ),
  );
  const all = (step) => Promise.all(fleet.map((one) => one.ask(step)));
  try {
    for (const { cache } of cases) await all({ step: 'warm', cache, keys: keys.map((key) => `${cache}: ${key}`) });
    await all({ step: 'forget' });
    await pause(1.1 * DUE_MS);
    const seen = [];
    for (const one of cases) seen.push({ ...one, ...(await crowds(all, one, keys)) });
    return toldOfRuns(seen);
  } finally {
    for (const one of fleet) one.close();
    await redis.stop();
  }
}

/** All readers of all processes read one key after the other. */
async function crowds(all, { cache }, keys) {
  const own = keys.map((key) => `${cache}: ${key}`);
  const told = [];
  for (const key of own) told.push(...(await all({ step: 'read', cache, key, forMs: 2 * METHOD_MS })));
  await pause(2 * METHOD_MS); // No run is left out that began late.
  const perProcess = await all({ step: 'runs', keys: own });
  const first = told.flatMap((one) => one.first);
  const perKey = (figure) => told.reduce((sum, one) => sum + one[figure], 0) / keys.length;
  return {
    runs: own.map((_, i) => perProcess.reduce((sum, counts) => sum + counts[i], 0)),
    reads: perKey('reads'),
    waited: perKey('waited'),
    p50: quantile(first, 0.5),
    p99: quantile(first, 0.99),
  };
}

function toldOfRuns(seen) {
  const isOne = seen.every(({ runs }) => runs.every((number) => number === 1));
  const figures = ({ reads, waited, p50, p99 }) => [count(reads), count(waited), ms(p50), ms(p99)];
  const heads = ['reads of each key', 'of them waited for the method', 'p50 of the first reads', 'p99'];
  console.log('  Runs of the method for each key, in all processes');
  for (const one of seen) {
    const told = figures(one).map((text, i) => `${heads[i]} ${text}`);
    console.log(`    ${one.label}: ${one.runs.join(', ')}; ${told.join(', ')}`);
  }
  return [
    '### Runs of the method when a value is due',
    '',
    `${PROCESSES} processes with ${count(READERS)} readers each, who all read the same key at once, and again every 20 ms for twice as long as its method takes, which is ${METHOD_MS} ms.`,
    `All processes hold the value, and it is ${DUE_MS / 1_000} s old. One key after the other. The first reads of a process are ${count(READERS)} calls in one turn of its event loop.`,
    '',
    `| | runs of the method for each key, in all processes | ${heads.join(' | ')} |`,
    '| --- | --- | --: | --: | --: | --: |',
    ...seen.map((one) => `| ${[one.label, one.runs.join(', '), ...figures(one)].join(' | ')} |`),
    '',
    `For each key the method ran ${isOne ? 'once' : '**not once**'}.`,
    '',
  ];
}

const EVERY_MS = 2;
const READS = 650;
const SLOW_MS = 200;
const TIMEOUT_MS = 20;

/** Reads of one key while its life ends. */
async function expiries(rounds) {
  const of = (label, settings) => ({
    label,
    make: 'across',
    options: { everyMs: EVERY_MS, methodMs: SLOW_MS, settings: { ttl: '1s', ...settings } },
  });
  const contestants = [
    { label: 'one GET of node-redis + JSON.parse for each read', make: 'pacedGet', options: { everyMs: EVERY_MS } },
    of('no option', {}),
    of('`refreshAfter` 500 ms', { refreshAfter: 500 }),
    of(`\`staleIfError\`, \`loadTimeout\` ${TIMEOUT_MS} ms`, { staleIfError: '1m', loadTimeout: TIMEOUT_MS }),
  ];
  const rows = await measured(FILE, contestants, { n: READS, rounds, warmUp: 100 });
  const columns = {
    p50: ['p50', ms],
    p99: ['p99', ms],
    slowest: ['slowest', ms],
    runs: ['runs of the method', plain],
    stale: ['served stale', plain],
  };
  print('Reads across the end of a life', rows, columns);
  const [get, , refresh, late] = rows;
  return [
    '### Reads across the end of a life',
    '',
    `One read of the same key every ${EVERY_MS} ms for ${(READS * EVERY_MS) / 1_000} s, whether or not the last was answered. The value lives for 1 s from the begin, and its method takes ${SLOW_MS} ms.`,
    '',
    ...table(rows, columns, false),
    '',
    compared(refresh, get),
    ...(late.error === undefined
      ? [`The slowest read with \`loadTimeout\` was answered ${ms(late.median.slowest - TIMEOUT_MS)} after that time.`]
      : []),
    '',
  ];
}

/** Whether reads wait no longer than one GET takes. */
function compared(refresh, get) {
  const what = 'The p99 with `refreshAfter`';
  if ([refresh, get].some(({ error }) => error !== undefined)) return `${what} **is not known**.`;
  if (Math.min(...spread(refresh, 'runs')) === 0) return `${what} **is not known**: in some round nothing was refreshed.`;
  const own = refresh.median.p99;
  const against = (key) => `${own <= get.median[key] ? 'within' : '**outside**'} the ${key} of one GET (${ms(get.median[key])})`;
  return `${what}, ${ms(own)}, lies ${against('p50')}, and ${against('p99')}.`;
}

async function hits(rounds) {
  const stale = { for: '2h', retryAfter: '1h' };
  const contestants = [
    { label: `${OURS}, without the options`, options: {} },
    { label: '`refreshAfter` and `staleIfError`, nothing due', options: { freshness: { refreshAfter: '30m', staleIfError: '1h' } } },
    { label: 'a stale value, within `retryAfter`', options: { freshness: { staleIfError: stale }, isStale: true } },
  ].map((one) => ({ ...one, make: 'hit' }));
  const rows = await measured(FILE, contestants, { n: 20_000, rounds: 3 * rounds, warmUp: 100_000, starts: 3 });
  const columns = { ns: ['median', ns] };
  print('Local hit', rows, columns);
  const [without, fresh] = rows;
  const isKnown = [without, fresh].every(({ error }) => error === undefined);
  const isWithin = isKnown && fresh.median.ns <= spread(without, 'ns')[1];
  return [
    '### A hit in the process',
    '',
    'As in the section of local hits above, awaited, one string argument. That nothing else was measured is told by the statistics of each round. The ratio is to the first row.',
    '',
    ...table(rows, columns),
    '',
    `The median with the options, of hits that are fresh, lies ${isWithin ? 'within' : '**outside**'} the spread of that without, or below it.`,
    '',
  ];
}

async function misses(rounds) {
  const contestants = [
    { label: `${OURS}, without the options`, freshness: {} },
    { label: '`staleIfError`', freshness: { staleIfError: '1h' } },
    { label: 'all three', freshness: { staleIfError: '1h', refreshAfter: '30m', loadTimeout: '1m' } },
  ].map(({ label, freshness }) => ({ label, make: 'ours', options: { concurrency: 1, freshness } }));
  const rows = await measured('miss.mjs', contestants, { n: 500, rounds, warmUp: 2_000 });
  print('Miss, concurrency 1', rows, LATENCY);
  return [
    '### A miss',
    '',
    'Load, and fill of both tiers, at concurrency 1. The ratio is to the first row.',
    '',
    ...table(rows, LATENCY),
    '',
  ];
}

async function commands() {
  const contestants = [false, true].map((isFreshness) => ({
    label: `${OURS}, ${isFreshness ? 'with' : 'without'} the options`,
    make: 'commands',
    options: { isFreshness },
  }));
  const rows = await measured(FILE, contestants, { n: 64, rounds: COUNTED });
  const columns = {
    hit: ['hit in L1', plain],
    miss: ['miss', plain],
    ended: ['first read after the end of a life', plain],
    refresh: ['refresh', plain],
    stale: ['stale answer after a failure', plain],
    again: ['another, within `retryAfter`', plain],
  };
  print('Commands', rows, columns);
  return [
    '### Commands sent to Redis for each call, with these options',
    '',
    'Counted by MONITOR, without those that scripts run and without heartbeats. A script counts as one. A refresh is counted with the read that begins it.',
    '',
    ...table(rows, columns, false),
    '',
  ];
}

async function memory() {
  const hour = 3_600_000;
  const staleIfError = { forMs: hour, retryAfterMs: 1_000 };
  const contestants = [
    { label: 'without the options', options: { settings: {} } },
    { label: '`staleIfError`, both tiers', options: { settings: { staleIfError } } },
    { label: '`refreshAfter`, both tiers', options: { settings: { refreshAfterMs: hour / 2 }, isLooked: true } },
    { label: "`staleIfError`, `tiers: 'local'`", options: { settings: { staleIfError }, isLocal: true, isLooked: true } },
  ].map((one) => ({ ...one, make: 'memory' }));
  const rows = await measured(FILE, contestants, { n: 1, rounds: COUNTED });
  const columns = { bytes: ['heap per entry', bytes] };
  print('Memory', rows, columns);
  return [
    '### Memory of the process for an entry in L1, with these options',
    '',
    'Of 100 000 entries, after a garbage collection. Keys and values are not counted. The ratio is to the first row.',
    '',
    ...table(rows, columns),
    '',
  ];
}
