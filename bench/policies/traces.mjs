import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { random } from '../harness/numbers.mjs';

const LENGTH = 200_000;

/** Draws from 0 … count − 1, the i-th with a probability like 1 / (i + 1)^skew. */
function zipf(count, skew, next) {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i += 1) sums[i] = sum += 1 / (i + 1) ** skew;
  return () => {
    const at = next() * sum;
    let low = 0;
    for (let high = count - 1; low < high;) {
      const middle = (low + high) >> 1;
      if (sums[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const generate = (one) => Int32Array.from({ length: LENGTH }, (_, i) => one(i));

function real(name) {
  const bytes = gunzipSync(readFileSync(new URL(`../traces/${name}.u16le.gz`, import.meta.url)));
  return Int32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(2 * i));
}

/** Name → the trace and the capacities it is run with. */
export function traces() {
  const draw = zipf(20_000, 0.9, random(1));
  const scanned = zipf(20_000, 0.9, random(2));
  const shifting = zipf(20_000, 1, random(3));
  const drifting = zipf(20_000, 1, random(4));
  const mixed = zipf(20_000, 0.8, random(5));
  const wide = zipf(100_000, 0.9, random(6));
  return {
    'zipf 0.9, 20 000 keys': { trace: generate(() => draw()), capacities: [500, 2_000] },
    'loop of 2500 keys': { trace: generate((i) => i % 2_500), capacities: [1_000, 2_000] },
    // A fifth of the time a scan of keys that never come again.
    'zipf polluted by scans': { trace: generate((i) => (i % 5_000 < 1_000 ? 1_000_000 + i : scanned())), capacities: [500, 2_000] },
    // Every 20 000 accesses other keys are the popular ones.
    'shifting zipf 1.0': { trace: generate((i) => (shifting() + Math.floor(i / 20_000) * 5_000) % 100_000), capacities: [500, 2_000] },
    // Popularity moves on all the time: hard on whoever remembers it.
    'drifting zipf 1.0': { trace: generate((i) => drifting() + Math.floor(i / 2_000) * 300), capacities: [500, 2_000] },
    'zipf and a loop in turn': {
      trace: generate((i) => (Math.floor(i / 25_000) % 2 === 0 ? mixed() : 500_000 + (i % 1_500))),
      capacities: [500, 1_000],
    },
    'zipf 0.9, 100 000 keys': { trace: generate(() => wide()), capacities: [100, 10_000] },
    'web07 (real)': { trace: real('web07'), capacities: [500, 2_000] },
    'web12 (real)': { trace: real('web12'), capacities: [500, 2_000] },
  };
}
