// One call for many names, beside another one that shares some of them.
import { inWorld, unusedName } from '../world.mjs';

const NONE = 'loads one by one';

export const overlapping = {
  title: 'two calls for many, which share names',
  how: 'An instance is asked for `a`, `b`, `b` and, in the same turn of the event loop, for `b` and `c`; both calls are answered. The answer is how often each was loaded.',
  observe: (library) =>
    inWorld(library, async ({ database, start }) => {
      const instance = await start();
      if (instance.findAll === undefined) return NONE;
      const [a, b, c] = [unusedName(), unusedName(), unusedName()];
      const loaded = [];
      const { load } = database;
      database.load = function (name) {
        loaded.push(name);
        return load.call(this, name);
      };
      await Promise.all([instance.findAll([a, b, b]), instance.findAll([b, c])]);
      const times = [a, b, c].map((name) => loaded.filter((one) => one === name).length);
      return times.every((count) => count === 1) ? 'each once' : times.map((count, i) => `\`${'abc'[i]}\` ${count}`).join(', ');
    }),
};
