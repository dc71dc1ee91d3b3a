// The method fails: what is answered when the life of an entry is over, and what if it was evicted besides.
import { inWorld, isFresh, isInStep, until, unusedName } from '../world.mjs';

/** After `ttlMs` the method is due again, and if it fails then, what it returned before will do for another `staleMs`. */
const LIVES = { ttlMs: 2_000, staleMs: 60_000 };

/** How an instance is asked, and how it evicts. */
const WAYS = {
  key: (instance) => instance,
  tag: ({ findTagged, evictTagged }) =>
    findTagged && {
      find: (name) => findTagged(name, `tag of ${name}`),
      evict: (name) => evictTagged(`tag of ${name}`),
    },
};

const shared =
  'Tried by key and by tag, with an eviction by the same instance and by another one, whose message has arrived. `–`: what nobody evicted is not served either.';

export const ended = {
  title: 'the method fails when the life is over',
  how: 'An instance holds a key until its life of two seconds is over, and is asked for it again; the method throws. Each is set up to serve the old value for another minute, as far as it can be. `served`: it answered with the old value; `undefined`: with that, and no error.',
  observe: (library) =>
    inWorld(
      library,
      async (world) => {
        const instance = await world.start();
        const name = unusedName();
        await outlive(world, [instance], [name]);
        return answerOnFailure(world, instance, name);
      },
      LIVES,
    ),
};

export const evicted = {
  title: 'the same, after an eviction',
  how: `Two instances hold a key until its life is over, it is evicted, and then one is asked for it; the method throws. ${shared}`,
  observe: (library, { messages }) =>
    summed(library, messages, async ({ database }, instance, name, evict) => {
      database.fail(name);
      await evict();
      return answer(instance, name);
    }),
};

export const evictedMeanwhile = {
  title: 'the same, evicted while the method was running',
  how: `As above, but the instance has been asked before the eviction, and the method, which is held up, throws after it; then it is asked once more. \`served, then error\`: only the first read answers with the old value. Of a read that does not wait for the method, the answer does not count. ${shared}`,
  observe: (library, { messages }) =>
    summed(library, messages, async ({ database }, instance, name, evict) => {
      const { reached, release } = database.hold(name);
      database.fail(name);
      let isAnswered = false;
      const reading = answer(instance, name).finally(() => (isAnswered = true));
      await reached;
      await evict();
      const hasWaited = !isAnswered;
      release();
      const [first, next] = [await reading, await answer(instance, name)];
      return !hasWaited || first === next ? next : `${first}, then ${next}`;
    }),
};

/** One answer where all are the same, else each. */
async function summed(library, messages, ask) {
  const seen = {};
  for (const [name, way] of Object.entries(WAYS)) {
    const answers = await inWorld(library, (world) => afterEvictions(world, messages, way, ask), LIVES);
    if (answers === undefined) continue;
    const { itself, another } = answers;
    seen[name] = itself === another ? itself : `${itself}, evicted elsewhere: ${another}`;
  }
  const different = [...new Set(Object.values(seen))];
  if (different.length <= 1) return different[0] ?? '–';
  return Object.entries(seen)
    .map(([name, text]) => `by ${name}: ${text}`)
    .join('; ');
}

/** What `ask` makes of a name that the instance itself evicts, and of one that another evicts; `undefined` where what nobody evicted is not served. */
async function afterEvictions(world, messages, way, ask) {
  const { database, start } = world;
  const [instance, another] = [way(await start()), way(await start())];
  if (instance === undefined) return undefined;
  const areInStep = () => isInStep(world, another, instance, 10_000);
  if (messages === 'yes' && !(await areInStep())) throw new Error('The two never came in step.');
  const cases = [
    { who: 'itself', evictor: instance, name: unusedName() },
    { who: 'another', evictor: another, name: unusedName() },
  ];
  const control = unusedName();
  await outlive(world, [instance, another], [control, ...cases.map(({ name }) => name)]);
  if ((await answerOnFailure(world, instance, control)) !== 'served') return undefined;
  const answers = {};
  for (const { who, evictor, name } of cases)
    answers[who] = await ask(world, instance, name, async () => {
      database.revise(name);
      await evictor.evict(name);
      if (messages === 'yes' && !(await areInStep())) throw new Error('The message did not arrive.');
    });
  return answers;
}

/** Has each instance hold `names` until the life of what it got after them is over. */
async function outlive(world, instances, names) {
  for (const name of names) for (const instance of instances) await instance.find(name);
  const last = instances.map((instance) => ({ instance, name: unusedName() }));
  for (const { instance, name } of last) {
    await instance.find(name);
    world.database.revise(name);
  }
  for (const { instance, name } of last)
    if (!(await until(() => isFresh(world, instance, name), 3 * LIVES.ttlMs))) throw new Error('The life was never over.');
}

/** What `instance` answers when the method fails. It must have failed: else the life is not over. */
async function answerOnFailure({ database }, instance, name) {
  const failing = database.fail(name);
  const answered = await answer(instance, name);
  // It may be run in the background, after the answer.
  if (answered === 'served' && !(await until(() => failing.times > 0, 3_000))) throw new Error('The method was not run.');
  return answered;
}

/** Any book is an old one here: no load of `name` has succeeded since it was revised. */
async function answer(instance, name) {
  try {
    return (await instance.find(name)) === undefined ? '`undefined`' : 'served';
  } catch (error) {
    if ([error, error.cause].some((reason) => reason?.isFailure)) return 'error';
    throw error;
  }
}
