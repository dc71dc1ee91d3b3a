/** The local tier itself on a trace of numbers. */
export async function ours() {
  const build = new URL(`../../${process.env.BENCH_BUILD ?? 'build'}/lib/`, import.meta.url);
  const { LocalCache } = await import(new URL('cache/index.js', build).href);
  const { CacheCounters } = await import(new URL('event/index.js', build).href);
  return (trace, capacity) => {
    const cache = new LocalCache({ maximumSize: capacity, clock: { now: () => 0 }, counters: new CacheCounters() });
    let hits = 0;
    for (const number of trace) {
      const key = String(number);
      if (cache.get(key, 0) === undefined) cache.set(key, number, Infinity);
      else hits += 1;
    }
    return hits;
  };
}
