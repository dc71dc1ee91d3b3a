/**
 * One process of the fault suite: a container whose `BookRepository` is cached over a Redis that may be harmed at any time. It reads,
 * writes, and tells its parent what it saw; started by `WorkerHandle`, ended by it or by the end of the channel to it.
 */
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Cache, type CacheManager, CacheEvents, CacheEvictError, CacheStoppedError } from '../../lib/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import { BookRepository, tagsOf } from './book-repository.js';
import { TroubledDatabase } from './database-trouble.js';
import { monotonicNow } from './monotonic.js';
import type { Committed } from './oracle.js';
import { turn } from '../support/promises.js';
import { Random } from '../support/random.js';
import { StallWatch } from './stall-watch.js';
import { inWords, startContainer } from './worker-container.js';
import {
  type Load,
  LONGEST_METHOD_MS,
  type Report,
  type Request,
  type Verb,
  type Verbs,
  type WorkerSettings,
  type WorkerState,
} from './worker-protocol.js';
import { type Ended, isTrouble, WorkerReads } from './worker-reads.js';

const TICK_MS = 5;
const FLUSH_MS = 50;
const MAXIMUM_WRITES_UNDER_WAY = 20;

const settings = JSON.parse(process.argv[2] as string) as WorkerSettings;
const random = new Random(settings.seed);
const rightNow = Date.now;
if (settings.clockOffByMs !== 0) Date.now = () => rightNow() + settings.clockOffByMs;
const stalls = new StallWatch();

const tell = (report: Report): void => void (process.connected && process.send?.(report));
const fail = (what: string): void => tell({ kind: 'failure', what });

process.on('unhandledRejection', (reason) => fail(`unhandled rejection: ${inWords(reason)}`));
process.on('uncaughtException', (error) => fail(`uncaught exception: ${inWords(error)}`));
process.on('disconnect', () => process.exit(0)); // The parent is gone.

const troubles = new TroubledDatabase(random.fork());

/** Most calls of the method are quick, one in twenty is not. */
const methodTime = async (): Promise<void> => {
  await troubles.call();
  const dice = random.next();
  if (dice < 0.05) await pause(random.between(5, LONGEST_METHOD_MS));
  else if (dice < 0.5) await pause(random.between(0, 3));
};

const database = new Redis({ host: '127.0.0.1', port: settings.databasePort });

/** How a new version is announced, without and with `acks: 'all'`. */
const PUBLICATIONS = {
  key: ['publish', 'publishEverywhere'],
  tag: ['publishTagged', 'publishTaggedEverywhere'],
  shelf: ['publishShelf', 'publishShelfEverywhere'],
  all: ['publishCatalogue', 'publishCatalogueEverywhere'],
} as const;

/** How an update ended. */
interface Settled {
  readonly acks: boolean;
  readonly byTag: boolean;
  readonly clears: boolean;
  readonly begunAt: Milliseconds;
  readonly isAcknowledged: boolean;
}

class Worker {
  readonly #books: BookRepository;
  readonly #manager: CacheManager;
  readonly #reads: WorkerReads;
  #ended: Ended[] = [];
  #writes = new Set<Promise<void>>();
  #load: Load = { readsPerSecond: 0, writesPerSecond: 0, acks: 'none' };
  #readsDue = 0;
  #writesDue = 0;
  #written = 0;
  #burstTags = 0;
  /** Updates that were told that they were not evicted, and will not be. */
  #refused = 0;
  readonly #putting = new Set<number>();
  /** Ends the writes that were begun, and this process. */
  #killItself: ((commits: boolean) => void) | undefined;

