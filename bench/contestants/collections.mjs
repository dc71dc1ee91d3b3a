// Reads of many ids in one call: with `@CacheableAll`, with one call of a `@Cacheable` method for each id, and by hand.
import { setTimeout as pause } from 'node:timers/promises';
import { monitored } from '../harness/monitored.mjs';
import { awaited, latencies, names, value } from '../harness/rounds.mjs';

const IDS = 100;
const ids = names(IDS);
let seen = 0;
const fresh = () => `The Book of Sand ${process.pid} ${(seen += 1)}`;
const HOUR = 3_600_000;

/** Which ids each call asks for. */
const ASKED = {
  /** All of them are in the process, or in Redis. */
  held: () => ids,
  /** One in ten was never asked for. */
  tenMissing: () => ids.map((id, i) => (i % 10 === 0 ? fresh() : id)),
  cold: () => ids.map(fresh),
};

/** Nothing is measured of what did not happen. */
function demand(isTrue, what) {
  if (!isTrue) throw new Error(what);
}

/** A service that reads many ids, or one; `loaded` counts the ids, `calls` those of the method over many. */
async function shelf({ redis, tiers = 'both', namespace = `shelf-${process.pid}-${Math.random()}` }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const counts = { calls: 0, loaded: 0 };
  const Service = serviceClass({
    findAll: [
      async (some) => {
        counts.calls += 1;
        counts.loaded += some.length;
        return new Map(some.map((id) => [id, value(500, id)]));
      },
      library.CacheableAll('book', { result: 'map' }),
    ],
    find: [
      async (id) => {
        counts.loaded += 1;
        return value(500, id);
      },
      library.Cacheable('book'),
    ],
  });
  const made = await served(Service, { redis, namespace, ...PATIENT, defaults: { ttl: '1h', tiers } });
  return { ...made, counts };
}

/** `way`: `all` by `@CacheableAll`, `each` by a call for each id. `asked`: see {@link ASKED}. `isHot`: nothing goes to Redis. */
export async function ours({ redis, asked, way, tiers, isHot }) {
  const { service, counts, close } = await shelf({ redis, tiers });
  await service.findAll(ids);
  const before = counts.loaded;
  const next = ASKED[asked];
  const call = way === 'all' ? () => service.findAll(next()) : () => Promise.all(next().map((id) => service.find(id)));
  const answered = await call();
  demand((way === 'all' ? answered.size : answered.length) === IDS, 'Not all ids were answered.');
  demand((counts.loaded === before) === (asked === 'held'), 'What was loaded is not what was to be loaded.');
  return { ...(isHot ? awaited(call) : latencies(call)), close };
}

/** What one writes by hand: a Map, one MGET for what it lacks, the method for what Redis lacks, and one pipeline of SETs. Nothing fences it. */
export async function byHand({ redis, asked, tiers, isHot }) {
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url: redis });
  await client.connect();
  const local = new Map();
  const load = async (some) => new Map(some.map((id) => [id, value(500, id)]));
  const findAll = async (wanted) => {
    const found = new Map();
    let missing = [];
    for (const id of wanted) {
      const held = local.get(id);
      if (held === undefined) missing.push(id);
      else found.set(id, held);
    }
    if (missing.length > 0) {
      const raws = await client.mGet(missing.map((id) => `raw:${id}`));
      raws.forEach((raw, i) => raw !== null && found.set(missing[i], JSON.parse(raw).value));
      missing = missing.filter((id) => !found.has(id));
    }
    if (missing.length > 0) {
      const writes = [];
      for (const [id, book] of await load(missing)) {
        found.set(id, book);
        const raw = JSON.stringify({ value: book, life: HOUR, end: Date.now() + HOUR });
        writes.push(client.set(`raw:${id}`, raw, { expiration: { type: 'PX', value: HOUR } }));
      }
      await Promise.all(writes);
    }
    if (tiers !== 'remote') for (const id of wanted) if (local.size < 10_000) local.set(id, found.get(id));
    return new Map(wanted.map((id) => [id, found.get(id)]));
  };
  await findAll(ids);
  const next = ASKED[asked];
  return { ...(isHot ? awaited(() => findAll(next())) : latencies(() => findAll(next()))), close: () => client.destroy() };
}

/** Commands, calls of the method and loaded ids of one call, in each case. */
export async function commands({ redis }) {
  const one = await shelf({ redis, namespace: 'counted' });
  const other = await shelf({ redis, namespace: 'counted', tiers: 'remote' });
  const monitor = await monitored(redis);
  const counted = async (of, next) => {
    const before = { ...of.counts };
    const sent = await monitor.count(1, () => of.service.findAll(next()));
    return [sent, of.counts.calls - before.calls, of.counts.loaded - before.loaded];
  };
  return {
    async round() {
      const [cold, coldCalls, coldIds] = await counted(one, ASKED.cold);
      await one.service.findAll(ids);
      const [held, heldCalls] = await counted(one, ASKED.held);
      const [remote, remoteCalls] = await counted(other, ASKED.held);
      const [ten, tenCalls, tenIds] = await counted(one, ASKED.tenMissing);
      return { cold, coldCalls, coldIds, held, heldCalls, remote, remoteCalls, ten, tenCalls, tenIds };
    },
    async close() {
      monitor.close();
      await Promise.all([one.close(), other.close()]);
    },
  };
}

/** One process of a fleet. A round is a step: it reads `names` in one call (`read`), or tells what it has loaded (`loads`). */
export async function member({ redis, namespace, methodMs }) {
  const { library, PATIENT, serviceClass, served } = await import('../harness/library.mjs');
  const loads = new Map();
  const findAll = async (some) => {
    for (const id of some) loads.set(id, (loads.get(id) ?? 0) + 1);
    await pause(methodMs);
    return new Map(some.map((id) => [id, { id }]));
  };
  const Service = serviceClass({ findAll: [findAll, library.CacheableAll('book', { result: 'map' })] });
  const { service, close } = await served(Service, { redis, namespace, ...PATIENT });
  const steps = {
    async read({ wanted }) {
      const begun = performance.now();
      const found = await service.findAll(wanted);
      demand(found.size === wanted.length, 'Not all ids were answered.');
      return performance.now() - begun;
    },
    loads: ({ wanted }) => wanted.map((id) => loads.get(id) ?? 0),
  };
  return { round: (message) => steps[message.step](message), close };
}
