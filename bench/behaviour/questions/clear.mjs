import { inWorld, isFresh, isInStep, until, unusedName } from '../world.mjs';

export const title = "`clear()` reaches other processes' L1";
export const how = 'Two instances hold a key; one clears, and the other must ask the database again within three seconds.';

export const observe = (library, { messages }) =>
  inWorld(library, async (world) => {
    if (messages === 'one tier') return '–';
    const [one, other] = [await world.start(), await world.start()];
    if (messages === 'yes' && !(await isInStep(world, one, other, 10_000))) throw new Error('The two never came in step.');
    const name = unusedName();
    for (const instance of [one, other]) await instance.find(name);
    world.database.revise(name);
    await one.clear();
    return (await until(() => isFresh(world, other, name), 3_000)) ? 'yes' : 'no';
  });
