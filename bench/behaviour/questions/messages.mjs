import { holdsLocally, inWorld, isInStep } from '../world.mjs';

export const title = 'tiers kept in step by messages';
export const how =
  'Two instances hold a key; one evicts it, and the other must ask the database again within three seconds, of a life of an hour. `one tier`: an instance asks the database as soon as the server has lost its data.';

export const observe = (library) =>
  inWorld(library, async (world) => {
    if (!(await holdsLocally(world))) return 'one tier';
    return (await isInStep(world, await world.start(), await world.start(), 3_000)) ? 'yes' : 'no';
  });
