import { inWorld, isFresh, isInStep, until, unusedName } from '../world.mjs';

const TTL = 8_000;

export const title = 'L1 after its subscription was cut for a while';
export const how =
  'The connection on which one of two instances listens is cut by a proxy, the other instance evicts, the link heals. One key is asked for during the cut; one again only when another eviction has shown that the subscription is back, and then until the database is asked or the life of eight seconds is over.';

export const observe = (library, { messages }) =>
  inWorld(
    library,
    async (world) => {
      if (messages !== 'yes') return '–';
      const { database } = world;
      const [one, other] = [await world.start(), await world.start()];
      if (!(await isInStep(world, one, other, 10_000))) throw new Error('The two never came in step.');
      const [during, after] = [unusedName(), unusedName()];
      const storedAt = performance.now();
      for (const name of [during, after]) for (const instance of [one, other]) await instance.find(name);
      if (other.link.cut() === 0) throw new Error('There was no subscription to cut.');
      for (const name of [during, after]) {
        database.revise(name);
        await one.evict(name);
      }
      const isFreshDuring = await until(() => isFresh(world, other, during), 1_000);
      other.link.heal();
      if (!(await isInStep(world, one, other, 5_000))) throw new Error('The subscription did not come back.');
      if (performance.now() - storedAt > TTL - 1_000) throw new Error('The subscription came back too late to see anything.');
      if (await isFresh(world, other, after))
        return isFreshDuring ? 'not served until it is up to date' : 'stale until it is subscribed again';
      if (!(await until(() => isFresh(world, other, after), 2 * TTL))) return 'stale for ever';
      return performance.now() - storedAt >= TTL - 1_000 ? 'stale until it expires' : 'stale for a while';
    },
    { ttlMs: TTL },
  );
