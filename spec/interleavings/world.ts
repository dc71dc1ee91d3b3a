import type { Scheduler } from 'fast-check';
import { livesIn } from '../../lib/cache/index.js';
import { LEAST_DAMAGED } from '../../lib/eviction/cache-state.js';
import { nameOfOrigin, parseMessage } from '../../lib/eviction/index.js';
import { formatMessage } from '../../lib/eviction/messages.js';
import { RemoteKeys } from '../../lib/eviction/remote-keys.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { FakeRedis, type Request } from '../../lib/testing/simulation/fake-redis.js';
import type { Memory } from '../../lib/testing/simulation/fake-memory.js';
import { type Kinds, KINDS } from './kinds.js';
import { CACHE, CHANNEL, Instance, type InstanceOptions, NAMESPACE, originOfInstance, TIMES } from './instance.js';
import { Lane } from '../../lib/testing/simulation/lane.js';
import { VirtualClock } from '../../lib/testing/simulation/virtual-clock.js';
import { type Announced, type Floor, Oracle, type Stored } from './oracle.js';
import { type Reading, StaleOracle } from './stale-oracle.js';
import type { Lives, LoadingAll, Script, Shape, Step } from './step.js';

// One turn of the event loop lets every promise that can settle do so.
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const KEYS = new RemoteKeys(NAMESPACE, CACHE);

/** More steps than this, and something runs in circles. */
const MAXIMUM_HOPS = 20_000;
/** How long a healed fleet may take to be right again: the longest pause of a retry, a breaker, a fill lease, and the bound on top. */
const RECOVERY_MS: Milliseconds = 8_000;

/** The tags that every value of a key carries. */
const tagsOf = (key: string): readonly string[] => [ALL, `of ${key}`];
const ALL = 'all';

/** Which key the method of a key reads before it returns, where a script says so. */
const NEEDS: Readonly<Record<string, string>> = { b: 'c', c: 'a' };

/** How many keys a method is for. */
type Kind = 'one key' | 'several keys';

/** What a read is held against. `kind`: of its method, if it has one. */
interface Expected {
  readonly floors: readonly Floor[];
  readonly reading: Reading | undefined;
  readonly kind: Kind | undefined;
}

const storedIn = (raw: string): Stored | undefined => {
  const { entry, value } = JSON.parse(raw) as { entry?: { value: Stored }; value?: Stored };
  return (entry ?? { value }).value;
};

/** A crash-safe write under way. */
interface CrashSafeWrite {
  readonly by: Instance;
  readonly key: string;
  /** Puts of the value from before the commit: it waits for them, or they would race with it. `undefined`: none may begin any more. */
  puts: Promise<unknown>[] | undefined;
}

/** What a {@link World} may lack, for showing what it is good for. */
export interface Flaws {
  readonly server?: new (time: () => Milliseconds) => FakeRedis;
  /** `false`: a new command connection is used before a heartbeat ran on it. */
  readonly verifies?: boolean;
  /** Classes that lack a rule. */
  readonly kinds?: Partial<Kinds>;
}

/** Where the script says nothing of lives: longer than any schedule, and nothing is served beside fresh values. */
const UNENDING: Lives = { ttlMs: TIMES.ttlMs, staleMs: 0, retryAfterMs: 0, refreshAfterMs: 0, loadTimeoutMs: 0 };

/** What the method of a crash-safe write fails with. */
class WorkError extends Error {}

/** Something came out otherwise than promised. */
export class Violation extends Error {
  override readonly name = Violation.name;
}

/**
 * Runs `script`, with every hop of every link where `scheduler` puts it, and holds what can be seen against what is promised.
 *
 * @throws {Violation} of the first promise that was broken.
 */
export async function play(scheduler: Scheduler<unknown>, script: Script, flaws: Flaws = {}): Promise<void> {
  await new World(scheduler, script, flaws, new VirtualClock()).run();
}

