import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';
import { waitFor } from '../support/wait.js';
import type { Arena, Place } from './arena.js';
import { type Book, FIRST_LOOSE_KEY } from './book-repository.js';
import type { FaultContext, FaultKind } from './fault-kind.js';
import { monotonicNow } from './monotonic.js';
import type { WorkerHandle } from './worker-handle.js';
import { INTENT_LEASE_MS, type Load } from './worker-protocol.js';

/** What became of writes that were committed, and whose writers were killed before they could evict. */
export interface AbandonedWrites {
  /** How many writers were killed. */
  deaths: number;
  /** How many of their writes were judged. */
  writes: number;
  /** How many left an old value that is served for good. */
  stale: number;
}

/** Keys that are written by nobody else. Everybody reads them all the time. */
const KEYS = Array.from({ length: 16 }, (_, i) => FIRST_LOOSE_KEY + i);
const KEYS_PER_DEATH = 8;
/** A late commit lands so long after its sender's death: within `intentLease`, as the protocol asks for. */
const LATE_COMMIT_MS: readonly [Milliseconds, Milliseconds] = [100, 500];
/** An intent lasts for `intentLease` and a quarter of it. */
const LONGEST_INTENT_MS = 1.25 * INTENT_LEASE_MS;

/**
 * Writers are killed by a hook in their own method, when the database has their commit and Redis has no
 * eviction yet. In some cases the commit takes effect only after the writer's death, as one that is still on
 * the wire. Meanwhile others read the same keys, clear the cache, and put what they read before the write
 * began.
 *
 * @param around - whether the writes have `aroundInvocation`. Without it, stale values are not the cache's
 *   fault, but must be seen: they show that the fault was done.
 */
const abandonedWrites = (name: string, around: boolean): FaultKind<never> => ({
  name,
  ...(around ? {} : { isPromised: false }),
  async harm(context) {
    const { arena } = context;
    const judged = (arena.abandoned = { deaths: 0, writes: 0, stale: 0 });
    // A clear by the way would repair what is to be seen.
    const load = { ...context.load, besides: KEYS, clears: false };
    await arena.each((worker) => worker.ask('stopWriting', undefined));
    await arena.load(load);
    do {
      const round = new Round(context, load, around);
      const figures = await round.run();
      for (const figure of ['deaths', 'writes', 'stale'] as const) judged[figure] += figures[figure];
    } while (!context.isOver() || judged.writes === 0);
  },
});

/** To whatever deployment, without the protection and with it. */
export const ABANDONED_WRITES: readonly FaultKind<never>[] = [
  abandonedWrites('writer killed between commit and eviction', false),
  abandonedWrites('writer killed between commit and eviction, aroundInvocation', true),
];

/** Some deaths, and then a look at what they left. */
class Round {
  readonly #context: FaultContext;
  readonly #arena: Arena;
  readonly #around: boolean;
  /** Those that are not being replaced. */
  readonly #up: Set<Place>;
  readonly #load: Load;
  readonly #replacements: Promise<void>[] = [];
  #deaths = 0;
  readonly #written = new Set<number>();
  /** Clears and puts that are in doubt: they come later, and may repair what is to be seen. */
  #refused = 0;
  /** The machine was so slow that an intent may have ended before the commit. */
  #isLate = false;

  /** @param load - of those that take the places of the dead. */
  constructor(context: FaultContext, load: Load, around: boolean) {
    this.#context = context;
    this.#arena = context.arena;
    this.#around = around;
    this.#up = new Set(context.arena.places);
    this.#load = load;
  }

