// What an entry of the local tier costs in memory, the strings of its key and its value not counted: they are made before.
const COUNT = 100_000;

function heap() {
  for (let i = 0; i < 4; i += 1) globalThis.gc();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  void external;
  return heapUsed + arrayBuffers;
}

const measure = (make, fill) => {
  const keys = Array.from({ length: COUNT }, (_, i) => `The Book of Sand ${i}`);
  const values = keys.map((name) => ({ name }));
  let kept;
  return {
    async round() {
      kept = undefined;
      const before = heap();
      kept = await make();
      await fill(kept, keys, values);
      const bytes = (heap() - before) / COUNT;
      return { bytes };
    },
    close: () => kept?.close?.(),
  };
};

export async function lruCache() {
  const { LRUCache } = await import('lru-cache');
  return measure(
    () => new LRUCache({ max: COUNT, ttl: 3_600_000 }),
    (cache, keys, values) => keys.forEach((key, i) => cache.set(key, values[i])),
  );
}

export async function map() {
  return measure(
    () => new Map(),
    (cache, keys, values) => keys.forEach((key, i) => cache.set(key, { value: values[i], endsAt: Date.now() + 3_600_000 })),
  );
}

/** Ours: the local tier alone, written as a load writes it; with `isRead`, after each entry was hit once. */
export async function ours({ isRead }) {
  const build = new URL(`../../${process.env.BENCH_BUILD ?? 'build'}/lib/`, import.meta.url);
  const { LocalCache } = await import(new URL('cache/index.js', build).href);
  const { CacheCounters } = await import(new URL('event/index.js', build).href);
  const { systemClock } = await import(new URL('time/index.js', build).href);
  return measure(
    () => new LocalCache({ maximumSize: COUNT, clock: systemClock, counters: new CacheCounters() }),
    (cache, keys, values) => {
      const now = systemClock.now();
      keys.forEach((key, i) => cache.set(key, values[i], now + 3_600_000));
      if (isRead) for (const key of keys) cache.peek(key, now);
    },
  );
}
