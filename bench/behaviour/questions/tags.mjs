// Entries with a tag, or in a group, and an eviction of all that carry it.
import { HOUR, inWorld, isInStep, until, unusedName } from '../world.mjs';

const TTL = 8_000;
const TRIES = 10;
const SKEW = 5_000;
const NONE = 'has no tags';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const elsewhere = {
  title: 'a tag evicted elsewhere, in L1',
  how: `Two instances hold keys with a tag, and have been asked for them twice; one evicts the tag, and the other is asked right after, after 50 ms, after a second, each time for another key, and then until the life of eight seconds is over. \`at once\` if it answered with the new edition in each of ${TRIES} tries.`,
  observe: (library, { messages }) =>
    inWorld(
      library,
      async (world) => {
        const [one, other] = [await world.start(), await world.start()];
        if (one.findTagged === undefined) return NONE;
        if (messages === 'one tier') return '–';
        if (messages === 'yes' && !(await isInStep(world, one, other, 10_000))) throw new Error('The two never came in step.');
        const isAlways = { now: true, soon: true, later: true };
        let last;
        for (let i = 0; i < TRIES; i += 1) {
          const tag = unusedName();
          const names = { now: unusedName(), soon: unusedName(), later: unusedName(), end: unusedName() };
          const storedAt = performance.now();
          for (let round = 0; round < 2; round += 1)
            for (const name of Object.values(names)) for (const instance of [one, other]) await instance.findTagged(name, tag);
          for (const name of Object.values(names)) world.database.revise(name);
          await one.evictTagged(tag);
          const isFreshNow = (name) => isFreshTagged(world, other, name, tag);
          isAlways.now &&= await isFreshNow(names.now);
          await pause(50);
          isAlways.soon &&= await isFreshNow(names.soon);
          last = { names, storedAt, isFreshNow };
        }
        if (isAlways.now) return 'new at once';
        if (isAlways.soon) return 'new within 50 ms';
        const { names, storedAt, isFreshNow } = last;
        await pause(950);
        if (await isFreshNow(names.later)) return 'new within 1 s';
        if (!(await until(() => isFreshNow(names.end), 2 * TTL))) return 'stale for ever';
        return performance.now() - storedAt >= TTL - 1_000 ? 'stale until it expires' : 'stale for a while';
      },
      { ttlMs: TTL },
    ),
};

export const overtaken = {
  title: 'a load overtaken by an eviction of its tag',
  how: 'A load is held up between reading and returning; the tag is evicted; the load returns, and the instance is asked again, and then a new one. Tried with an eviction by the same instance and by another one; `served` if one of them ever answered with what the load had read.',
  async observe(library, { messages }) {
    const seen = [];
    for (const evictor of ['itself', 'another']) seen.push(await inWorld(library, (world) => isServed(world, messages, evictor)));
    if (seen.includes(undefined)) return NONE;
    return seen.includes(true) ? 'served' : 'not served';
  },
};

async function isServed(world, messages, evictor) {
  const { database, redis, start } = world;
  const [instance, another] = [await start(), await start()];
  if (instance.findTagged === undefined) return undefined;
  const areInStep = () => isInStep(world, another, instance, 10_000);
  if (messages === 'yes' && !(await areInStep())) throw new Error('The two never came in step.');
  const [name, tag] = [unusedName(), unusedName()];
  const { reached, release } = database.hold(name);
  const loading = instance.findTagged(name, tag);
  await reached;
  database.revise(name);
  await (evictor === 'itself' ? instance : another).evictTagged(tag);
  if (messages === 'yes' && !(await areInStep())) throw new Error('The message did not arrive.');
  release();
  await loading;
  // Written after the load on the same connection, so once it is there, so is the other.
  const control = unusedName();
  await instance.findTagged(control, tag);
  if (!(await until(async () => (await redis.keys(`*${control}*`)).length > 0, 3_000))) throw new Error('Nothing reached the shared tier.');
  return !(await isFreshTagged(world, instance, name, tag)) || !(await isFreshTagged(world, await start(), name, tag));
}

export const skewed = {
  title: 'a tag evicted elsewhere, clocks 5 s apart',
  how: 'The clock of one instance (`Date.now()`, in all that it does) is behind that of the other, or ahead of it. It loads a key, the other instance evicts its tag, and a second later it is asked again. `stale`: it answers with the old edition. `loaded at each read`: with the new one, but two reads after that run two loads more.',
  async observe(library) {
    const seen = [];
    for (const clockMs of [-SKEW, SKEW]) seen.push(await inWorld(library, (world) => underSkew(world, clockMs), { ttlMs: HOUR }));
    if (seen.includes(undefined)) return NONE;
    const [behind, ahead] = seen;
    return behind === ahead ? behind : `behind: ${behind}; ahead: ${ahead}`;
  },
};

async function underSkew(world, clockMs) {
  const { database, start } = world;
  const [one, other] = [await start(), await start({ clockMs })];
  if (one.findTagged === undefined) return undefined;
  const [name, tag] = [unusedName(), unusedName()];
  for (let i = 0; i < 2; i += 1) await other.findTagged(name, tag);
  database.revise(name);
  await one.evictTagged(tag);
  await pause(1_000);
  if (!(await isFreshTagged(world, other, name, tag))) return 'stale';
  const { loads } = database;
  for (let i = 0; i < 2; i += 1) await other.findTagged(name, tag);
  return database.loads === loads + 2 ? 'loaded at each read' : 'new';
}

/** Whether `instance` answers with the present edition. */
async function isFreshTagged({ database }, instance, name, tag) {
  return (await instance.findTagged(name, tag)).edition === database.edition(name);
}
