// A load has read the database, and waits; the book is revised and evicted; then the load comes back with what it had read.
import { inWorld, isInStep, until, unusedName } from '../world.mjs';

/** Who evicts: the instance that loads, or another one, whose message has arrived when the load comes back. */
const EVICTORS = ['itself', 'another'];

const shared =
  'Tried with an eviction by the same instance and by another one, and with each method that loads; `stored` if it happened once.';

export const inLocal = {
  title: 'a load overtaken by an eviction, in L1',
  how: `A load is held up between reading and returning; the key is evicted; the load returns, the server loses its data, and the instance is asked again. ${shared}`,
  observe: (library, { messages }) => (messages === 'one tier' ? '–' : summed(library, messages, storedInLocal)),
};

export const inRemote = {
  title: 'the same, in the shared tier',
  how: 'As above, but the server keeps its data, and a new instance is asked.',
  observe: (library, { messages }) => summed(library, messages, storedInRemote),
};

async function storedInLocal({ redis, database }, instance, name) {
  const control = unusedName();
  await instance.find(control);
  await redis.flushall();
  const { loads } = database;
  await instance.find(control);
  if (database.loads !== loads) throw new Error('The instance held nothing at all.');
  return instance.find(name);
}

async function storedInRemote({ redis, start }, instance, name) {
  // Written after the load on the same connection, so once it is there, so is the other.
  const control = unusedName();
  await instance.find(control);
  const isThere = async () => (await redis.keys(`*${control}*`)).length > 0;
  if (!(await until(isThere, 3_000))) throw new Error('Nothing reached the shared tier.');
  return (await start()).find(name);
}

async function summed(library, messages, ask) {
  const seen = {};
  for (const method of ['find', 'findMany'])
    for (const evictor of EVICTORS) {
      const isStored = await inWorld(library, (world) => one(world, messages, method, evictor, ask));
      if (isStored !== undefined) (seen[method] ??= []).push(isStored);
    }
  const [find, findMany] = [seen.find, seen.findMany ?? seen.find].map((stored) => stored.some(Boolean));
  if (find === findMany) return find ? 'stored' : 'refused';
  return find ? 'stored, except by `getMany`' : 'refused, except by `getMany`';
}

/** Whether the old edition was stored; `undefined` where the library has no such method. */
async function one(world, messages, method, evictor, ask) {
  const { database, start } = world;
  const [instance, another] = [await start(), await start()];
  if (instance[method] === undefined) return undefined;
  const areInStep = () => isInStep(world, another, instance, 10_000);
  if (messages === 'yes' && !(await areInStep())) throw new Error('The two never came in step.');
  const name = unusedName();
  const { reached, release } = database.hold(name);
  const loading = instance[method](name);
  await reached;
  database.revise(name);
  await (evictor === 'itself' ? instance : another).evict(name);
  if (messages === 'yes' && !(await areInStep())) throw new Error('The message did not arrive.');
  release();
  await loading;
  return (await ask(world, instance, name)).edition !== database.edition(name);
}