class World {
  readonly #scheduler: Scheduler<unknown>;
  readonly #script: Script;
  readonly #time: VirtualClock;
  /** Where new connections lead. */
  #server: FakeRedis;
  readonly #serverKind: new (time: () => Milliseconds) => FakeRedis;
  readonly #instances: Instance[];
  readonly #oracle: Oracle;
  /** `undefined`: no life ends. */
  readonly #stale: StaleOracle | undefined;
  readonly #story: Lane;
  /** Slow loads, which wait for a step of the script. */
  readonly #slow = new Set<Lane>();
  readonly #crashSafeWrites = new Set<CrashSafeWrite>();
  readonly #loaderErrors = new Map<unknown, Kind>();
  /** Where and until which hop methods of several keys had no value for a key. */
  readonly #leftOut = new Map<string, number>();
  /**
   * Updates under way, by key: a put that meets another writer of its key is a race of the writers, which no cache can decide. A put that
   * failed is over, though it may be executed long after its caller was told so: it must do no harm then.
   */
  readonly #writers = new Map<string, { puts: number; others: number }>();
  #underWay = 0;
  #snapshot: Memory | undefined;
  #violation: Violation | undefined;
  #hops = 0;

  constructor(scheduler: Scheduler<unknown>, script: Script, flaws: Flaws, time: VirtualClock) {
    this.#scheduler = scheduler;
    this.#script = script;
    this.#time = time;
    this.#serverKind = flaws.server ?? FakeRedis;
    this.#server = this.#newServer();
    this.#story = new Lane(scheduler, 'the script goes on');
    this.#oracle = new Oracle((id) => this.#optionsOf(id).boundMs, ['a', 'b', 'c'].slice(0, script.keys));
    for (const key of this.#oracle.keys) this.#writers.set(key, { puts: 0, others: 0 });
    this.#instances = ['i0', 'i1', 'i2'].slice(0, script.instances).map(
      (id) =>
        new Instance({
          id,
          kinds: { ...KINDS, ...flaws.kinds },
          scheduler,
          server: () => this.#server,
          clock: time,
          ...this.#optionsOf(id),
          coalesces: script.coalesces,
          verifies: flaws.verifies ?? true,
          kept: (value, freshUntil, isReplacingFresh) => this.#kept(id, value as Stored, freshUntil, isReplacingFresh),
          delivered: (_message, tag) => this.#delivered(id, tag),
          executed: (server, request, reply) => this.#executed(server, request, reply),
        }),
    );
    this.#stale = script.lives && new StaleOracle(this.#oracle, () => this.#living, time);
  }

