// How cost grows: with containers, keys, evictions and the size of values; and what follows for a fleet that does not fit on this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { contest } from '../harness/contest.mjs';
import { startRedis } from '../harness/redis.mjs';
import { lines } from '../harness/svg.mjs';

const plots = new URL('../plots/', import.meta.url);
const HEARTBEATS_PER_SECOND = 4; // At the default bound of one second.
const ESTIMATED = 1_000;
const FLEETS = [100, 1_000];
const CACHES = [1, 20, 100];

const us = (ms) => `${(ms * 1_000).toFixed(ms < 0.1 ? 1 : 0)} µs`;
const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
const bytesOf = (bytes) => (bytes < 1_000 ? `${bytes} B` : bytes < 1_000_000 ? `${bytes / 1_000} KB` : `${bytes / 1_000_000} MB`);
const count = (number) => Math.round(number).toLocaleString('en');

/** @param {number} factor - of the number of rounds */
export async function growth(factor) {
  const rounds = Math.max(2, Math.round(5 * factor));
  return [
    '## How cost grows',
    '',
    'Each line of a table is a run of its own, beside its baseline where there is one. Redis and all containers share this machine.',
    '',
    ...(await containers(rounds)),
    ...(await crowd()),
    ...(await keys(rounds)),
    ...(await evictions(rounds)),
    ...(await sizes(rounds)),
  ].join('\n');
}

async function onOwnRedis(contestants, plan) {
  const redis = await startRedis();
  try {
    return await contest(
      contestants.map((one) => ({ ...one, options: { redis: redis.url, ...one.options } })),
      plan,
    );
  } finally {
    await redis.stop();
  }
}

async function containers(rounds) {
  const rows = [];
  for (const n of [1, 4, 16, 64]) {
    const fleet = (label, options) => ({ label, file: 'fleet.mjs', make: 'ours', options: { count: n, ...options } });
    const [idle] = await onOwnRedis([fleet('idle', { rate: 0, seconds: 2 })], { n: 1, rounds });
    const [busy] = await onOwnRedis([fleet('busy', { rate: 100, seconds: 2 })], { n: 1, rounds });
    const [raw, ours] = await onOwnRedis(
      [
        { label: 'raw', file: 'propagation.mjs', make: 'raw', options: { count: n } },
        { label: 'ours', file: 'propagation.mjs', make: 'ours', options: { count: n } },
      ],
      { n: 200, rounds, warmUp: 3_000 },
    );
    const perEviction = (busy.median.serverShare - idle.median.serverShare) / 100;
    rows.push({ n, idle: idle.median, busy: busy.median, perEviction, last: ours.median.p50, rawLast: raw.median.p50 });
    console.log(`  ${n} containers: ${us(perEviction * 1_000)} of the server per eviction, ${percent(idle.median.serverShare)} idle`);
  }
  const [least, most] = [rows[0], rows.at(-1)];
  const idlePer = most.idle.serverShare / most.n;
  const perReceiver = (most.perEviction - least.perEviction) / (most.n - least.n);
  const perClient = most.idle.clientBytes / most.idle.clients;
  plot('growth-containers', {
    title: 'Containers: µs of the server per eviction, and until the last has applied it',
    x: 'containers',
    y: 'µs',
    series: [
      { name: 'server, per eviction', points: rows.map((row) => [row.n, row.perEviction * 1e6]) },
      { name: 'until the last has applied it', points: rows.map((row) => [row.n, row.last * 1_000]) },
      { name: 'raw PUBLISH until the last handler', points: rows.map((row) => [row.n, row.rawLast * 1_000]) },
    ],
  });
  const evictionsPerSecond = 100;
  const beats = await heartbeats(rounds);
  // What a heartbeat costs the server beside its script: to read it, and to write the reply and the echo.
  const besides = Math.max(0, idlePer / HEARTBEATS_PER_SECOND - beats.get(1));
  const shareOf = (instances, caches) => instances * HEARTBEATS_PER_SECOND * (beats.get(caches) + besides);
  const idleShare = shareOf(ESTIMATED, 1);
  const evictionCost = least.perEviction + perReceiver * ESTIMATED;
  return [
    '### Containers',
    '',
    'All in one process, with one cache each; for the last two columns, the sender is another. *Server* is the time of the main thread of Redis by its own account; the last two columns are p50.',
    '',
    '| containers | connections | commands/s, idle | server, idle | process, idle | server, per eviction | until the last has applied it | raw PUBLISH until the last handler |',
    '| --: | --: | --: | --: | --: | --: | --: | --: |',
    ...rows.map(
      (row) =>
        `| ${row.n} | ${row.idle.clients} | ${count(row.idle.commandsPerSecond)} | ${percent(row.idle.serverShare)} | ${percent(row.idle.processShare)} | ${us(row.perEviction * 1_000)} | ${us(row.last)} | ${us(row.rawLast)} |`,
    ),
    '',
    '![Containers](plots/growth-containers.svg)',
    '',
    `The idle cost is that of heartbeats, ${HEARTBEATS_PER_SECOND} a second and container, and linear. An eviction costs its script plus one write per receiver, linear too; that the last receiver of many has it later`,
    'is the one process that plays all of them here: a raw PUBLISH shows the same slope.',
    '',
    `**${count(ESTIMATED)} containers, on paper,** from the slopes above, one cache, default bound, ${evictionsPerSecond} evictions a second:`,
    '',
    '| | |',
    '| --- | --: |',
    `| connections | ${count((ESTIMATED * most.idle.clients) / most.n)} (${count((ESTIMATED * most.idle.clients * perClient) / most.n / 1e6)} MB of the server; \`maxclients\` is 10 000 by default) |`,
    `| heartbeats | ${count(ESTIMATED * HEARTBEATS_PER_SECOND)} scripts and as many messages a second: ${percent(idleShare)} of the server's one thread |`,
    `| an eviction | ${us(evictionCost * 1_000)} of the server, ${count(ESTIMATED)} messages |`,
    `| ${evictionsPerSecond} evictions a second | ${count(evictionsPerSecond * ESTIMATED)} messages a second: ${percent(evictionsPerSecond * evictionCost)} of the server's thread |`,
    '',
    'And idle, with more caches: the share of the server’s thread that heartbeats take.',
    '',
    `| caches of each | a heartbeat’s script | ${FLEETS.map((n) => `${count(n)} containers`).join(' | ')} |`,
    `| --: | --: | ${FLEETS.map(() => '--:').join(' | ')} |`,
    ...CACHES.map(
      (n) => `| ${n} | ${us(beats.get(n) * 1_000)} | ${FLEETS.map((instances) => percent(shareOf(instances, n))).join(' | ')} |`,
    ),
    '',
    `The slopes hold the waking up of a server that mostly sleeps, as the table of evictions below shows: with more to do, each costs less. Above about half of the thread latency begins to suffer. What to change, in this order: a longer \`bound\` (heartbeats cost in inverse proportion to it: at 4 s ${percent(idleShare / 4)}); evictions of one turn in one`,
    'call (they are one message then); caches that are written often on a Redis, or at least a namespace, of their own, so that only those who use them listen; a Redis Cluster, where every bucket has its own owner.',
    '',
  ];
}

