// Reads of many ids in one call, beside one call for each id, and beside what one writes by hand.
import { startRedis } from '../harness/redis.mjs';
import { startMember } from '../harness/member.mjs';
import { LATENCY, measured, plain, print, table, us } from '../harness/tables.mjs';
import { median } from '../harness/numbers.mjs';

const FILE = 'collections.mjs';
const IDS = 100;
const ALL = 'inversify-cache, `@CacheableAll`';
const EACH = 'inversify-cache, a call of `@Cacheable` for each id';
const BY_HAND = 'by hand: a Map, MGET, a pipeline of SET';

/** @param {number} factor - of the number of rounds, of which there are seven at least */
export async function collections(factor) {
  console.log('\nCollections');
  const rounds = Math.max(7, Math.round(7 * factor));
  return [
    '## Collections',
    '',
    `One call for ${IDS} ids. Medians over ${rounds} rounds or more, with the least and the greatest of them; the ratio is to the first row. What is written by hand has no fences, no leases and no ends of leases: an eviction does not stop it from storing an old value.`,
    '',
    ...(await latenciesOf(rounds)),
    ...(await commands()),
    ...(await fleets(rounds)),
  ].join('\n');
}

async function latenciesOf(rounds) {
  const lines = [];
  const cases = [
    { title: 'All in the process', asked: 'held', n: 2_000, isHot: true },
    { title: 'All in Redis, none in the process', asked: 'held', n: 300, tiers: 'remote' },
    { title: 'Ten of them nowhere, the others in the process', asked: 'tenMissing', n: 200 },
    { title: 'None of them anywhere', asked: 'cold', n: 100 },
  ];
  for (const { title, n, ...options } of cases) {
    const contestants = [
      { label: BY_HAND, make: 'byHand', options },
      { label: ALL, make: 'ours', options: { ...options, way: 'all' } },
      { label: EACH, make: 'ours', options: { ...options, way: 'each' } },
    ];
    const rows = await measured(FILE, contestants, { n, rounds, warmUp: 3 * n });
    const columns = options.isHot ? { ns: ['median', (value) => us(value / 1e6)] } : LATENCY;
    print(title, rows, columns);
    lines.push(`### ${title}`, '', ...table(rows, columns), '');
  }
  return lines;
}

async function commands() {
  const rows = await measured(FILE, [{ label: ALL, make: 'commands', options: {} }], { n: 1, rounds: 2 });
  const columns = {
    cold: ['commands, none anywhere', plain],
    coldCalls: ['calls of the method', plain],
    coldIds: ['ids it was given', plain],
    ten: ['commands, ten nowhere', plain],
    tenCalls: ['calls', plain],
    tenIds: ['ids', plain],
    remote: ['commands, all in Redis', plain],
    remoteCalls: ['calls', plain],
    held: ['commands, all in the process', plain],
    heldCalls: ['calls', plain],
  };
  print('Commands', rows, columns);
  return [
    '### Commands sent to Redis for a call, and calls of the method',
    '',
    'Counted by MONITOR, without those that scripts run and without heartbeats. A script counts as one. They go out one after the other, so they are round trips.',
    '',
    ...table(rows, columns, false),
    '',
  ];
}

const PROCESSES = 4;
const METHOD_MS = 20;

async function fleets(rounds) {
  const redis = await startRedis();
  const fleet = await Promise.all(
    Array.from({ length: PROCESSES }, () => startMember(FILE, { redis: redis.url, namespace: 'fleet', methodMs: METHOD_MS })),
  );
  try {
    const all = (step) => Promise.all(fleet.map((one) => one.ask(step)));
    const counts = [];
    const took = [];
    for (let round = 0; round <= rounds; round += 1) {
      const wanted = Array.from({ length: IDS }, (_, i) => `The Book of Sand ${round} ${i}`);
      const times = await all({ step: 'read', wanted });
      if (round === 0) continue; // Compiled code, connections.
      const loads = await all({ step: 'loads', wanted });
      took.push(Math.max(...times));
      counts.push(...wanted.map((_, i) => loads.reduce((sum, own) => sum + own[i], 0)));
    }
    return toldOfFleet(rounds, counts, took);
  } finally {
    for (const one of fleet) one.close();
    await redis.stop();
  }
}

function toldOfFleet(rounds, counts, took) {
  const most = Math.max(...counts);
  const isOnce = counts.every((count) => count === 1);
  console.log(`  ${PROCESSES} processes, the same ${IDS} ids at once: at most ${most} loads of an id; ${us(median(took))}`);
  return [
    `### ${PROCESSES} processes ask for the same ${IDS} ids at once`,
    '',
    `${rounds} times, each time for other ids. The method takes ${METHOD_MS} ms.`,
    '',
    `Each of the ${counts.length} ids was loaded ${isOnce ? 'once in all processes' : `**up to ${most} times**`}. The slowest of the ${PROCESSES} calls took ${us(median(took))} (median).`,
    '',
  ];
}
