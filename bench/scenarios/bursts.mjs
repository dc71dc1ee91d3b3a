// What a busy process asks for at once, on a healthy Redis: nothing of it may be rejected, or be taken for a server that is away.
import { contest } from '../harness/contest.mjs';

const count = (number) => Math.round(number).toLocaleString('en');
const cases = [
  { label: '20 reads under way, 400 ms of other work', make: 'blocked', options: { count: 20, blockMs: 400 } },
  { label: '10 000 cold reads', make: 'reads', options: { count: 10_000 } },
  { label: "10 000 cold reads, `deadline: '5s'`", make: 'reads', options: { count: 10_000, deadline: '5s' } },
  { label: '5000 puts', make: 'puts', options: { count: 5_000 } },
  { label: '50 000 evictions', make: 'evictions', options: { count: 50_000 } },
  { label: '100 000 keys in one eviction', make: 'evictionOfMany', options: { count: 100_000 } },
];

/** @param {Record<string, number>} facts - where the targets find what they are held against */
export async function bursts(redis, rounds, facts) {
  console.log('\nBursts');
  const rows = [];
  for (const each of cases) {
    const [row] = await contest([{ ...each, file: 'burst.mjs', options: { redis, ...each.options } }], { n: 1, rounds });
    if (row.error !== undefined) throw new Error(`${each.label}: ${row.error}`);
    rows.push({ ...each, ...row.median, rows: row.rows });
    const { ms, cpu, rejected, stored, opened } = row.median;
    console.log(
      `  ${each.label}: ${ms.toFixed(0)} ms, ${cpu.toFixed(0)} ms of CPU, ${rejected} rejected, ${stored} stored, breaker opened ${opened} times`,
    );
  }
  const all = (key) => rows.flatMap((row) => row.rows.map((round) => round[key]));
  facts.burstRejected = Math.max(...all('rejected'));
  facts.burstOpened = Math.max(...all('opened'));
  [facts.burstStored, facts.patientBurstStored] = rows
    .filter(({ make }) => make === 'reads')
    .map((row) => Math.min(...row.rows.map(({ stored }) => stored)) / row.options.count);
  return [
    '## Bursts',
    '',
    'All asked for in one turn of the event loop, with the defaults but for what is named, on a healthy Redis. Medians over the rounds; a read stores what it loaded.',
    '',
    '| | until all have settled | CPU | rejected | stored | breaker opened |',
    '| --- | --: | --: | --: | --: | --: |',
    ...rows.map(
      ({ label, make, ms, cpu, rejected, stored, opened }) =>
        `| ${label} | ${count(ms)} ms | ${count(cpu)} ms | ${count(rejected)} | ${make === 'reads' || make === 'blocked' ? count(stored) : ''} | ${count(opened)} |`,
    ),
    '',
  ].join('\n');
}