/** Seconds that the server takes for the script of a heartbeat, by the number of caches. */
async function heartbeats(rounds) {
  const found = await contest(
    CACHES.map((caches) => ({ label: `${caches} caches`, file: 'beats.mjs', make: 'ours', options: { caches } })),
    { n: 30, rounds: 2 * rounds - 1 },
  );
  return new Map(CACHES.map((caches, i) => [caches, found[i].median.beat / 1_000]));
}

/** A large fleet on this machine, for a minute in all. */
async function crowd() {
  const parts = 4;
  const [count, caches, seconds] = [50, 20, 60 / parts];
  const found = await onOwnRedis(
    Array.from({ length: parts }, (_, i) => ({ label: `part ${i + 1}`, file: 'crowd.mjs', make: 'ours', options: { count, caches } })),
    { n: seconds, rounds: 1, warmUp: 2 },
  );
  const share = found.reduce((sum, { median }) => sum + median.serverShare, 0) / parts;
  const serving = found.reduce((sum, { median }) => sum + median.serving, 0);
  const sent = found.reduce((sum, { median }) => sum + median.sentPerSecond, 0) / parts;
  console.log(`  ${parts * count} containers with ${caches} caches: ${percent(share)} of the server, ${serving} serving`);
  return [
    `**${parts * count} containers with ${caches} caches each, measured:** ${parts} processes of ${count} on one Redis, \`bound: '1s'\`, idle, for a minute. Heartbeats took`,
    `${percent(share)} of the server’s thread (all four processes share two processors with it), ${Math.round(sent / 1_000)} KB a second left it, and ${serving} of the ${parts * count} served their local tiers at the end of each look.`,
    '',
  ];
}

