// `node bench/compare.mjs <before> <after> [name …]`: two builds of the library (folders, relative to the root) in the same rounds.
import { contest } from './harness/contest.mjs';
import { startRedis } from './harness/redis.mjs';
import { scenarios } from './scenarios/all.mjs';

const [before, after, ...asked] = process.argv.slice(2);
const redis = await startRedis();
for (const { name, title, file, contestants, n, rounds, warmUp, starts } of scenarios) {
  if (asked.length > 0 && !asked.some((start) => name.startsWith(start))) continue;
  const compared = contestants.flatMap((contestant, i) => {
    const own = { ...contestant, file, options: { redis: redis.url, ...contestant.options } };
    if (contestant.label.startsWith('inversify-cache') || /^(plainNew|conditionFalse)$/.test(contestant.make)) {
      return [before, after].map((build) => ({ ...own, label: `${own.label}, ${build}`, env: { BENCH_BUILD: build } }));
    }
    return i === 0 ? [own] : [];
  });
  console.log(title);
  for (const { label, median, ratio } of await contest(compared, { n, rounds, warmUp, starts })) {
    console.log(`  ${label}`);
    for (const key of Object.keys(median)) console.log(`    ${key}: ${median[key].toPrecision(4)}, ratio ${ratio[key].toFixed(2)}`);
  }
}
await redis.stop();
process.exit(0);
