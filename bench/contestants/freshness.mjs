// Caches with `staleIfError`, `refreshAfter` and `loadTimeout`: how often methods run, how long reads wait where a life ends, and what it all takes.
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { monitored } from '../harness/monitored.mjs';
import { quantile } from '../harness/numbers.mjs';
import { startRedis } from '../harness/redis.mjs';
import { awaited, names, value } from '../harness/rounds.mjs';

/** Of the machine, not of the process. */
const milliseconds = () => Number(process.hrtime.bigint()) / 1e6;
const nameOf = (i) => `The Book of Sand ${i}`;

/** Nothing is measured of what did not happen. */
function demand(isTrue, what) {
  if (!isTrue) throw new Error(what);
}

/** Between two reads of one reader of a crowd. */
const READER_PAUSE_MS = 20;

/**
 * One process of a fleet, with `readers` readers, a cache `book` and a method that takes `methodMs`. A round is a step: the keys are read once
 * (`warm`), all readers read a key for some time (`read`), or it tells how often its method ran for each key since it was to `forget` that (`runs`).
 * `waited`: the reads that were answered with what was not yet loaded when they began.
 */
export async function member({ redis, namespace, readers, methodMs, caches }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const runs = new Map();
  const load = async (name) => {
    runs.set(name, (runs.get(name) ?? 0) + 1);
    await pause(methodMs);
    return { name, loadedAt: milliseconds() };
  };
  const methods = Object.fromEntries(Object.keys(caches).map((cache) => [cache, [load, library.Cacheable(cache)]]));
  const { service, close } = await served(serviceClass(methods), { redis, namespace, ...PATIENT, caches });
  const steps = {
    async warm({ cache, keys }) {
      await Promise.all(keys.map((key) => service[cache](key)));
      for (const key of keys) demand((await service[cache](key)).name === key, 'It was not warm.');
      return {};
    },
    forget() {
      runs.clear();
      return {};
    },
    async read({ cache, key, forMs }) {
      const first = [];
      const later = [];
      let waited = 0;
      const until = milliseconds() + forMs;
      const reader = async () => {
        for (let took = first; took === first || milliseconds() < until; took = later) {
          const begun = milliseconds();
          const book = await service[cache](key);
          took.push(milliseconds() - begun);
          demand(book.name === key, 'A read has got another book.');
          if (book.loadedAt > begun) waited += 1;
          await pause(READER_PAUSE_MS);
        }
      };
      await Promise.all(Array.from({ length: readers }, reader));
      return { first, waited, reads: first.length + later.length };
    },
    runs: ({ keys }) => keys.map((key) => runs.get(key) ?? 0),
  };
  return { round: (message) => steps[message.step](message), close };
}

/**
 * `n` calls, one every `everyMs`, whether or not the last was answered. The time of each is from its call to its answer.
 *
 * @returns p50, p99 and the longest, in ms.
 */
async function openLoop(n, everyMs, call) {
  const took = [];
  const running = [];
  const begun = milliseconds();
  const read = async () => {
    const at = milliseconds();
    await call();
    took.push(milliseconds() - at);
  };
  for (let i = 0; i < n; i += 1) {
    const early = begun + i * everyMs - milliseconds();
    if (early > 0) await pause(early);
    running.push(read());
  }
  await Promise.all(running);
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), slowest: took.reduce((a, b) => Math.max(a, b)) };
}

/** One hit in Redis for each read, and nothing else. */
export async function pacedGet({ redis, everyMs }) {
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url: redis });
  await client.connect();
  await client.set('raw', JSON.stringify({ value: value(500), life: 3_600_000, end: Date.now() + 3_600_000 }));
  const read = async () => JSON.parse(await client.get('raw')).value;
  return {
    round: async (n) => ({ ...(await openLoop(n, everyMs, read)), runs: NaN, stale: NaN }),
    close: () => client.destroy(),
  };
}

