import { mkdirSync, writeFileSync } from 'node:fs';
import { groups } from '../harness/svg.mjs';
import { ours } from '../policies/ours.mjs';
import { belady, lru, s3fifo, sieve, wTinyLfu } from '../policies/simulators.mjs';
import { traces } from '../policies/traces.mjs';

/** Hit ratios of the local tier, of other policies simulated on the same traces, and of who knows the future. No clock in it: the same at each run. */
export async function hitRatios(facts) {
  console.log('\nHit ratio of the local tier');
  const policies = { 'inversify-cache': await ours(), LRU: lru, SIEVE: sieve, 'S3-FIFO': s3fifo, 'W-TinyLFU': wTinyLfu, Belady: belady };
  const names = Object.keys(policies);
  const rows = [];
  for (const [name, { trace, capacities }] of Object.entries(traces())) {
    for (const capacity of capacities) {
      const values = names.map((policy) => policies[policy](trace, capacity) / trace.length);
      rows.push({ name, capacity, values });
      console.log(
        `  ${name.padEnd(26)} ${String(capacity).padStart(5)}  ${values.map((value, i) => `${names[i]} ${(100 * value).toFixed(1)}`).join('  ')}`,
      );
    }
  }
  const named = rows.filter(({ name }) => /^(zipf 0.9|loop|zipf polluted|shifting|web)/.test(name));
  const points = (of) => named.map(({ values: [own, lru, ...others] }) => 100 * of(own, lru, Math.max(...others.slice(0, 3))));
  facts.leadOverLru = Math.min(...points((own, lru) => own - lru));
  facts.behindBest = Math.max(...points((own, _lru, best) => best - own));
  const plots = new URL('../plots/', import.meta.url);
  mkdirSync(plots, { recursive: true });
  const chart = {
    title: 'Hit ratio of the local tier',
    series: names,
    groups: rows.map(({ name, capacity, values }) => ({ label: `${name.split(/,| of | pol| \(/)[0]}\n${capacity}`, values })),
  };
  writeFileSync(new URL('hit-ratio.svg', plots), groups(chart));
  return [
    '## Hit ratio of the local tier',
    '',
    'In per cent. `inversify-cache` is the local tier itself; the others are simulated ([policies/simulators.mjs](policies/simulators.mjs)) on the same [traces](policies/traces.mjs). Belady knows the future.',
    '',
    `| trace | entries | ${names.join(' | ')} |`,
    `| --- | --: | ${names.map(() => '--:').join(' | ')} |`,
    ...rows.map(
      ({ name, capacity, values }) => `| ${name} | ${capacity} | ${values.map((value) => (100 * value).toFixed(1)).join(' | ')} |`,
    ),
    '',
    '![Hit ratio of the local tier](plots/hit-ratio.svg)',
    '',
  ].join('\n');
}
