/**
 * The fault suite: `npm run faults -- [--seed N] [--bound 1s|250ms|all] [--kind name] [--seconds N] [--out file]`.
 *
 * Every kind of fault is done for a few seconds to several processes that read and write through one Redis, once for each bound; an
 * oracle says how stale each of their reads was. Prints the seed of the schedule of faults (what the machine makes of it differs from
 * run to run), and a table; writes the table to a file; exits with 1 if the contract was broken anywhere.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type Milliseconds, parseDuration } from '../../lib/time/index.js';
import { RedisServer } from '../support/redis-server.js';
import { FAULT_KINDS } from './fault-kinds.js';
import { faultTable } from './fault-table.js';
import { breaches, type FaultFigures, runFault } from './run-fault.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    bound: { type: 'string', default: 'all' },
    kind: { type: 'string' },
    seconds: { type: 'string', default: '3.5' },
    out: { type: 'string' },
  },
});

const seed = Number(values.seed);
const harmMs = Number(values.seconds) * 1_000;
const bounds: readonly Milliseconds[] = values.bound === 'all' ? [1_000, 250] : [parseDuration('--bound', values.bound)];
const wanted = values.kind;
const kinds = FAULT_KINDS.filter(({ name }) => wanted === undefined || name.includes(wanted));
if (!Number.isInteger(seed) || !(harmMs > 0)) throw new Error('Expected --seed to be a whole number and --seconds a positive number.');
if (kinds.length === 0) throw new Error(`No fault is called '${wanted}'. There are: ${FAULT_KINDS.map(({ name }) => name).join('; ')}.`);

console.log(`seed ${seed}, ${values.seconds} s for each of ${kinds.length} kinds of fault, D = ${bounds.join(' and ')} ms`);
const database = await RedisServer.start();
const { redis_version: redisVersion } = await database.info('server');
const all: FaultFigures[] = [];
const begunAt = performance.now();
try {
  for (const boundMs of bounds) {
    for (const [number, kind] of kinds.entries()) {
      const figures = await runFault(kind, { boundMs, seed: seed + number, harmMs, database });
      all.push(figures);
      console.log(faultTable([figures]).split('\n').at(-1));
      for (const breach of breaches(figures)) console.log(`    ${breach}`);
    }
  }
} finally {
  await database.stop();
}
console.log(`\n${faultTable(all)}\n`);

const broken = all.filter((figures) => breaches(figures).length > 0);
console.log(
  broken.length === 0
    ? `The contract was kept, in ${Math.round((performance.now() - begunAt) / 1_000)} s.`
    : `The contract was broken ${broken.length} times.`,
);
process.exitCode = broken.length === 0 ? 0 : 1;

// Part of a suite is no record of it.
const out = values.out ?? (wanted === undefined && values.bound === 'all' ? 'docs/fault-table.md' : undefined);
if (out !== undefined) {
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, page());
  console.log(`Written to ${out}.`);
}

function page(): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release().split('-')[0]}`;
  return `# What faults did to the cache

Made by \`npm run faults\` (\`spec/faults/\`), which explains the figures; do not edit by hand.

${machine}; Node ${process.version}; Redis ${redisVersion}; ${new Date().toISOString().slice(0, 10)}; seed ${seed}; ${values.seconds} s of each fault.
Three processes read, two of them write; each reaches Redis through a proxy of its own, over the loopback.

A read is *stale* if it began after an eviction was acknowledged and returned what that eviction removed; *worst staleness* is how long after, and must
not exceed D. *Bypassed* reads could not use the local tier for want of a read lease. Evictions *in doubt* were answered with a \`CacheEvictError\` and
executed later; none may be lost. Calls include the method's own time (up to 40 ms); the limit is 1 s on top of it, plus 1.1 D where an eviction
waits for acknowledgements. Time in which a process did not run is not counted. *Permanently stale* keys must be 0.

${faultTable(all)}
`;
}
