// Caches with tags: evictions of them, how they are applied elsewhere, the commands that everything takes, and the memory of the process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { monitored } from '../harness/monitored.mjs';
import { quantile } from '../harness/numbers.mjs';
import { startRedis } from '../harness/redis.mjs';

const RECEIVERS = new URL('../harness/receivers.mjs', import.meta.url);
const nameOf = (i) => `The Book of Sand ${i}`;
/** Of the machine, not of the process. */
const milliseconds = () => Number(process.hrtime.bigint()) / 1e6;
const never = () => {
  throw new Error('It was to be a hit.');
};

/** So many entries are written before each eviction, and are in both tiers when it begins. */
const FRESH = 10;
const fresh = Array.from({ length: FRESH }, (_, i) => nameOf(i));

/** What `evict` takes after `prepare`, which is not counted. `server`: µs of its thread in `commands`, by its own account. */
function evictions(redis, commands, prepare, evict, close) {
  return {
    async round(n) {
      const { createClient } = await import('@keyv/redis');
      const client = createClient({ url: redis });
      await client.connect();
      const took = [];
      const onServer = [];
      for (let i = 0; i < n; i += 1) {
        await prepare();
        await client.sendCommand(['CONFIG', 'RESETSTAT']);
        const begun = milliseconds();
        await evict();
        took.push(milliseconds() - begun);
        const info = await client.info('commandstats');
        const times = commands.map((command) => Number(new RegExp(`cmdstat_${command}:calls=\\d+,usec=(\\d+)`).exec(info)?.[1] ?? NaN));
        onServer.push(times.reduce((a, b) => a + b));
      }
      client.destroy();
      return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), server: quantile(onServer, 0.5) };
    },
    close,
  };
}

/** UNLINK of one key, then PUBLISH. */
export async function raw({ redis }) {
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url: redis });
  const subscriber = createClient({ url: redis });
  await Promise.all([client.connect(), subscriber.connect()]);
  const local = new Map();
  await subscriber.subscribe('raw-tags', (message) => local.delete(JSON.parse(message).key));
  return evictions(
    redis,
    ['unlink', 'publish'],
    async () => {
      for (const name of fresh) local.set(name, name);
      await Promise.all(fresh.map((name) => client.set(`raw:${name}`, JSON.stringify({ value: name }))));
    },
    async () => {
      await client.unlink(`raw:${fresh[0]}`);
      await client.publish('raw-tags', JSON.stringify({ key: fresh[0] }));
    },
    () => {
      client.destroy();
      subscriber.destroy();
    },
  );
}

/** The cache of a started instance. */
async function cacheOf(redis, options) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const namespace = `tags-${process.pid}`;
  const { manager, close } = await served(serviceClass({}), { redis, namespace, ...PATIENT, caches: { book: { ttl: '1h', ...options } } });
  return { library, namespace, cache: manager.getCache('book'), statistics: () => manager.statistics().book, close };
}

/** Writes these names to Redis, and reads them from there, so that they are in the process as well. */
async function held(cache, names, options) {
  await cache.putAll(
    names.map((name) => [name, name]),
    options,
  );
  await Promise.all(names.map((name) => cache.getOrLoad(name, never)));
}

/** Of one key, in a cache without tags; `isTagged`, in one with them. */
export async function key({ redis, isTagged = false }) {
  const { cache, close } = await cacheOf(redis, isTagged ? { tags: true } : {});
  const options = isTagged ? { tags: ['author 0', 'author 1'] } : {};
  const prepare = () => held(cache, fresh, options);
  return evictions(redis, ['evalsha'], prepare, () => cache.evict(fresh[0]), close);
}

/** Of one tag, which `carriers` entries in Redis carry, the fresh ones among them. */
export async function tag({ redis, carriers }) {
  const { cache, statistics, close } = await cacheOf(redis, { tags: true, maximumSize: FRESH });
  const tags = ['author 0', 'author 1'];
  for (let from = FRESH; from < carriers; from += 2_000) {
    const length = Math.min(2_000, carriers - from);
    await cache.putAll(
      Array.from({ length }, (_, i) => [nameOf(from + i), nameOf(from + i)]),
      { tags },
    );
  }
  const prepare = async () => {
    await held(cache, fresh, { tags });
    if (statistics().localSize === 0) throw new Error('Nothing is held in the process.');
  };
  return evictions(redis, ['evalsha'], prepare, () => cache.evictTagged(['author 0']), close);
}

/** From the call of an eviction of a tag until an instance in another process, that holds `held` entries with it, has dropped them all. */
export async function applied({ redis, held }) {
  const { cache, namespace, close } = await cacheOf(redis, { tags: true, maximumSize: FRESH });
  const receivers = fork(RECEIVERS, ['tagged', JSON.stringify({ redis, namespace, held })]);
  const ended = once(receivers, 'exit').then(([code]) => {
    throw new Error(`The receiver ended with code ${code}.`);
  });
  ended.catch(() => undefined);
  const told = async () => (await Promise.race([once(receivers, 'message'), ended]))[0];
  if ((await told()) !== 'ready') throw new Error('The receiver is not ready.');
  return {
    async round(n) {
      const took = [];
      for (let i = 0; i < n; i += 1) {
        const applying = told();
        const begun = milliseconds();
        const [at] = await Promise.all([applying, cache.evictTagged(['author 0'])]);
        took.push(at - begun);
        await told(); // It holds them anew.
      }
      return { p50: quantile(took, 0.5) };
    },
    close: () => {
      receivers.disconnect();
      return close();
    },
  };
}

