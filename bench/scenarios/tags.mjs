// What tags cost: each step of a cache with tags beside the same step of a cache without them, or beside what one writes by hand.
import { bytes, count, LATENCY, measured, micro, ns, plain, print, spread, table, us } from '../harness/tables.mjs';

const OURS = 'inversify-cache';
const TAGS = 2;
const CARRIERS = [10, 100_000];
const HELD = [0, 1_000, 10_000];
const ENTRIES = 200;

/** A cache without tags, and one whose entries carry two. */
const both = (options = {}) => [
  { label: `${OURS}, without tags`, make: 'ours', options },
  { label: `${OURS}, ${TAGS} tags`, make: 'ours', options: { ...options, tags: TAGS } },
];

/** @param {number} factor - of the number of rounds, of which there are seven at least */
export async function tags(factor) {
  console.log('\nTags');
  const rounds = Math.max(7, Math.round(11 * factor));
  return [
    '## Tags',
    '',
    `A cache with \`tags: true\` whose entries carry ${TAGS} tags, unless another number is named, beside one without. Medians over ${rounds} rounds or more, with the least and the greatest of them;`,
    'the ratio is to the first row.',
    '',
    ...(await hits(rounds)),
    ...(await evictions(rounds)),
    ...(await applied(rounds)),
    ...(await commands()),
    ...(await memory(rounds)),
    ...(await lost(rounds)),
  ].join('\n');
}

async function hits(rounds) {
  const local = await measured('local-hit.mjs', both(), { n: 100_000, rounds: 3 * Math.ceil(rounds / 3), starts: 3 });
  const remote = (concurrency) =>
    measured(
      'remote-hit.mjs',
      [{ label: 'node-redis GET + JSON.parse', make: 'rawNodeRedis', options: {} }, ...both()].map((one) => ({
        ...one,
        options: { ...one.options, bytes: 500, concurrency },
      })),
      { n: 2_000, rounds, warmUp: 5_000 },
    );
  const lines = ['### A hit, a miss', '', 'As in the sections of the same names above.', ''];
  const add = (title, rows, columns) => {
    print(title, rows, columns);
    lines.push(`**${title}**`, '', ...table(rows, columns), '');
  };
  add('Local hit, awaited, one string argument', local, { ns: ['median', ns] });
  for (const concurrency of [1, 64]) add(`Remote hit, 0.5 KB, concurrency ${concurrency}`, await remote(concurrency), LATENCY);
  add(
    'Miss, load, fill of both tiers, concurrency 1',
    await measured('miss.mjs', both({ concurrency: 1 }), { n: 1_000, rounds, warmUp: 4_000 }),
    LATENCY,
  );
  return lines;
}

async function evictions(rounds) {
  const of = (carriers) => `of a tag of ${count(carriers)} entries`;
  const contestants = [
    { label: 'of a key, without tags', make: 'key', options: {} },
    { label: 'of a key, in a cache with tags', make: 'key', options: { isTagged: true } },
    ...CARRIERS.map((carriers) => ({ label: of(carriers), make: 'tag', options: { carriers } })),
    { label: 'hand-written: UNLINK of a key, then PUBLISH', make: 'raw', options: {} },
  ];
  const rows = await measured('tags.mjs', contestants, { n: 80, rounds, warmUp: 200 });
  const columns = { p50: ['p50', us], server: ['server', micro] };
  print('An eviction', rows, columns);
  const [few, many] = CARRIERS.map((carriers) => rows.find(({ label }) => label === of(carriers)));
  const [least, most] = spread(few, 'p50');
  const isWithin = many.error === undefined && many.median.p50 >= least && many.median.p50 <= most;
  return [
    '### Evicting a tag',
    '',
    'From the call of `evictTagged`, or `evict`, to the acknowledgement by Redis. The entries are in Redis; ten of them are written again before each eviction, and are in the process',
    'that evicts. *Server* is what it takes of the thread of Redis, by its own account of scripts, or of UNLINK and PUBLISH.',
    '',
    ...table(rows, columns),
    '',
    `The p50 of a tag of ${count(CARRIERS[1])} entries lies ${isWithin ? 'within' : '**outside**'} the spread of that of a tag of ${CARRIERS[0]}.`,
    '',
  ];
}

async function applied(rounds) {
  const contestants = HELD.map((held) => ({ label: `${count(held)} entries with the tag in its L1`, make: 'applied', options: { held } }));
  const rows = await measured('tags.mjs', contestants, { n: 2, rounds });
  const columns = { p50: ['p50', us] };
  print('Applied by another instance', rows, columns);
  return [
    '### Applying it elsewhere',
    '',
    'From the call of `evictTagged` until an instance in another process has dropped all entries with the tag from its L1.',
    '',
    ...table(rows, columns),
    '',
  ];
}

async function commands() {
  const contestants = [false, true].map((isTagged) => ({
    label: `${OURS}, ${isTagged ? `${TAGS} tags` : 'without tags'}`,
    make: 'commands',
    options: { isTagged },
  }));
  const rows = await measured('tags.mjs', contestants, { n: 128, rounds: 7 });
  const columns = {
    local: ['hit in L1', plain],
    hit: ['hit in Redis', plain],
    crowd: ['one of 64 such hits at once', plain],
    miss: ['miss', plain],
    put: ['`put`', plain],
    evict: ['`evict`', plain],
    evictTagged: ['`evictTagged`', plain],
  };
  print('Commands', rows, columns);
  return [
    '### Commands sent to Redis for each call',
    '',
    'Counted by MONITOR, without those that scripts run and without heartbeats. A script counts as one.',
    '',
    ...table(rows, columns, false),
    '',
  ];
}

async function memory(rounds) {
  const contestants = [
    { label: 'without tags', make: 'memory', options: {} },
    ...[1, 2, 4].map((tags) => ({ label: `${tags} tag${tags === 1 ? '' : 's'}`, make: 'memory', options: { tags } })),
    { label: '2 tags, on no other entry', make: 'memory', options: { tags: 2, shared: 1 } },
  ];
  const rows = await measured('tags.mjs', contestants, { n: 1, rounds });
  const columns = { bytes: ['heap per entry', bytes] };
  print('Memory', rows, columns);
  return [
    '### Memory of the process for an entry in L1',
    '',
    'Of 100 000 entries, after a garbage collection. Keys and values are not counted; the texts of the tags are. Each tag is on 100 entries, unless it says otherwise.',
    '',
    ...table(rows, columns),
    '',
  ];
}

async function lost(rounds) {
  const contestants = [
    { label: `${ENTRIES} entries with the same ${TAGS} tags`, make: 'lost', options: { entries: ENTRIES, isShared: true } },
    { label: `${ENTRIES} entries with ${TAGS} tags of their own`, make: 'lost', options: { entries: ENTRIES, isShared: false } },
  ];
  const rows = await measured('tags.mjs', contestants, { n: 1, rounds });
  const columns = {
    asked: ['steps that ask for tags', count],
    p50: ['p50 of a read', us],
    askedAgain: ['steps, second time', count],
    p50Again: ['p50, second time', us],
  };
  print('After a lost connection', rows, columns);
  return [
    '### After a lost connection',
    '',
    `The subscriber of an instance loses its connection, and another instance evicts some key meanwhile. Then ${ENTRIES} entries from before are read from Redis, one after the other, and all of them a second time.`,
    'The steps are those of the statistic `tagReads`, each one ZMSCORE beside the GET.',
    '',
    ...table(rows, columns, false),
    '',
  ];
}