  async run(): Promise<AbandonedWrites> {
    const [first, second] = this.#arena.places as [Place, Place];
    await this.#die(first);
    await this.#die(second, true);
    const lastDeathAt = monotonicNow();
    await Promise.all(this.#replacements);
    await waitFor(() => monotonicNow() > lastDeathAt + LONGEST_INTENT_MS, { what: 'the intents to end', everyMs: 10 });
    return this.#judge();
  }

  /** @param isLast - surely with a clear. What is stale after that clear stays so until it is judged. */
  async #die(place: Place, isLast = false): Promise<void> {
    const { arena, random } = this.#context;
    this.#up.delete(place);
    const keys = random.shuffled(KEYS).slice(0, KEYS_PER_DEATH);
    const old = await this.#anyOther().ask('lookUp', keys);
    const begunAt = monotonicNow();
    await place.worker.ask('beginWrites', { keys, around: this.#around });
    await this.#meddle(keys, old, isLast);
    const isLate = random.next() < 0.5;
    await place.worker.killItself({ commits: !isLate });
    if (isLate) {
      await pause(random.between(...LATE_COMMIT_MS));
      await this.#meddle(keys, old);
      for (const key of keys) await arena.options.database.cli('INCR', `book:${key}`);
    }
    await this.#put(keys, old);
    if (monotonicNow() > begunAt + INTENT_LEASE_MS) this.#isLate = true;
    for (const key of keys) this.#written.add(key);
    this.#deaths += 1;
    this.#replacements.push(this.#replace(place));
  }

  async #replace(place: Place): Promise<void> {
    await this.#arena.replace(place);
    await this.#arena.loadOne(place, this.#load);
    this.#up.add(place);
  }

  /** Others clear and put, then all of them read: each has the old value now, if it can be stored. */
  async #meddle(keys: readonly number[], old: readonly Book[], clears = false): Promise<void> {
    const { random } = this.#context;
    const clear = async (): Promise<void> => void (this.#refused += await this.#anyOther().ask('clear', undefined));
    const put = (): Promise<void> => this.#put(keys, old);
    const other = async (): Promise<void> => void (await this.#anyOther().ask('putBurst', 20));
    const steps = random.shuffled([clear, put, other]).filter((step) => random.next() < 0.6 || (clears && step === clear));
    for (const step of steps) await step();
    await Promise.all([...this.#up].map(({ worker }) => worker.ask('readKeys', keys)));
  }

  /** Puts a half of what was read. The others are left alone, for a put is an eviction as well. */
  async #put(keys: readonly number[], old: readonly Book[]): Promise<void> {
    const entries = keys.slice(0, KEYS_PER_DEATH / 2).map((key, i) => ({ key, book: old[i] as Book }));
    this.#refused += await this.#anyOther().ask('putAll', entries);
  }

  /** One that lives on. */
  #anyOther(): WorkerHandle {
    return this.#context.random.pick([...this.#up]).worker;
  }

  async #judge(): Promise<AbandonedWrites> {
    if (this.#isLate || this.#refused > 0) return { deaths: this.#deaths, writes: 0, stale: 0 }; // Of these nothing can be said.
    const keys = [...this.#written];
    const { database, boundMs } = this.#arena.options;
    const all = (what: 'book' | 'loads'): Promise<number[]> =>
      Promise.all(KEYS.map(async (key) => Number(await database.cli('GET', `${what}:${key}`))));
    const readAll = (): Promise<number[][]> =>
      Promise.all(this.#arena.places.map(async ({ worker }) => [...(await worker.ask('readKeys', KEYS))]));
    // Otherwise it would be no wonder that nothing is stale.
    await waitFor(
      async () => {
        const before = await all('loads');
        await readAll();
        return (await all('loads')).every((count, i) => count === before[i]);
      },
      // A fill lease whose grant was answered too late keeps its key uncached for `fillLease` (30 s).
      { what: 'all keys to be cached again', everyMs: 20, timeoutMs: 60_000 },
    );
    const newest = await all('book');
    const staleNow = async (): Promise<number[]> => {
      const seen = await readAll();
      return keys.filter((key) => seen.some((versions) => (versions[KEYS.indexOf(key)] ?? 0) < (newest[KEYS.indexOf(key)] ?? 0)));
    };
    let stale = await staleNow();
    if (stale.length > 0) {
      const seenAt = monotonicNow();
      await waitFor(() => monotonicNow() > seenAt + boundMs, { what: 'a bound to pass', everyMs: 10 });
      const still = await staleNow();
      stale = stale.filter((key) => still.includes(key));
    }
    return { deaths: this.#deaths, writes: keys.length, stale: stale.length };
  }
}