/** The commands that Redis is sent for each call. */
export async function commands({ isTagged }) {
  const { PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const redis = await startRedis();
  const caches = { book: isTagged ? { tags: true } : {}, shelf: { tiers: 'remote', ...(isTagged ? { tags: true } : {}) } };
  const { manager, close } = await served(serviceClass({}), { redis: redis.url, namespace: 'commands', ...PATIENT, caches });
  const [book, shelf] = [manager.getCache('book'), manager.getCache('shelf')];
  const options = isTagged ? { tags: ['author 0', 'author 1'] } : {};
  const monitor = await monitored(redis.url);
  const { count } = monitor;

  let loaded = 0;
  await shelf.putAll(
    fresh.map((name) => [name, name]),
    options,
  );
  return {
    async round(n) {
      await book.getOrLoad('warm', () => 1); // Without tags: no eviction takes it away.
      return {
        local: await count(n, () => book.getOrLoad('warm', never)),
        hit: await count(n, (i) => shelf.getOrLoad(fresh[i % FRESH], never, options)),
        crowd: await count(n - (n % 64), (i) => shelf.getOrLoad(fresh[i % FRESH], never, options), 64),
        miss: await count(n, () => book.getOrLoad(`new ${(loaded += 1)}`, () => 1, options)),
        put: await count(n, (i) => book.put(nameOf(i), i, options)),
        evict: await count(n, (i) => book.evict(nameOf(i))),
        evictTagged: isTagged ? await count(n, () => book.evictTagged(['author 0'])) : NaN,
      };
    },
    async close() {
      monitor.close();
      await close();
      await redis.stop();
    },
  };
}

const ENTRIES = 100_000;

function heap() {
  for (let i = 0; i < 2; i += 1) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * What an entry of the local tier takes, stored as a load stores it; the strings of its key and its value are not counted, those of its `tags`
 * tags are. Each tag is on `shared` entries. Without `tags`: in a cache that has none.
 */
export async function memory({ tags, shared = 100 }) {
  const { inside } = await import('../harness/library.mjs');
  const parts = [
    'cache/local/local-cache.js',
    'cache/local/tag-index.js',
    'cache/tag/tag-clock.js',
    'cache/tag/tagged.js',
    'cache/tag/encode-tags.js',
  ];
  const [{ LocalCache }, { TagIndex }, { TagClock }, { Tagged }, { encodeTags }] = await Promise.all(parts.map(inside));
  const [{ CacheCounters }, { systemClock }] = await Promise.all(['event/index.js', 'time/index.js'].map(inside));
  const names = Array.from({ length: ENTRIES }, (_, i) => nameOf(i));
  const values = names.map((name) => ({ name }));
  const clock = new TagClock(systemClock);
  const since = Date.now() * 1_000;
  const taggedOf = (i) =>
    new Tagged(encodeTags(Array.from({ length: tags }, (_, t) => `author ${t} ${Math.floor(i / shared)}`)), since + i, clock);
  let cache;
  return {
    async round() {
      cache = undefined;
      const before = heap();
      const index = tags === undefined ? undefined : new TagIndex();
      cache = new LocalCache({ maximumSize: ENTRIES, clock: systemClock, counters: new CacheCounters(), tags: index });
      const end = systemClock.now() + 3_600_000;
      for (let i = 0; i < ENTRIES; i += 1) cache.set(names[i], values[i], end, tags === undefined ? undefined : { tagged: taggedOf(i) });
      const bytes = (heap() - before) / cache.size;
      if (index !== undefined && index.of(names[0])?.tags.length !== tags) throw new Error('Its entries do not carry the tags.');
      return { bytes };
    },
  };
}

/** Short, so that a lost connection is soon proven to be back. */
const BOUND_MS = 250;

/**
 * A subscriber loses its connection, and another instance evicts a key meanwhile. Then `entries` entries from before are read from Redis, one
 * after the other, and all of them once more. `asked`, `askedAgain`: the steps that asked for tags. With `isShared`, all entries carry the same two tags.
 */
export async function lost({ entries, isShared }) {
  const { library, Container, serviceClass, served } = await import('../harness/library.mjs');
  const { createClient } = await import('@keyv/redis');
  const redis = await startRedis();
  const options = {
    redis: redis.url,
    bound: BOUND_MS,
    timeout: '5s',
    deadline: '20s',
    caches: { book: { tags: true, ttl: '1h', tiers: 'remote' } },
  };
  const { manager, container, close } = await served(serviceClass({}), { ...options, logger: false });
  const other = new Container();
  const writer = (await library.enableCaching(other, options)).getCache('book');
  const admin = createClient({ url: redis.url });
  await admin.connect();
  const cache = manager.getCache('book');
  for (let i = 0; i < entries; i += 1) {
    const of = isShared ? 'all' : i;
    await writer.put(nameOf(i), i, { tags: [`author ${of}`, `shelf ${of}`] });
  }
  const readAll = async () => {
    const { tagReads } = manager.statistics().book;
    const took = [];
    for (let i = 0; i < entries; i += 1) {
      const begun = milliseconds();
      await cache.getOrLoad(nameOf(i), never);
      took.push(milliseconds() - begun);
    }
    return { asked: manager.statistics().book.tagReads - tagReads, p50: quantile(took, 0.5) };
  };
  const events = container.get(library.CacheEvents);
  return {
    async round() {
      const subscribed = new Promise((resolve) => events.on('subscribed', resolve));
      const killed = admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
      await Promise.all([killed, writer.evict('another')]);
      await subscribed;
      await pause(BOUND_MS); // The next heartbeats are heard.
      const first = await readAll();
      const again = await readAll();
      return { asked: first.asked, p50: first.p50, askedAgain: again.asked, p50Again: again.p50 };
    },
    async close() {
      admin.destroy();
      await Promise.all([close(), other.unbindAllAsync()]);
      await redis.stop();
    },
  };
}
