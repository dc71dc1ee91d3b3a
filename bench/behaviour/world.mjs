// A Redis of its own, a database, and instances of one library on them: what each observation begins with.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Redis } from 'ioredis';
import { startRedis } from '../harness/redis.mjs';
import { startLink } from './link.mjs';

export const HOUR = 3_600_000;

/** Resolves to whether `fact` came true in time. */
export async function until(fact, withinMs) {
  const end = performance.now() + withinMs;
  for (;;) {
    if (await fact()) return true;
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** How far the clock of the instance is ahead whose code is running. */
const clocks = new AsyncLocalStorage();
const { now } = Date;
Date.now = () => now() + (clocks.getStore() ?? 0);

/** An instance all of whose calls run on a clock of its own. What it does by itself already does: its connections were made on that clock. */
function onClock(clockMs, instance) {
  if (clockMs === 0) return instance;
  const calls = Object.entries(instance).map(([name, call]) => [
    name,
    typeof call === 'function' ? (...args) => clocks.run(clockMs, () => call(...args)) : call,
  ]);
  return Object.fromEntries(calls);
}

/** What `observe` makes of a fresh world, which is taken down afterwards. With `staleMs`, what is older than `ttlMs` may be served for so long when the method fails. */
export async function inWorld(library, observe, { ttlMs = HOUR, staleMs } = {}) {
  const server = await startRedis();
  const redis = new Redis(server.url);
  const database = new Database();
  const closing = [];
  const start = async ({ clockMs = 0 } = {}) => {
    const link = await startLink(server.url);
    const setUp = { redis: link.url, load: (name) => database.load(name), ttlMs, staleMs };
    const instance = onClock(clockMs, await clocks.run(clockMs, () => library.start(setUp)));
    closing.push(async () => {
      await Promise.race([Promise.resolve(instance.close()).catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 1_000))]);
      link.close();
    });
    return { ...instance, link };
  };
  try {
    return await observe({ redis, database, start });
  } finally {
    await Promise.all(closing.map((close) => close()));
    redis.disconnect();
    await server.stop();
  }
}

/** Books, of which there are new editions, and loads that can be held up between reading a book and returning it, or can be made to fail. */
class Database {
  loads = 0;
  #editions = new Map();
  #held = new Map();
  #failing = new Map();

  async load(name) {
    this.loads += 1;
    const book = { name, edition: this.edition(name) };
    const held = this.#held.get(name);
    this.#held.delete(name);
    held?.reached();
    await held?.gate;
    const failing = this.#failing.get(name);
    if (failing === undefined) return book;
    failing.times += 1;
    throw Object.assign(new Error(`No answer about ${name}.`), { isFailure: true });
  }

  edition(name) {
    return this.#editions.get(name) ?? 1;
  }

  revise(name) {
    this.#editions.set(name, this.edition(name) + 1);
  }

  /** Holds up the next load of `name`. */
  hold(name) {
    const held = {};
    const reached = new Promise((resolve) => (held.reached = resolve));
    held.gate = new Promise((resolve) => (held.release = resolve));
    this.#held.set(name, held);
    return { reached, release: held.release };
  }

  /** From now on the loads of `name` fail when they are to return; `times` counts them. */
  fail(name) {
    const failing = { times: 0 };
    this.#failing.set(name, failing);
    return failing;
  }
}

let controls = 0;
/** A name that nothing has been asked about. */
export const unusedName = () => `control ${(controls += 1)}`;

/** Whether `instance` answers with the present edition. */
export async function isFresh({ database }, instance, name) {
  return (await instance.find(name)).edition === database.edition(name);
}

/** Whether an instance holds in its process what it loaded: it still answers when the server has lost everything. */
export async function holdsLocally({ redis, database, start }) {
  const instance = await start();
  const name = unusedName();
  await instance.find(name);
  await redis.flushall();
  const { loads } = database;
  await instance.find(name);
  return database.loads === loads;
}

/** Whether, in time, an eviction of `from` made `to` forget its copy. Tried again and again: the subscription may yet be under way. */
export function isInStep(world, from, to, withinMs) {
  return until(async () => {
    const name = unusedName();
    await from.find(name);
    await to.find(name);
    world.database.revise(name);
    await from.evict(name);
    return until(() => isFresh(world, to, name), 500);
  }, withinMs);
}
