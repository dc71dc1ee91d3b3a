// What one round of a contestant does and measures.
import { quantile } from './numbers.mjs';

const milliseconds = () => Number(process.hrtime.bigint()) / 1e6;

/** What this process has worked so far, in ns: what is never idle is measured by that, for it tells little of who else uses the machine. */
export function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

/** Awaited calls one after the other, which wait for nothing. `ns`: per call. */
export function awaited(call) {
  return {
    async round(n) {
      const begun = cpuTime();
      for (let i = 0; i < n; i += 1) await call(i);
      return { ns: (cpuTime() - begun) / n };
    },
  };
}

/** Calls by `concurrency` loops side by side. `p50`, `p99` of one call in ms; `perSecond`; `cpu` of this process per call, in µs. */
export function latencies(call, concurrency = 1) {
  return {
    async round(n) {
      const took = [];
      let next = 0;
      const loop = async () => {
        while (next < n) {
          const i = next;
          next += 1;
          const begun = milliseconds();
          await call(i);
          took.push(milliseconds() - begun);
        }
      };
      const worked = cpuTime();
      const begun = milliseconds();
      await Promise.all(Array.from({ length: concurrency }, loop));
      const all = milliseconds() - begun;
      const cpu = (cpuTime() - worked) / 1_000 / n;
      return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), perSecond: (n / all) * 1_000, cpu };
    },
  };
}

/** `count` strings like the names of books: short, not numbers, all different. */
export const names = (count) => Array.from({ length: count }, (_, i) => `The Book of ${['Sand', 'Dune', 'Hours', 'Kells'][i % 4]} ${i}`);

/** A plain value of about `bytes` bytes of JSON. */
export function value(bytes, name = 'Dune') {
  const book = { name, price: 12, tags: ['a', 'b', 'c'], chapters: [] };
  for (let i = 0, length = JSON.stringify(book).length; length < bytes - 40; i += 1) {
    const chapter = { title: `Chapter ${i}`, page: i * 17, read: i % 2 === 0 };
    book.chapters.push(chapter);
    length += JSON.stringify(chapter).length + (i === 0 ? 0 : 1);
  }
  return book;
}
