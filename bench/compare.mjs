// `node bench/compare.mjs <before> <after> [name …]`: two builds of the library (folders, relative to the root) in the same rounds. The name `tags-off`
// stands for what a cache without tags does: hits of both tiers, misses, evictions, and memory.
import { contest } from './harness/contest.mjs';
import { median } from './harness/numbers.mjs';
import { startRedis } from './harness/redis.mjs';
import { scenarios } from './scenarios/all.mjs';

const TAGS_OFF = ['local-hit', 'remote-hit-500-1', 'remote-hit-500-64', 'miss-1', 'miss-64', 'eviction', 'propagation-1', 'heap'];

const [before, after, ...asked] = process.argv.slice(2);
const isAsked = (name) =>
  asked.length === 0 || asked.some((start) => (start === 'tags-off' ? TAGS_OFF.includes(name) : name.startsWith(start)));
const redis = await startRedis();
for (const { name, title, file, contestants, n, rounds, warmUp, starts } of scenarios) {
  if (!isAsked(name)) continue;
  const compared = contestants.flatMap((contestant, i) => {
    const own = { ...contestant, file, options: { redis: redis.url, ...contestant.options } };
    if (contestant.label.startsWith('inversify-cache') || /^(plainNew|conditionFalse)$/.test(contestant.make)) {
      return [before, after].map((build, side) => ({
        ...own,
        label: `${own.label}, ${build}`,
        isAfter: side === 1,
        env: { BENCH_BUILD: build },
      }));
    }
    return i === 0 ? [own] : [];
  });
  console.log(title);
  const measured = await contest(compared, { n, rounds, warmUp, starts });
  measured.forEach(({ label, median: own, ratio, rows }, i) => {
    console.log(`  ${label}`);
    const former = compared[i].isAfter ? measured[i - 1].rows : undefined;
    for (const key of Object.keys(own)) {
      const values = rows.map((row) => row[key]);
      const figures = `${own[key].toPrecision(4)} (${Math.min(...values).toPrecision(4)}..${Math.max(...values).toPrecision(4)}), ratio ${ratio[key].toFixed(2)}`;
      const toFormer = former && median(rows.map((row, round) => row[key] / former[round]?.[key]));
      console.log(`    ${key}: ${figures}${toFormer === undefined ? '' : `, to ${before} ${toFormer.toFixed(3)}`}`);
    }
  });
}
await redis.stop();
process.exit(0);