/** Reads of a key that is fresh when a round begins, and whose life ends before the round does, unless it is refreshed. `runs` of the method meanwhile. */
export async function across({ redis, everyMs, methodMs, settings }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const book = value(500);
  const load = async () => {
    await pause(methodMs);
    return book;
  };
  const { service, manager, close } = await served(serviceClass({ find: [load, library.Cacheable('book')] }), {
    redis,
    namespace: `across-${process.pid}`,
    ...PATIENT,
    caches: { book: settings },
  });
  let rounds = 0;
  return {
    async round(n) {
      const key = nameOf((rounds += 1));
      const { fills } = manager.statistics().book;
      await service.find(key).catch(() => undefined); // With a timeout, the first value comes too late for its reader.
      while (manager.statistics().book.fills === fills) await pause(1);
      const before = manager.statistics().book;
      const measured = await openLoop(n, everyMs, () => service.find(key));
      const { loads, servedStale } = manager.statistics().book;
      return { ...measured, runs: loads - before.loads, stale: servedStale - before.servedStale };
    },
    close,
  };
}

const COUNT = 64;
const MASK = COUNT - 1;
const keys = names(COUNT);
/** So long lives what is to be over soon, and so old is what is to be due soon. */
const SHORT_MS = 50;

/** Whether a step throws, as a database does that is down. */
function failing(result) {
  const database = { isDown: false };
  const load = async (name) => {
    if (database.isDown) throw new Error('The database is down.');
    return result(name);
  };
  return { database, load };
}

/** Awaited hits in the process. With `isStale`: of values whose life is over, and whose method has failed just now. */
export async function hit({ redis, freshness = {}, isStale = false }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const { database, load } = failing((name) => ({ name, price: 12 }));
  const { service, manager, close } = await served(serviceClass({ find: [load, library.Cacheable('book')] }), {
    redis,
    namespace: `fresh-hit-${process.pid}`,
    ...PATIENT,
    caches: { book: { ttl: isStale ? SHORT_MS : '1h', ...freshness } },
  });
  for (const key of keys) await service.find(key);
  if (isStale) {
    database.isDown = true;
    await pause(2 * SHORT_MS);
    for (const key of keys) await service.find(key);
  }
  const hits = awaited((i) => service.find(keys[i & MASK]));
  return {
    async round(n) {
      const before = manager.statistics().book;
      const measured = await hits.round(n);
      const { loads, localHits, servedStale } = manager.statistics().book;
      demand(loads === before.loads && localHits - before.localHits === (isStale ? 0 : n), 'They were not all hits.');
      demand(servedStale - before.servedStale === (isStale ? n : 0), 'They were not all stale, or not all fresh.');
      return measured;
    },
    close,
  };
}

const ENTRIES = 100_000;

