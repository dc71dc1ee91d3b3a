/**
 * The fault suite: `npm run faults -- [--seed N] [--bound 1s|250ms|all] [--deployment name] [--kind name] [--seconds N] [--out file]`.
 *
 * Every kind of fault is done for a few seconds, and once at least, to several processes that read and write through one deployment of
 * Redis, once for each bound; an oracle says how stale each of their reads was. Prints the seed of the schedule of faults (what the machine makes of it differs from
 * run to run), and a table; writes the table to a file; exits with 1 if the contract was broken anywhere.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type Milliseconds, parseDuration } from '../../lib/time/index.js';
import { RedisServer } from '../support/redis-server.js';
import { DEPLOYMENTS } from './deployments.js';
import { faultPage } from './fault-page.js';
import { faultTable, faultTables } from './fault-table.js';
import { breaches, type FaultFigures, runFault } from './run-fault.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    bound: { type: 'string', default: 'all' },
    deployment: { type: 'string', default: '' },
    kind: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3.5' },
    out: { type: 'string' },
  },
});

const seed = Number(values.seed);
const harmMs = Number(values.seconds) * 1_000;
const bounds: readonly Milliseconds[] = values.bound === 'all' ? [1_000, 250] : [parseDuration('--bound', values.bound)];
const runs = DEPLOYMENTS.filter(({ name }) => name.toLowerCase().includes(values.deployment.toLowerCase())).flatMap((where) =>
  where.faults.filter(({ name }) => name.includes(values.kind)).map((kind) => ({ where, kind })),
);
const deployments = [...new Set(runs.map(({ where }) => where))];
if (!Number.isInteger(seed) || !(harmMs > 0)) throw new Error('Expected --seed to be a whole number and --seconds a positive number.');
if (runs.length === 0) {
  const known = DEPLOYMENTS.map(({ name, faults }) => `${name}: ${faults.map((kind) => kind.name).join('; ')}.`).join('\n');
  throw new Error(`No fault is called '${values.kind}' in a deployment called '${values.deployment}'. There are\n${known}`);
}

console.log(`seed ${seed}, ${values.seconds} s for each of ${runs.length} kinds of fault, D = ${bounds.join(' and ')} ms`);
const database = await RedisServer.start();
const { redis_version: redisVersion, valkey_version: valkeyVersion } = await database.info('server');
const all: FaultFigures[] = [];
const begunAt = performance.now();
try {
  for (const boundMs of bounds) {
    for (const [number, { where, kind }] of runs.entries()) {
      const figures = await runFault(where, kind, { boundMs, seed: seed + number, harmMs, database });
      all.push(figures);
      console.log(faultTable([figures]).split('\n').at(-1));
      for (const breach of breaches(figures)) console.log(`    ${breach}`);
    }
  }
} finally {
  await database.stop();
}
for (const { name } of deployments) {
  const figures = all.filter(({ deployment }) => deployment === name);
  console.log(`\n${name}\n\n${faultTables(figures, 'Faults of the database')}`);
}

const broken = all.filter((figures) => breaches(figures).length > 0);
console.log(
  broken.length === 0
    ? `\nThe contract was kept, in ${Math.round((performance.now() - begunAt) / 1_000)} s.`
    : `\nThe contract was broken ${broken.length} times.`,
);
process.exitCode = broken.length === 0 ? 0 : 1;

// Part of a suite is no record of it.
const isWhole = values.deployment === '' && values.kind === '' && values.bound === 'all';
const out = values.out ?? (isWhole ? 'docs/fault-table.md' : undefined);
if (out !== undefined) {
  const server = valkeyVersion === undefined ? `Redis ${redisVersion}` : `Valkey ${valkeyVersion}`;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, faultPage(deployments, all, `${server}; seed ${seed}; ${values.seconds} s of each fault, and each once at least`));
  console.log(`Written to ${out}.`);
}