  async run(): Promise<void> {
    for (const instance of this.#instances) instance.start().catch(() => undefined); // It goes on trying; what counts is that it serves in the end.
    await this.#settle();
    if (this.#instances.some(({ isServing }) => !isServing)) throw new Violation('An instance does not serve after an undisturbed start.');
    if (this.#script.warm) {
      for (let passed = 0; passed < 2 * TIMES.boundMs; passed += 50) {
        this.#time.advance(50);
        await this.#settle();
      }
      for (const instance of this.#instances) for (const key of this.#oracle.keys) void this.#read(instance, key, 'load', 'quick');
      await this.#settle();
    }
    for (const step of this.#script.steps) await this.#turnTo(step);
    await this.#heal();
  }

  /** The first keeps the options of the script. */
  #optionsOf(id: string): Pick<InstanceOptions, 'boundMs' | 'tiers' | 'hasTags' | 'lives' | 'patience'> {
    const { tiers, mixed, tags, patience, lives = UNENDING } = this.#script;
    const number = mixed ? Number(id.slice(1)) : 0;
    const { staleMs, retryAfterMs } = lives;
    return {
      lives: [lives, { ...UNENDING, ttlMs: lives.ttlMs }, { ...UNENDING, ttlMs: lives.ttlMs / 2, staleMs: staleMs / 2, retryAfterMs }][
        number
      ]!,
      boundMs: TIMES.boundMs / [1, 4, 2][number]!,
      tiers: [tiers, 'both', 'local'][number] as Script['tiers'],
      patience,
      hasTags: tags === 'all' || (tags === 'mixed' && id !== 'i1'),
    };
  }

  get #living(): Instance[] {
    return this.#instances.filter(({ diedAt }) => diedAt === undefined);
  }

  // ——— the course of things ———

  /** Hops happen until the scheduler comes to the next step of the script. */
  async #turnTo(step: Step): Promise<void> {
    let isDue = false;
    this.#story.push(() => (isDue = true));
    while (!isDue) await this.#hop();
    await this.#perform(step);
    this.#check();
  }

  async #settle(): Promise<void> {
    await turn();
    while (this.#scheduler.count() > 0) await this.#hop();
  }

  async #hop(): Promise<void> {
    if ((this.#hops += 1) > MAXIMUM_HOPS) throw new Violation('It never comes to rest.');
    this.#stale?.turn(this.#time.now());
    await this.#scheduler.waitOne();
    await turn();
    this.#check();
  }

  async #pass(ms: Milliseconds, blocked: boolean): Promise<void> {
    const piece = blocked ? ms : 50;
    for (let left = ms; left > 0; left -= piece) {
      this.#stale?.turn(this.#time.now());
      this.#time.advance(Math.min(piece, left));
      await turn();
    }
  }

  async #perform(step: Step): Promise<void> {
    const { keys } = this.#oracle;
    const living = this.#living;
    const instance = living['in' in step ? step.in % living.length : 0] as Instance;
    const key = 'key' in step ? (keys[step.key % keys.length] as string) : (keys[0] as string);
    switch (step.do) {
      case 'read':
        void this.#read(instance, key, step.by, step.load);
        return;
      case 'readAll':
        void this.#readAll(
          instance,
          step.keys.map((each) => keys[each % keys.length] as string),
          step.load,
          step.shape,
        );
        return;
      case 'update':
        return this.#update(instance, [key], step.then);
      case 'updateTagged':
        return this.#updateTagged(step, key);
      case 'clear':
        return this.#update(instance, keys, step.acks ? 'clearAcked' : 'clear');
      case 'finishLoads':
        return this.#finishLoads();
      case 'pass':
        return this.#pass(step.ms, step.blocked);
      case 'settle':
        return this.#settle();
      case 'holdSubscriber':
        return instance.subscriber.hold();
      case 'holdCommand':
        return instance.command.hold();
      case 'holdBoth':
        instance.subscriber.hold();
        return instance.command.hold();
      case 'resume':
        instance.subscriber.resume();
        return instance.command.resume();
      case 'cutSubscriber':
        return instance.subscriber.cut(step.noticed);
      case 'cutCommand':
        return instance.command.cut(step.late);
      case 'swallow':
        return instance.subscriber.swallow(CHANNEL);
      case 'snapshot':
        this.#snapshot = this.#server.snapshot();
        return;
      case 'restart':
        return this.#restart(step.with === 'snapshot' ? this.#snapshot : undefined);
      case 'move':
        return this.#move(step.to === 'replica' ? this.#server.snapshot() : undefined);
      case 'flush':
        this.#oracle.intentsLost();
        return this.#server.flush();
      case 'forge':
        return this.#forge(step);
      case 'setClock':
        this.#oracle.intentsLost();
        this.#server.clockOffsetMs += step.byMs;
        return;
      case 'damage':
        if (step.what === 'state') return this.#server.overwrite(KEYS.state, step.by);
        return this.#server.lose(KEYS[step.what]);
      case 'evictAround':
        return this.#evictAround(instance, key, step.work);
      case 'die':
        return this.#die(step.in, step.late);
      case 'loseIntents':
        this.#oracle.intentsLost();
        return keys.forEach((each) => this.#server.lose(`${KEYS.intents}:${each}`));
      case 'putSame':
        return this.#putSame(instance, key);
    }
  }

  #forge({ op, gen: which, seq: number }: Extract<Step, { do: 'forge' }>): void {
    const state = this.#server.state(KEYS.state);
    const current = Number(state?.gen ?? 1);
    const gen = String({ current, earlier: Math.max(1, current - 1), later: current + 1, latest: LEAST_DAMAGED - 1 }[which]);
    const last = Number(state?.seq ?? 0);
    const seq = { next: last + 1, far: last + 1_000, first: 1 }[number];
    const keys = op === 'evict' ? this.#oracle.keys : [];
    const tags = op === 'evictTagged' ? [ALL] : undefined;
    const body = formatMessage({ ns: NAMESPACE, cache: CACHE, seq, gen, op, keys, tags, origin: originOfInstance('forger') });
    if ('malformed' in parseMessage(body)) return; // Damaged bookkeeping makes no message.
    for (const { subscriber } of this.#instances) subscriber.deliver(this.#server, { channel: CHANNEL, body }, undefined);
  }