function heap() {
  for (let i = 0; i < 2; i += 1) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * What an entry of the local tier takes, kept as a load keeps it; the strings of its key and its value are not counted.
 *
 * @param options - `settings` of the cache, in ms; `isLocal`: there is no other tier; `isLooked`: whether somebody has to look at an entry before it
 *   ends, or after, which is proven.
 */
export async function memory({ settings, isLocal = false, isLooked = false }) {
  const { inside } = await import('../harness/library.mjs');
  const parts = ['cache/local/local-cache.js', 'cache/local/local-tier.js', 'cache/local/read-tickets.js', 'cache/two-tier/freshness.js'];
  const [{ LocalCache }, { LocalTier }, { ReadTickets }, { FreshnessPolicy }] = await Promise.all(parts.map(inside));
  const [{ CacheCounters }, { systemClock: clock }] = await Promise.all(['event/index.js', 'time/index.js'].map(inside));
  const names = Array.from({ length: ENTRIES }, (_, i) => nameOf(i));
  const values = names.map((name) => ({ name }));
  const policy = new FreshnessPolicy(settings, isLocal);
  const lifeMs = 3_600_000;
  let local;
  return {
    async round() {
      local = undefined;
      const before = heap();
      const counters = new CacheCounters();
      const entries = new LocalCache({ maximumSize: ENTRIES, clock, counters });
      const tickets = new ReadTickets();
      local = new LocalTier({ entries, tickets, clock, counters, localTtlMs: 0, isUsed: true, isAlwaysServed: true });
      for (let i = 0; i < ENTRIES; i += 1) {
        const endsAt = clock.now() + lifeMs;
        const ticket = local.begin(names[i]);
        local.keep(names[i], ticket, {
          value: values[i],
          endsAt,
          times: policy.timesOf({ writtenAt: endsAt - lifeMs, endsAt, staleMs: settings.staleIfError?.forMs ?? 0 }),
        });
        local.end(names[i], ticket);
      }
      const taken = heap() - before;
      demand(local.size === ENTRIES, `It holds ${local.size} entries.`);
      demand((local.held(names[0], clock.now()) !== undefined) === isLooked, 'Its entries are of another kind.');
      return { bytes: taken / ENTRIES };
    },
  };
}

/** The commands that Redis is sent for each call. Without `isFreshness`: in caches without the options. */
export async function commands({ isFreshness }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const redis = await startRedis();
  const { database, load } = failing((name) => name);
  const stale = isFreshness ? { staleIfError: { for: '1h', retryAfter: '1h' } } : {};
  const caches = {
    book: { ttl: '1h', ...stale, ...(isFreshness ? { refreshAfter: '30m', loadTimeout: '1m' } : {}) },
    aging: { ttl: '1h', ...(isFreshness ? { refreshAfter: SHORT_MS } : {}) },
    brief: { ttl: SHORT_MS, ...stale },
  };
  const methods = Object.fromEntries(Object.keys(caches).map((cache) => [cache, [load, library.Cacheable(cache)]]));
  const { service, manager, close } = await served(serviceClass(methods), { redis: redis.url, namespace: 'commands', ...PATIENT, caches });
  const monitor = await monitored(redis.url);
  const { count } = monitor;
  const statistics = (cache) => manager.statistics()[cache];
  let rounds = 0;

  /** The commands for each of `n` calls, after which a figure of the statistics must have grown by `n`. */
  async function counted(n, cache, figure, call) {
    const before = statistics(cache);
    const answer = await count(n, call);
    const grown = statistics(cache)[figure] - before[figure];
    demand(grown === n, `${cache}: \`${figure}\` has grown by ${grown}, not by ${n}.`);
    return answer;
  }

  /** Calls the method, and waits until what it began is stored. */
  async function refreshed(name) {
    const { fills } = statistics('aging');
    await service.aging(name);
    while (statistics('aging').fills === fills) await turn();
  }

  /** Calls a method that fails: what it gave back, it has given back before this is over. */
  async function unanswered(name) {
    await service.brief(name);
    await pause(1);
  }

  return {
    async round(n) {
      database.isDown = false;
      rounds += 1;
      const named = (i) => `${nameOf(i)}, edition ${rounds}`;
      const all = async (cache) => {
        for (let i = 0; i < n; i += 1) await service[cache](named(i));
        await pause(2 * SHORT_MS);
      };
      const miss = await counted(n, 'book', 'fills', (i) => service.book(named(i)));
      const hit = await counted(n, 'book', 'localHits', (i) => service.book(named(i)));
      await all('brief');
      const ended = await counted(n, 'brief', 'fills', (i) => service.brief(named(i)));
      if (!isFreshness) return { hit, miss, ended, refresh: NaN, stale: NaN, again: NaN };
      await all('aging');
      const refresh = await counted(n, 'aging', 'refreshes', (i) => refreshed(named(i)));
      await pause(2 * SHORT_MS);
      database.isDown = true;
      const stale = await counted(n, 'brief', 'loadFailures', (i) => unanswered(named(i)));
      const again = await counted(n, 'brief', 'servedStale', (i) => service.brief(named(i)));
      return { hit, miss, ended, refresh, stale, again };
    },
    async close() {
      monitor.close();
      await close();
      await redis.stop();
    },
  };
}