  constructor(books: BookRepository, manager: CacheManager, events: CacheEvents) {
    this.#books = books;
    this.#manager = manager;
    const onEnd = (ended: Ended): void => void this.#ended.push(ended);
    this.#reads = new WorkerReads({ books, settings, random: random.fork(), onEnd, onFailure: fail });
    events.on('evictRecovered', () => {
      const at = monotonicNow();
      this.#ended.push({ begunAt: at, endedAt: at, judge: () => tell({ kind: 'recovered', at }) }); // Not before what is recovered.
    });
    events.on('error', ({ where, error }) => {
      if (where.startsWith('listener of')) fail(`${where}: ${inWords(error)}`);
    });
    setInterval(() => this.#tick(), TICK_MS);
    setInterval(() => this.#flush(), FLUSH_MS);
  }

  readonly verbs: { readonly [V in Verb]: (argument: Verbs[V]['argument']) => Promise<Verbs[V]['answer']> } = {
    load: async (load) => void (this.#load = load),
    stopWriting: async () => {
      this.#load = { ...this.#load, writesPerSecond: 0 };
      await Promise.all(this.#writes);
    },
    stopReading: async () => void (this.#load = { ...this.#load, readsPerSecond: 0 }),
    block: async (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
    putBurst: (count) => refused(Array.from({ length: count }, (_, i) => this.#cache.put(`burst-${i}`, { version: i }))),
    evictionBurst: (count) => {
      const doomed = Array.from({ length: count }, (_, i) => `burst-${i}`);
      return refused([this.#cache.evictAll(doomed), ...this.#evictions(count)]);
    },
    blockWhileEvicting: async (ms) => {
      const evictions = this.#evictions(20);
      await turn();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      return refused(evictions);
    },
    trouble: async (trouble) => void (troubles.trouble = trouble),
    readAll: () => this.#reads.all(),
    readKeys: (keys) => (random.next() < 0.5 ? this.#reads.several(keys) : Promise.all(keys.map((key) => this.#reads.one(key)))),
    lookUp: (keys) => Promise.all(keys.map((key) => this.#books.find(key))),
    putAll: (entries) => refused(entries.map(({ key, book }) => this.#cache.put(key, book, { tags: tagsOf(key) }))),
    clear: () => refused([this.#cache.clear()]),
    beginWrites: async ({ keys, around }) => {
      const killed = new Promise<boolean>((resolve) => (this.#killItself = resolve)).then(async (commits): Promise<number> => {
        if (commits) await Promise.all(keys.map((key) => database.incr(`book:${key}`)));
        process.kill(process.pid, 'SIGKILL'); // No method has returned, so nothing was evicted after the commits.
        throw new Error('It outlived SIGKILL.');
      });
      const begun = (key: number): Promise<void> =>
        new Promise((resolve, reject) => {
          const commit = (): Promise<number> => {
            resolve();
            return killed;
          };
          (around ? this.#books.amendSafely(key, commit) : this.#books.amend(key, commit)).catch(reject);
        });
      await Promise.all(keys.map(begun));
    },
    killItself: ({ commits }) => {
      this.#killItself?.(commits);
      return new Promise<never>(() => undefined);
    },
    crowd: async ({ key, callers }) => {
      const all = Array.from({ length: settings.keys }, (_, each) => each);
      const seen = Array.from({ length: callers }, async (_, i) =>
        i % 2 === 0 ? this.#books.find(key) : (await this.#books.findAll(random.shuffled(all))).get(key),
      );
      return (await Promise.all(seen)).map((book) => book?.version ?? Number.NaN);
    },
    state: async () => this.#state(),
    unbind: async (count) => {
      this.#load = { readsPerSecond: 0, writesPerSecond: 0, acks: 'none' };
      const refusedBefore = this.#refused;
      const updates = this.#updates(count);
      await container.unbindAllAsync();
      await Promise.all([...updates, ...this.#writes]);
      while (this.#reads.underWay > 0) await pause(5);
      this.#flush();
      return this.#refused - refusedBefore;
    },
    updateUnbound: async (count) => {
      const refusedBefore = this.#refused;
      await Promise.all(this.#updates(count));
      this.#flush();
      return this.#refused - refusedBefore;
    },
    close: async () => {
      await container.unbindAllAsync();
      database.disconnect();
      stalls.stop();
    },
  };

  get #cache(): Cache {
    return this.#manager.getCache('book') as Cache;
  }

  /** Evictions of what nobody reads, every second one by a tag that was never evicted before. */
  #evictions(count: number): Promise<void>[] {
    return Array.from({ length: count }, (_, i) =>
      i % 2 === 0 ? this.#cache.evict(`burst-${i}`) : this.#cache.evictTagged([`burst-${(this.#burstTags += 1)}`]),
    );
  }

  #state(): WorkerState {
    this.#flush();
    const { status, caches } = this.#manager.health();
    const statistics = this.#manager.statistics()['book'];
    if (statistics === undefined) throw new Error("There is no cache 'book'.");
    return {
      isUp: status === 'up',
      isServing: caches['book']?.status === 'up',
      underWay: this.#reads.underWay,
      longestPauseMs: stalls.longestMs,
      statistics,
    };
  }

  #tick(): void {
    this.#readsDue = Math.min(this.#readsDue + (this.#load.readsPerSecond * TICK_MS) / 1_000, 100);
    while (this.#readsDue >= 1) {
      const read = this.#reads.next(() => this.#keyToRead());
      this.#readsDue -= read?.keys ?? 1;
      read?.result.catch((error: unknown) => isTrouble(error) || fail(`read: ${inWords(error)}`));
    }
    this.#writesDue = Math.min(this.#writesDue + (this.#load.writesPerSecond * TICK_MS) / 1_000, 2);
    for (; this.#writesDue >= 1; this.#writesDue -= 1) {
      if (this.#writes.size >= MAXIMUM_WRITES_UNDER_WAY) continue;
      // A put cannot ask for acknowledgements.
      const own = this.#load.acks !== 'all' && random.next() < 0.2 ? settings.ownPutKeys.find((key) => !this.#putting.has(key)) : undefined;
      const write = (own === undefined ? this.#evict(this.#anyKey()) : this.#put(own)).finally(() => this.#writes.delete(write));
      this.#writes.add(write);
    }
  }

  /** Updates of any keys; the first of them puts, if it may. */
  #updates(count: number): Promise<void>[] {
    const own = settings.ownPutKeys.find((key) => !this.#putting.has(key));
    return Array.from({ length: count }, (_, i) => (i === 0 && own !== undefined ? this.#put(own) : this.#evict(this.#anyKey())));
  }

  #keyToRead(): number {
    const { besides } = this.#load;
    if (besides !== undefined && random.next() < 0.2) return random.pick(besides);
    return random.next() < 0.05 ? settings.keys - 1 - random.below(settings.putKeys) : this.#anyKey();
  }

  #anyKey(): number {
    const { keys, hotKeys, putKeys } = settings;
    return random.next() < 0.9 ? random.below(hotKeys) : hotKeys + random.below(keys - putKeys - hotKeys);
  }

  async #evict(key: number): Promise<void> {
    const { acks: kind } = this.#load;
    this.#written += 1;
    const acks = kind === 'all' || (kind === 'some' && this.#written % 4 === 1);
    const clears = this.#load.clears !== false && this.#written % 50 < 2; // One of them with acks.
    const by = clears ? 'all' : random.next() < 0.5 ? 'key' : random.pick(['tag', 'shelf'] as const);
    const verb = PUBLICATIONS[by][acks ? 1 : 0];
    const how = { acks, byTag: by === 'tag' || by === 'shelf', clears, begunAt: monotonicNow() };
    try {
      this.#settled(await this.#books[verb](key), { ...how, isAcknowledged: true });
    } catch (error) {
      if (error instanceof CacheEvictError) this.#settled(error.result as readonly Committed[], { ...how, isAcknowledged: false });
      else if (error instanceof CacheStoppedError && Array.isArray(error.result)) this.#refused += 1;
      else fail(`${verb}: ${inWords(error)}`);
    }
  }

  async #put(key: number): Promise<void> {
    this.#putting.add(key);
    const how = { acks: false, byTag: false, clears: false, begunAt: monotonicNow() };
    try {
      const { version } = await this.#books.revise(key);
      this.#settled([{ key, version }], { ...how, isAcknowledged: true });
    } catch (error) {
      if (error instanceof CacheEvictError)
        this.#settled([{ key, version: this.#books.revisedTo(key) }], { ...how, isAcknowledged: false });
      else if (error instanceof CacheStoppedError) this.#refused += 1;
      else fail(`revise: ${inWords(error)}`);
    } finally {
      this.#putting.delete(key);
    }
  }

  #settled(promises: readonly Committed[], { acks, byTag, clears, begunAt, isAcknowledged }: Settled): void {
    const settledAt = monotonicNow();
    const acknowledgedAt = isAcknowledged ? settledAt : undefined;
    const { instance } = settings;
    const judge = (waitedMs: Milliseconds): void =>
      tell({ kind: 'eviction', record: { promises, byTag, clears, instance, acks, begunAt, settledAt, acknowledgedAt, waitedMs } });
    // Told at once, for this process may be killed; how long it waited is known only after the loop has turned.
    if (isAcknowledged && settledAt - begunAt < 100) judge(settledAt - begunAt);
    else this.#ended.push({ begunAt, endedAt: settledAt, judge });
  }

  #flush(): void {
    const ended = this.#ended;
    this.#ended = [];
    for (const { begunAt, endedAt, judge } of ended) judge(endedAt - begunAt - stalls.within(begunAt, endedAt));
    const { records, failed } = this.#reads.take();
    if (failed.length > 0) tell({ kind: 'failedReads', records: failed });
    if (records.length > 0) tell({ kind: 'reads', records });
  }
}

const books = new BookRepository(database, methodTime, settings.keys);
const { container, manager } = await startContainer(settings, books);
const worker = new Worker(container.get(BookRepository), manager, container.get(CacheEvents));

process.on('message', (request: Request) => {
  const verb = worker.verbs[request.verb] as (argument: unknown) => Promise<unknown>;
  verb(request.argument).then(
    (answer) => {
      tell({ kind: 'answer', id: request.id, answer });
      if (request.verb === 'close') process.disconnect();
    },
    (error: unknown) => tell({ kind: 'answer', id: request.id, error: inWords(error) }),
  );
});
tell({ kind: 'ready' });

/** How many of these calls rejected. */
async function refused(calls: readonly Promise<unknown>[]): Promise<number> {
  return (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length;
}
