// Many calls in one turn of the event loop, on a healthy Redis, with the defaults but for what is named. One round is one burst of keys that
// were not asked for before. `ms` until all have settled, `cpu` of this process in ms, `rejected` calls, `stored` values, how often the breaker `opened`.
import { setImmediate as turn } from 'node:timers/promises';
import { cpuTime } from '../harness/rounds.mjs';

async function bursts({ redis, ...options }, burst) {
  const { library, served, serviceClass } = await import('../harness/library.mjs');
  const { manager, container, close } = await served(serviceClass({}), {
    redis,
    namespace: `burst-${process.pid}`,
    ...options,
    caches: { book: { maximumSize: 100_000 } },
  });
  let opened = 0;
  container.get(library.CacheEvents).on('breaker', ({ open }) => (opened += open ? 1 : 0));
  const cache = manager.getCache('book');
  let number = 0;
  const keys = (count) => Array.from({ length: count }, () => `The Book of Sand ${(number += 1)}`);
  await cache.put('first', 1);
  return {
    async round() {
      opened = 0;
      const before = cache.statistics().fills;
      const [worked, begun] = [cpuTime(), performance.now()];
      const outcomes = await Promise.allSettled(await burst(cache, keys));
      return {
        ms: performance.now() - begun,
        cpu: (cpuTime() - worked) / 1e6,
        rejected: outcomes.filter(({ status }) => status === 'rejected').length,
        stored: cache.statistics().fills - before,
        opened,
      };
    },
    close,
  };
}

export const reads = ({ count, ...options }) =>
  bursts(options, (cache, keys) => keys(count).map((key) => cache.getOrLoad(key, () => ({ key }))));

export const puts = ({ count, ...options }) => bursts(options, (cache, keys) => keys(count).map((key) => cache.put(key, { key })));

export const evictions = ({ count, ...options }) => bursts(options, (cache, keys) => keys(count).map((key) => cache.evict(key)));

export const evictionOfMany = ({ count, ...options }) => bursts(options, (cache, keys) => [cache.evictAll(keys(count))]);

/** Reads under way while nothing else may run. */
export const blocked = ({ count, blockMs, ...options }) =>
  bursts(options, async (cache, keys) => {
    const asked = keys(count).map((key) => cache.getOrLoad(key, () => ({ key })));
    await turn();
    for (const until = performance.now() + blockMs; performance.now() < until;);
    return asked;
  });