async function keys(rounds) {
  const rows = [];
  for (const n of [10, 100, 1_000, 10_000, 100_000, 1_000_000]) {
    const both = ['handWritten', 'ours'].map((make) => ({ label: make, file: 'local-keys.mjs', make, options: { count: n } }));
    const [raw, ours] = await contest(both, { n: 50_000, rounds: 2 * rounds + 1 });
    rows.push({ n, raw: raw.median.ns, ours: ours.median.ns, ratio: ours.ratio.ns });
    console.log(`  ${n} keys: ${ours.median.ns.toFixed(0)} ns, ratio ${ours.ratio.ns.toFixed(2)}`);
  }
  plot('growth-keys', {
    title: 'Entries in the local tier: ns of an awaited hit, keys in random order',
    x: 'entries',
    y: 'ns',
    series: [
      { name: 'inversify-cache', points: rows.map((row) => [row.n, row.ours]) },
      { name: 'hand-written, async Map method', points: rows.map((row) => [row.n, row.raw]) },
    ],
  });
  return [
    '### Keys',
    '',
    'An awaited local hit among so many entries, asked for in random order.',
    '',
    '| entries | hand-written, async Map method | inversify-cache | ratio |',
    '| --: | --: | --: | --: |',
    ...rows.map((row) => `| ${count(row.n)} | ${row.raw.toFixed(0)} ns | ${row.ours.toFixed(0)} ns | ${row.ratio.toFixed(2)} |`),
    '',
    '![Keys](plots/growth-keys.svg)',
    '',
    'A look-up takes as many steps among a million entries as among ten; what grows is the time to fetch them once they no longer fit the caches of the processor: key, entry, promise and value lie in different places.',
    '',
  ];
}

async function evictions(rounds) {
  const rows = [];
  for (const rate of [1, 10, 100, 1_000]) {
    const [{ median }] = await onOwnRedis(
      [{ label: `${rate}/s`, file: 'fleet.mjs', make: 'ours', options: { count: 4, rate, seconds: 3 } }],
      { n: 1, rounds },
    );
    rows.push({ rate, ...median });
    console.log(`  ${rate} evictions/s: p50 ${us(median.p50)}, server ${percent(median.serverShare)}`);
  }
  plot('growth-evictions', {
    title: 'Evictions a second, four containers: share of the server and of the process, per cent',
    x: 'evictions/s',
    y: '%',
    series: [
      { name: 'server', points: rows.map((row) => [row.rate, row.serverShare * 100]) },
      { name: 'process of all four', points: rows.map((row) => [row.rate, row.processShare * 100]) },
    ],
  });
  return [
    '### Evictions',
    '',
    'One of four containers evicts at an even pace, one key each; the time is that of the acknowledgement by Redis.',
    '',
    '| evictions/s | p50 | p99 | server | process of all four | sent by the server |',
    '| --: | --: | --: | --: | --: | --: |',
    ...rows.map(
      (row) =>
        `| ${row.rate} | ${us(row.p50)} | ${us(row.p99)} | ${percent(row.serverShare)} | ${percent(row.processShare)} | ${count(row.sentPerSecond / 1_000)} KB/s |`,
    ),
    '',
    '![Evictions](plots/growth-evictions.svg)',
    '',
    'Linear beyond the idle cost. At a slow pace each one finds the processor asleep, which is why a single eviction takes longest where there are fewest.',
    '',
  ];
}

async function sizes(rounds) {
  const rows = [];
  for (const bytes of [100, 1_000, 10_000, 100_000, 1_000_000]) {
    const options = { bytes, concurrency: 1, count: bytes < 100_000 ? 512 : 16 };
    const [raw, ours] = await onOwnRedis(
      ['rawNodeRedis', 'ours'].map((make) => ({ label: make, file: 'remote-hit.mjs', make, options })),
      { n: Math.max(20, Math.min(2_000, 20_000_000 / bytes)), rounds: 2 * rounds - 1 },
    );
    rows.push({ bytes, raw: raw.median.p50, ours: ours.median.p50, ratio: ours.ratio.p50 });
    console.log(`  ${bytesOf(bytes)}: ${us(ours.median.p50)}, ratio ${ours.ratio.p50.toFixed(2)}`);
  }
  plot('growth-sizes', {
    title: 'Size of a value: µs of a remote hit (p50)',
    x: 'bytes',
    y: 'µs',
    series: [
      { name: 'inversify-cache', points: rows.map((row) => [row.bytes, row.ours * 1_000]) },
      { name: 'node-redis GET + JSON.parse', points: rows.map((row) => [row.bytes, row.raw * 1_000]) },
    ],
  });
  return [
    '### Values',
    '',
    'A remote hit, concurrency 1.',
    '',
    '| size | node-redis GET + JSON.parse | inversify-cache | ratio |',
    '| --: | --: | --: | --: |',
    ...rows.map((row) => `| ${bytesOf(row.bytes)} | ${us(row.raw)} | ${us(row.ours)} | ${row.ratio.toFixed(2)} |`),
    '',
    '![Values](plots/growth-sizes.svg)',
    '',
    'Flat up to some KB, where the round trip is all that counts; linear from there, with `JSON.parse` the greater part. Beyond 64 KB a value arrives in several reads. Values above `maximumValueSize` (1 MB by default) are refused.',
    '',
  ];
}

function plot(name, chart) {
  mkdirSync(plots, { recursive: true });
  writeFileSync(new URL(`${name}.svg`, plots), lines(chart));
}
