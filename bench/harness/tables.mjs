// How scenarios with several tables each measure, and show what they measured: medians over the rounds, with the least and the greatest of them.
import { contest } from './contest.mjs';
import { startRedis } from './redis.mjs';

export const count = (number) => Math.round(number).toLocaleString('en');
export const ns = (value) => `${value.toFixed(0)} ns`;
export const us = (ms) => `${(ms * 1_000).toFixed(0)} µs`;
export const micro = (value) => `${value.toFixed(1)} µs`;
export const bytes = (value) => `${value.toFixed(0)} bytes`;
/** A number that need not be there. */
export const plain = (value) => (value === null || Number.isNaN(value) ? '–' : String(Math.round(value * 1_000) / 1_000));
export const LATENCY = { p50: ['p50', us], perSecond: ['throughput', (value) => `${count(value)} /s`], cpu: ['CPU', micro] };

/** Each part has a server of its own. */
export async function measured(file, contestants, plan) {
  const redis = await startRedis();
  try {
    return await contest(
      contestants.map((one) => ({ ...one, file, options: { redis: redis.url, ...one.options } })),
      plan,
    );
  } finally {
    await redis.stop();
  }
}

export function spread({ rows }, key) {
  const values = rows.map((row) => row[key]);
  return [Math.min(...values), Math.max(...values)];
}

function figure(row, key, format) {
  const [least, most] = spread(row, key).map(format);
  const median = format(row.median[key]);
  return least === most ? median : `${median} (${least.replace(/ .*/, '')}..${most.replace(/ .*/, '')})`;
}

/** @param {boolean} [hasRatios] - to the first row, in the same rounds */
function cells(rows, columns, hasRatios = true) {
  const keys = Object.keys(columns);
  const width = hasRatios ? 2 : 1;
  return [
    ['', ...keys.flatMap((key) => [columns[key][0], ...(hasRatios ? ['ratio'] : [])])],
    ...rows.map((row) => [
      row.label,
      ...(row.error === undefined
        ? keys.flatMap((key) => [figure(row, key, columns[key][1]), ...(hasRatios ? [row.ratio[key].toFixed(2)] : [])])
        : keys.flatMap(() => ['failed', ''].slice(0, width))),
    ]),
  ];
}

/** @param {boolean} [hasRatios] - to the first row, in the same rounds */
export function table(rows, columns, hasRatios) {
  const [head, ...body] = cells(rows, columns, hasRatios);
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map((_, i) => (i === 0 ? '---' : '--:')).join(' | ')} |`,
    ...body.map((row) => `| ${row.join(' | ')} |`),
  ];
}

export function print(title, rows, columns) {
  console.log(`  ${title}`);
  for (const row of rows) {
    const told = () => Object.keys(columns).map((key) => `${columns[key][0]} ${figure(row, key, columns[key][1])}`);
    console.log(`    ${row.label}: ${row.error === undefined ? told().join(', ') : 'failed'}`);
  }
}
