import { setTimeout as pause } from 'node:timers/promises';
import type { Milliseconds } from '../../lib/time/index.js';
import type { Arena } from './arena.js';
import { type DatabaseTrouble, longestTroubleMs } from './database-trouble.js';
import { deadline, type FaultKind } from './fault-kind.js';
import type { WorkerFreshness } from './worker-protocol.js';

/** Lives end again and again during a run. */
const LIFE_MS: Milliseconds = 250;
/** Longer than any run. */
const STALE_FOR_MS: Milliseconds = 120_000;
/** Short, so that the method is tried often. */
const RETRY_MS: Milliseconds = 100;
const LOAD_TIMEOUT_MS: Milliseconds = 250;
/** More than a read with {@link LOAD_TIMEOUT_MS} may wait altogether. */
const SLOW_MS: Milliseconds = 5_000;
/** How long it goes on at the most until all of this is seen. */
const LONGEST_WAIT_MS: Milliseconds = 15_000;

/** Between the read and the failure there is time for evictions. */
const FAILING: DatabaseTrouble = { failingShare: 0.5, failsAfterMs: [50, 300], takesMs: 0 };
const SLOW: DatabaseTrouble = { failingShare: 0, failsAfterMs: [0, 0], takesMs: SLOW_MS };

const SERVES_STALE: WorkerFreshness = { staleIfError: { for: STALE_FOR_MS, retryAfter: RETRY_MS } };

/** Few enough for values to grow old, and for what a slow database answers to be stored. */
interface Writes {
  readonly writesPerSecond: number;
  /** So many evictions there are at the least while the database is in trouble. */
  readonly least: number;
}

const SOME_WRITES: Writes = { writesPerSecond: 8, least: 25 };
const FEW_WRITES: Writes = { writesPerSecond: 1.5, least: 8 };

/**
 * Every key is read once. Then the database is in trouble, while books are published and evicted. That lasts
 * until it was seen: by failures, by slow reads, or by what was served in spite of it.
 *
 * @param freshness - `undefined`: the reads are not protected. Then failures are not the cache's fault, but
 *   must be seen: they show that the fault was done.
 */
const databaseFault = (
  name: string,
  trouble: DatabaseTrouble,
  { writesPerSecond, least }: Writes,
  freshness?: WorkerFreshness,
): FaultKind<never> => ({
  name,
  trouble,
  load: { writesPerSecond, clears: false },
  freshness,
  lifeMs: LIFE_MS,
  ...(freshness === undefined ? { isPromised: false } : {}),
  async harm({ arena, isOver }) {
    const isSeen = freshness === undefined ? () => isSuffered(arena, trouble) : () => isServedStale(arena);
    await arena.each((worker) => worker.ask('readAll', undefined));
    await arena.each((worker) => worker.ask('trouble', trouble));
    const enough = arena.oracle.evictions + least;
    const isLongEnough = deadline(1.5 * longestTroubleMs(trouble)); // Whoever waits for it to the end must be seen.
    const isVain = deadline(LONGEST_WAIT_MS);
    while (!isOver() || !isLongEnough() || !(isVain() || (arena.oracle.evictions >= enough && (await isSeen())))) await pause(100);
    await arena.each((worker) => worker.ask('trouble', undefined));
  },
});

const isServedStale = async (arena: Arena): Promise<boolean> =>
  (await arena.states()).every(({ statistics: { servedStale } }) => servedStale > 0);

async function isSuffered({ oracle }: Arena, { failingShare, takesMs }: DatabaseTrouble): Promise<boolean> {
  const { knownFailures, longestElapsedMs } = oracle.verdict();
  return failingShare > 0 ? knownFailures > 0 : longestElapsedMs >= takesMs;
}

const slow = `database takes ${SLOW_MS / 1_000} s`;

/** To whatever deployment, without the protection and with it. */
export const DATABASE_FAULTS: readonly FaultKind<never>[] = [
  databaseFault('database fails half of the time', FAILING, SOME_WRITES),
  databaseFault('database fails half of the time, staleIfError', FAILING, SOME_WRITES, SERVES_STALE),
  databaseFault(slow, SLOW, FEW_WRITES),
  databaseFault(`${slow}, staleIfError, loadTimeout ${LOAD_TIMEOUT_MS} ms`, SLOW, FEW_WRITES, {
    ...SERVES_STALE,
    loadTimeout: LOAD_TIMEOUT_MS,
  }),
];
