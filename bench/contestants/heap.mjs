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
  const formerKeys = keys.map((key) => `${key}, first edition`);
  let kept;
  return {
    async round() {
      kept = undefined;
      const before = heap();
      kept = await make();
      await fill(kept, keys, values, formerKeys);
      const bytes = (heap() - before) / COUNT;
      return { bytes };
    },
    close: () => kept?.close?.(),
  };
};

/** With `isReplaced`, after each entry gave way to another. */
export async function lruCache({ isReplaced }) {
  const { LRUCache } = await import('lru-cache');
  return measure(
    () => new LRUCache({ max: COUNT, ttl: 3_600_000 }),
    (cache, keys, values, formerKeys) => {
      if (isReplaced) formerKeys.forEach((key, i) => cache.set(key, values[i]));
      keys.forEach((key, i) => cache.set(key, values[i]));
    },
  );
}

export async function map() {
  return measure(
    () => new Map(),
    (cache, keys, values) => keys.forEach((key, i) => cache.set(key, { value: values[i], endsAt: Date.now() + 3_600_000 })),
  );
}

/** Ours: the local tier alone, written as a load writes it; with `hits`, after each entry was hit so often; with `isReplaced`, as above. */
export async function ours({ hits = 0, isReplaced }) {
  const build = new URL(`../../${process.env.BENCH_BUILD ?? 'build'}/lib/`, import.meta.url);
  const { LocalCache } = await import(new URL('cache/index.js', build).href);
  const { CacheCounters } = await import(new URL('event/index.js', build).href);
  const { systemClock } = await import(new URL('time/index.js', build).href);
  return measure(
    () => new LocalCache({ maximumSize: COUNT, clock: systemClock, counters: new CacheCounters() }),
    (cache, keys, values, formerKeys) => {
      const now = systemClock.now();
      if (isReplaced) formerKeys.forEach((key, i) => cache.set(key, values[i], now + 3_600_000));
      keys.forEach((key, i) => cache.set(key, values[i], now + 3_600_000));
      for (let i = 0; i < hits; i += 1) for (const key of keys) cache.hitNow(key, now);
    },
  );
}