  /** Whatever was on its way is lost with the server's process; each client notices its two losses when it does. */
  #restart(memory: Memory | undefined): void {
    this.#oracle.intentsLost();
    this.#server.restart(memory);
    this.#snapshot = this.#server.snapshot();
    for (const { command, subscriber } of this.#instances) {
      command.cut(false);
      subscriber.cut(false);
    }
  }

  /** The address leads to another server now, and all that commands are sent on to none; who is subscribed stays where he is, and is not told. */
  #move(memory: Memory | undefined): void {
    const { runId } = this.#server;
    this.#oracle.intentsLost();
    this.#server = this.#newServer();
    this.#server.runId = runId;
    this.#server.restart(memory);
    for (const { command } of this.#instances) command.cut(false);
  }

  #newServer(): FakeRedis {
    const server = new this.#serverKind(() => this.#time.epochNow());
    server.onPublish = (channel, body) => {
      const tag = channel === CHANNEL ? this.#announced(body) : undefined;
      return this.#instances.reduce((sum, { subscriber }) => sum + subscriber.deliver(server, { channel, body }, tag), 0);
    };
    return server;
  }

  #finishLoads(): void {
    for (const lane of this.#slow) lane.resume();
    this.#slow.clear();
  }

  /** Every link works again and every load ends: then everything must come right by itself. */
  async #heal(): Promise<void> {
    for (const { subscriber, command } of this.#living) {
      subscriber.resume();
      command.resume();
    }
    // What was missed is noticed within the bound, and what the dead have sent has ended.
    await this.#rest(this.#living.length === this.#instances.length ? 2 * TIMES.boundMs : 2 * TIMES.intentLeaseMs);
    for (const instance of this.#living) {
      for (const key of this.#oracle.keys) {
        const reading = this.#stale?.begun(instance, key, 'load');
        const floors = this.#oracle.floorsAtRest(key);
        this.#expect(instance, key, this.#awaitLoad(instance, key), { floors, reading, kind: 'one key' });
      }
    }
    await this.#rest();
  }

  async #rest(leastMs: Milliseconds = 0): Promise<void> {
    for (let passed = 0; ; passed += 50) {
      this.#finishLoads();
      await this.#settle();
      if (passed >= leastMs && this.#unrest() === '') return;
      if (passed >= RECOVERY_MS) throw new Violation(`C6/C7: ${RECOVERY_MS} ms after all was healed ${this.#unrest()}.`);
      this.#stale?.turn(this.#time.now());
      this.#time.advance(50);
    }
  }

  #unrest(): string {
    const restless = this.#living.flatMap(({ id, isServing, cache }) => [
      ...(isServing ? [] : [`${id} does not serve`]),
      ...(cache.pendingEvictions === 0 ? [] : [`${id} has ${cache.pendingEvictions} evictions pending`]),
    ]);
    return [...restless, ...(this.#underWay === 0 ? [] : [`${this.#underWay} calls are under way`])].join(', ');
  }

  // ——— reads and writes ———

  #read(instance: Instance, key: string, by: 'load' | 'get' | 'getAll', load: LoadingAll): Promise<unknown> {
    const { cache, id } = instance;
    const floors = this.#oracle.floors(id, key, this.#time.now());
    const reading = this.#stale?.begun(instance, key, by);
    let result: Promise<Stored | undefined>;
    if (by === 'load') result = this.#awaitLoad(instance, key, load);
    else if (by === 'get') result = cache.get<Stored>(key).then((found) => found?.value);
    else result = cache.getAll<Stored>([key]).then(([found]) => found?.value);
    this.#expect(instance, key, result, { floors, reading, kind: by === 'load' ? 'one key' : undefined });
    return result;
  }

  #awaitLoad(instance: Instance, key: string, load: LoadingAll = 'quick'): Promise<Stored> {
    const hit = instance.cache.hitNow(key) as Promise<Stored> | undefined; // As the interceptor does.
    const options = instance.hasTags ? { tags: tagsOf(key) } : {};
    const method = (): Promise<Stored> =>
      this.#load(instance, [key], { how: load, kind: 'one key', resultOf: ([stored]) => stored as Stored });
    return hit ?? instance.cache.getOrLoad<Stored>(key, method, options);
  }

  /** Each key is promised what a read of that key alone is promised. */
  #readAll(instance: Instance, keys: readonly string[], load: LoadingAll, shape: Shape): Promise<unknown> {
    const { cache, id, hasTags } = instance;
    const distinct = [...new Set(keys)];
    const before = distinct.map((key) => ({
      key,
      floors: this.#oracle.floors(id, key, this.#time.now()),
      reading: this.#stale?.begun(instance, key, 'loadAll'),
    }));
    const method = (missing: readonly string[]): Promise<ReadonlyMap<string, Stored> | (Stored | undefined)[]> => {
      const inOrder = distinct.filter((key) => missing.includes(key));
      if (String(missing) !== String(inOrder)) this.#violated(`A method of ${String(keys)} was asked for ${String(missing)}.`);
      const resultOf = (all: (Stored | undefined)[]): typeof all | Map<string, Stored> =>
        shape === 'array' ? all : new Map(all.flatMap((stored) => (stored === undefined ? [] : [[stored.key, stored]])));
      return this.#load(instance, missing, { how: load, kind: 'several keys', resultOf });
    };
    const options = hasTags ? { tags: (_value: Stored, key: string) => tagsOf(key) } : {};
    const begunAt = this.#hops;
    const result = cache.getAllOrLoad<string, Stored>(keys, method, options).then((found) => {
      const inOrder = distinct.filter((key) => found.has(key));
      if (String([...found.keys()]) !== String(inOrder)) this.#violated(`The answer to ${String(keys)} was ${String([...found.keys()])}.`);
      for (const key of distinct) {
        const isLeftOut = found.has(key) || (this.#leftOut.get(`${id} ${key}`) ?? -1) >= begunAt;
        if (!isLeftOut) this.#violated(`C7: a read of ${String(keys)} in ${id} has no '${key}', which no method has left out.`);
      }
      return found;
    });
    for (const { key, floors, reading } of before) {
      const own = result.then((found) => found.get(key));
      this.#expect(instance, key, own, { floors, reading, kind: 'several keys' });
    }
    return result;
  }

  /** A method that reads the database at one moment and returns at another. */
  #load<T>(
    instance: Instance,
    keys: readonly string[],
    { how, kind, resultOf }: { how: LoadingAll; kind: Kind; resultOf: (all: (Stored | undefined)[]) => T },
  ): Promise<T> {
    const lane = new Lane(this.#scheduler, `a load of '${keys.join("', '")}'`);
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        const error = new Error('The database is away.');
        this.#loaderErrors.set(error, kind);
        for (const key of keys) this.#stale?.failed(instance, key);
        reject(error);
      };
      const end = (stored: (Stored | undefined)[]): void => {
        if (how === 'failing' || how === 'slowFailing') return fail();
        if (how === 'leavingOut' || how === 'slowLeavingOut') {
          this.#leftOut.set(`${instance.id} ${keys[0]}`, this.#hops);
          stored[0] = undefined;
        }
        resolve(resultOf(stored));
      };
      lane.push(() => {
        const stored = keys.map((key) => this.#oracle.read(key));
        if (how.startsWith('slow')) {
          lane.hold();
          this.#slow.add(lane);
        }
        const goOn = (): void => lane.push(() => end(stored));
        const needed = this.#readNeeded(instance, keys);
        if (needed === undefined) goOn();
        else needed.then(goOn, () => lane.push(fail));
      });
    });
  }

  /** A method reads what its keys need, if they need something. */
  #readNeeded(instance: Instance, keys: readonly string[]): Promise<unknown> | undefined {
    const needed = this.#script.needs ? [...new Set(keys.flatMap((key) => NEEDS[key] ?? []))] : [];
    if (needed.length === 0) return undefined;
    return needed.length === 1
      ? this.#read(instance, needed[0] as string, 'load', 'quick')
      : this.#readAll(instance, needed, 'quick', 'map');
  }

  /**
   * Holds the outcome of a read against its floors. Reads by `get` may fail; nothing else may, but for the loader. What a method of
   * several keys says is nothing to those who read one, and the other way round.
   */
  #expect(instance: Instance, key: string, result: Promise<Stored | undefined>, { floors, reading, kind }: Expected): void {
    const what = `a read of '${key}' in ${instance.id}`;
    this.#underWay += 1;
    result
      .then(
        (stored) => {
          const wrong = reading && this.#stale?.ended(reading, stored);
          if (instance.diedAt !== undefined) return;
          if (stored === undefined && kind === 'one key')
            this.#violated(`C7: ${what} returned nothing, which only a method of several keys may say.`);
          if (stored === undefined) return;
          if (stored.key !== key) this.#violated(`${what} returned the value of '${stored.key}'.`);
          for (const { version, because } of floors) {
            if (stored.version < version) this.#violated(`${because}, and ${what} returned version ${stored.version} for ${version}.`);
          }
          if (wrong !== undefined) this.#violated(wrong);
        },
        (error: unknown) => {
          if (reading !== undefined) this.#stale?.ended(reading, undefined);
          if (instance.diedAt !== undefined) return;
          const { code } = error as { code?: string };
          const isOurs = code?.startsWith('CACHE_REMOTE_') === true || (code === 'CACHE_LOAD_TIMEOUT' && instance.lives.loadTimeoutMs > 0);
          const of = this.#loaderErrors.get(error);
          if (of !== undefined && of !== kind) this.#violated(`C7: ${what} by a method of ${kind} failed with one of ${of}.`);
          if (!isOurs && of === undefined) this.#violated(`C7: ${what} failed with ${String(error)}`);
        },
      )
      .finally(() => (this.#underWay -= 1));
  }

  /** In an instance that has tags. */
  #updateTagged({ in: which, tag, acks }: Extract<Step, { do: 'updateTagged' }>, key: string): void {
    const writers = this.#living.filter(({ hasTags }) => hasTags);
    const instance = writers[which % writers.length];
    if (instance === undefined) return;
    this.#update(instance, tag === 'all' ? this.#oracle.keys : [key], acks ? 'evictAcked' : 'evict', tag === 'all' ? ALL : `of ${key}`);
  }

  /** @param tag - what the eviction names in place of the keys. */
  #update(instance: Instance, keys: readonly string[], then: 'evict' | 'evictAcked' | 'put' | 'clear' | 'clearAcked', tag?: string): void {
    const { cache, id, hasTags } = instance;
    const writers = keys.map((key) => this.#writers.get(key) as { puts: number; others: number });
    const isPut = then === 'put';
    if (writers.some(({ puts, others }) => puts > 0 || (isPut && others > 0))) return;
    const count = (by: number): void => writers.forEach((writer) => (writer[isPut ? 'puts' : 'others'] += by));
    const commits = keys.map((key) => this.#oracle.commit(key));
    for (const commit of commits) this.#oracle.opened(id, commit, false);
    const acks = then === 'evictAcked' || then === 'clearAcked' ? 'all' : 'none';
    count(1);
    this.#underWay += 1;
    const write = (): Promise<void> => {
      if (then === 'clear' || then === 'clearAcked') return cache.clear({ acks });
      if (then === 'put') return cache.put(keys[0], commits[0], hasTags ? { tags: tagsOf(keys[0] as string) } : {});
      return tag === undefined ? cache.evictAll(keys, { acks }) : cache.evictTagged([tag], { acks });
    };
    const lane = new Lane(this.#scheduler, `${id} has committed`);
    lane.push(() => {
      for (const commit of commits) this.#oracle.begun(id, commit);
      write()
        .then(
          () => {
            for (const commit of commits) this.#oracle.closed(id, commit);
            if (acks === 'all') for (const commit of commits) this.#oracle.acknowledged(commit);
          },
          (error: unknown) => {
            const { code } = error as { code?: string };
            if (code?.startsWith('CACHE_') !== true) this.#violated(`C6: '${then}' in ${id} failed with ${String(error)}`);
          },
        )
        .finally(() => {
          for (const commit of commits) this.#oracle.settled(id, commit);
          count(-1);
          this.#underWay -= 1;
        });
    });
  }

  // ——— crash-safe writes ———

  #evictAround(instance: Instance, key: string, work: Extract<Step, { do: 'evictAround' }>['work']): void {
    const { cache, id } = instance;
    const writer = this.#writers.get(key) as { puts: number; others: number };
    if (writer.puts > 0) return;
    const write: CrashSafeWrite = { by: instance, key, puts: [] };
    this.#crashSafeWrites.add(write);
    writer.others += 1;
    this.#underWay += 1;
    const over = (): void => {
      if (!this.#crashSafeWrites.delete(write)) return;
      writer.others -= 1;
      this.#underWay -= 1;
    };
    let commit: Stored | undefined;
    cache
      .evictAround([key], async () => {
        commit = await this.#commit(write, work, over);
        this.#oracle.begun(id, commit);
        if (work === 'failing') throw new WorkError('The database is away.');
      })
      .then(
        () => this.#oracle.closed(id, commit as Stored),
        (error: unknown) => {
          const isOurs = (error as { code?: string }).code?.startsWith('CACHE_') === true;
          if (!isOurs && !(error instanceof WorkError)) this.#violated(`C6: 'evictAround' in ${id} failed with ${String(error)}`);
        },
      )
      .finally(() => {
        this.#oracle.settled(id, commit as Stored);
        over();
      });
  }

  /**
   * A method that sends a commit at one moment; it lands at another, and the method returns at a third. None of them needs to happen when
   * its process dies; what was sent lands within the time that the intent holds then, or not at all.
   */
  #commit(write: CrashSafeWrite, work: Extract<Step, { do: 'evictAround' }>['work'], over: () => void): Promise<Stored> {
    const { by, key } = write;
    const lane = new Lane(this.#scheduler, `a write of '${key}'`);
    const slow = (): void => {
      lane.hold();
      this.#slow.add(lane);
    };
    return new Promise((resolve) => {
      lane.push(() => {
        if (work === 'slow') slow();
        lane.push(() => {
          const puts = write.puts;
          write.puts = undefined;
          void Promise.allSettled(puts ?? []).then(() => lane.push(send));
        });
      });
      const send = (): void => {
        if (by.diedAt !== undefined) return over();
        if (work === 'slow' || work === 'slowCommit') slow();
        lane.push(land);
      };
      const land = (): void => {
        const now = this.#time.now();
        if (by.diedAt !== undefined && now >= by.diedAt + TIMES.intentLeaseMs) return over();
        const commit = this.#oracle.commit(key);
        this.#oracle.opened(by.id, commit, this.#oracle.isWithheld(key, now));
        if (by.diedAt !== undefined) this.#oracle.died(by.id);
        lane.push(() => (by.diedAt === undefined ? resolve(commit) : over()));
      };
    });
  }

  /** Kills an instance in the middle of a crash-safe write, unless it is the last one. */
  #die(which: number, late: boolean): void {
    const writers = this.#living.filter((instance) => [...this.#crashSafeWrites].some(({ by }) => by === instance));
    const instance = writers[which % writers.length];
    if (instance === undefined || this.#living.length === 1) return;
    instance.die(late);
    this.#oracle.died(instance.id);
  }

  /** Only beside a single writer who has not committed, and who waits for it: else it is a race that no cache can decide. */
  #putSame({ cache, id }: Instance, key: string): void {
    const writer = this.#writers.get(key) as { puts: number; others: number };
    const write = [...this.#crashSafeWrites].find((each) => each.key === key && each.puts !== undefined);
    if (write?.puts === undefined || writer.others !== 1) return;
    writer.puts += 1;
    this.#underWay += 1;
    const put = cache
      .put(key, this.#oracle.read(key))
      .catch((error: unknown) => {
        const { code } = error as { code?: string };
        if (code?.startsWith('CACHE_') !== true) this.#violated(`C6: 'put' in ${id} failed with ${String(error)}`);
      })
      .finally(() => {
        writer.puts -= 1;
        this.#underWay -= 1;
      });
    write.puts.push(put);
  }

  // ——— what can be seen ———

  /** Notes which intents the server has acknowledged. */
  #executed(server: FakeRedis, request: Request, reply: unknown): void {
    if (server !== this.#server || request.kind !== 'script') return;
    const { name, keys, args } = request;
    if (name === 'fill') this.#filled(server, keys, reply as number[]);
    const isEviction = name === 'evict' && args[8] !== undefined && (reply as string[])[0] === 'done';
    if (!isEviction && !(name === 'renew' && reply === 1)) return;
    const [token, length] = args.slice(isEviction ? 8 : 0) as [string, string];
    const until = length === '' ? undefined : this.#time.now() + Number(length);
    const isOf = (key: string): boolean => (isEviction ? keys.some((each) => each.endsWith(`::${key}`)) : args.includes(`:${key}`));
    for (const key of this.#oracle.keys) if (isOf(key)) this.#oracle.intended(key, token, until);
  }

  #filled(server: FakeRedis, keys: readonly string[], reply: readonly number[]): void {
    if (this.#stale === undefined) return;
    for (const [i, isStored] of reply.entries()) {
      const raw = isStored === 1 ? server.get(keys[i] as string) : null;
      const lives = raw === null ? undefined : livesIn(raw);
      if (raw === null || lives === undefined) continue;
      const wrong = this.#stale.filled(storedIn(raw) as Stored, lives.freshUntil - this.#time.epochNow() + this.#time.now());
      if (wrong !== undefined) this.#violated(wrong);
    }
  }

  #kept(id: string, value: Stored, freshUntil: Milliseconds, isReplacingFresh: boolean): void {
    const instance = this.#instances.find((each) => each.id === id) as Instance;
    const wrong = this.#stale?.kept(instance, value, freshUntil, isReplacingFresh);
    if (wrong !== undefined) this.#violated(wrong);
  }

  #announced(body: string): Announced {
    const message = parseMessage(body);
    if ('malformed' in message) throw new Violation(`A malformed message was published: ${body}`);
    const { op, tags } = message;
    const tagged = tags && this.#oracle.keys.filter((key) => tagsOf(key).some((tag) => tags.includes(tag)));
    const keys = op === 'clear' ? this.#oracle.keys : (tagged ?? message.keys);
    const announced = this.#oracle.announcedBy(nameOfOrigin(message.origin), keys);
    this.#oracle.executed(this.#time.now(), announced, tagged === undefined);
    return announced;
  }

  #delivered(instance: string, tag: unknown): void {
    if (tag !== undefined) this.#oracle.applied(instance, tag as Announced);
  }

  #stored(generation: string, key: string): Stored | undefined {
    return storedIn(this.#server.get(KEYS.data(generation, key)) ?? '{}');
  }

  /** Neither tier may hold what an eviction has taken out. */
  #check(): void {
    for (const key of this.#oracle.keys) {
      for (const instance of this.#living) {
        const held = instance.held(key) as Stored | undefined;
        const floor = this.#oracle.localFloor(instance.id, key);
        if (held !== undefined && held.version < floor) {
          this.#violated(`C5: L1 of ${instance.id} holds version ${held.version} of '${key}' after an eviction of ${floor}.`);
        }
      }
      const state = this.#server.state(KEYS.state);
      // After a restart the generation is as good as abandoned: nobody may use it before a heartbeat has begun another.
      const stored = state?.run === this.#server.runId ? this.#stored(state.gen, key) : undefined;
      this.#stale?.seen(key, stored);
      const floor = this.#oracle.remoteFloor(key);
      if (stored !== undefined && stored.version < floor) {
        this.#violated(`C5: L2 holds version ${stored.version} of '${key}' after an eviction of ${floor}.`);
      }
    }
    if (this.#violation !== undefined) throw this.#violation;
  }

  #violated(text: string): void {
    this.#violation ??= new Violation(text);
  }
}
