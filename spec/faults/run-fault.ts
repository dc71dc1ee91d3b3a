import type { Milliseconds } from '../../lib/time/index.js';
import type { RedisServer } from '../support/redis-server.js';
import type { AbandonedWrites } from './abandoned-writes.js';
import { Arena, LONG_LIFE_MS } from './arena.js';
import { type DatabaseTrouble, longestTroubleMs } from './database-trouble.js';
import type { Deployment, DeploymentKind } from './deployment.js';
import { deadline, type FaultKind } from './fault-kind.js';
import type { Verdict } from './oracle.js';
import { Random } from '../support/random.js';
import { StallWatch } from './stall-watch.js';
import { waitFor } from '../support/wait.js';
import { type Load, LONGEST_METHOD_MS, type WorkerFreshness } from './worker-protocol.js';

/** How one kind of fault is tried. */
export interface FaultRunOptions {
  readonly boundMs: Milliseconds;
  readonly seed: number;
  /** How long harm is done. */
  readonly harmMs: Milliseconds;
  readonly database: RedisServer;
}

/** What came of it. */
export interface FaultFigures extends Verdict {
  readonly deployment: string;
  readonly kind: string;
  readonly boundMs: Milliseconds;
  /** The life of an entry. */
  readonly lifeMs: Milliseconds;
  /** Keys of which an eviction was acknowledged. */
  readonly permanentlyStale: number;
  /** Writes whose writers were killed. `undefined`: none were. */
  readonly abandoned: AbandonedWrites | undefined;
  /**
   * Whether {@link abandoned} writes must leave nothing stale, and {@link trouble} must fail no read of what is
   * known.
   */
  readonly isPromised: boolean;
  /** What the database suffered from. `undefined`: nothing. */
  readonly trouble: DatabaseTrouble | undefined;
  /**
   * What might be served after its life, and how long a read might wait. `undefined`: nothing, and as long as it
   * took.
   */
  readonly freshness: WorkerFreshness | undefined;
  /** Reads that were answered with what was served after its life. */
  readonly servedStale: number;
  /** Steps to Redis that failed. */
  readonly remoteFailures: number;
  /** The share of reads that the local tier answered, and that it could not answer for want of a read lease. */
  readonly localShare: number;
  readonly bypassedShare: number;
  /** Of the reads that the local tier did not answer, the share that Redis did; of the worker that found the least there. */
  readonly leastRemoteShare: number;
  /** The longest time a worker, or the process with the proxies, stood still. */
  readonly longestPauseMs: Milliseconds;
  /** Crashes, failed reads, unhandled rejections, in words. */
  readonly failures: readonly string[];
}

const WORKERS = 3;
const WRITERS = 2;
const KEYS = 40;
const HOT_KEYS = 8;
const PUT_KEYS = 4;
const READS_PER_SECOND = 1_500;
const WRITES_PER_SECOND = 40;
/** A run has so many, however short it is. */
const LEAST_EVICTIONS = 8;

/** The library's default: what a call may wait for the remote tier altogether. */
const DEADLINE_MS = 1_000;
/** The method's own time, and what a machine with more processes than processors may add to it. */
const METHOD_MS = LONGEST_METHOD_MS + 60;
/** What a worker finds in Redis of what it does not hold itself, at the least; where nothing is wrong it is about a half. */
const LEAST_REMOTE_SHARE = 0.2;
/** The most that a call may last longer because the machine gave a process no time. */
const LATEST_TIMER_MS = 250;
/** By how much the waiting for acknowledgements may exceed the bound, for the sake of clocks that are stepped. */
const ACKS_MARGIN = 1.1;

/** What of the workers' statistics is added up. */
type Summed = 'localHits' | 'bypassed' | 'joined' | 'remoteHits' | 'misses' | 'servedStale' | 'remoteFailures';

/** Lets several processes read and write under one of the faults of `where`, then looks at what they saw. */
export async function runFault(where: DeploymentKind, kind: FaultKind, options: FaultRunOptions): Promise<FaultFigures> {
  const deployment = await (kind.startAbsent?.(WORKERS) ?? where.start(WORKERS));
  try {
    return { ...(await runOn(deployment, kind, options)), deployment: where.name };
  } finally {
    await deployment.stop();
  }
}

async function runOn(
  deployment: Deployment,
  kind: FaultKind,
  { boundMs, seed, harmMs, database }: FaultRunOptions,
): Promise<Omit<FaultFigures, 'deployment'>> {
  const random = new Random(seed);
  const stalls = new StallWatch();
  const arena = await Arena.open({
    deployment,
    boundMs,
    random: random.fork(),
    workers: WORKERS,
    keys: KEYS,
    hotKeys: HOT_KEYS,
    putKeys: PUT_KEYS,
    writers: WRITERS,
    database,
    failFast: kind.startAbsent === undefined,
    sharedName: kind.sharedName,
    boundOf: kind.boundOf,
    lifeMs: kind.lifeMs,
    freshness: kind.freshness,
    clocksOffByMs: kind.clocksOffByMs,
    flaw: kind.flaw,
  });
  try {
    const load: Load = { readsPerSecond: READS_PER_SECOND, writesPerSecond: WRITES_PER_SECOND, acks: kind.acks ?? 'some', ...kind.load };
    await arena.load(load);
    await kind.harm({ arena, deployment, boundMs, random: random.fork(), load, isOver: deadline(harmMs) });
    // On a busy machine little is written in that time. If it is too little, the figures say so.
    const wasUsed = { what: 'some evictions', everyMs: 20, timeoutMs: 20_000 };
    await waitFor(() => arena.oracle.evictions >= LEAST_EVICTIONS, wasUsed).catch(() => undefined);
    await arena.settle().catch((error: Error) => arena.failures.push(error.message)); // The reads have their verdict all the same.
    const permanentlyStale = await arena.permanentlyStale();
    const states = await arena.stopReading();
    const statistics = states.map((state) => state.statistics);
    const sum = (figure: Summed): number => statistics.reduce((n, each) => n + each[figure], 0);
    const reads = sum('localHits') + sum('joined') + sum('remoteHits') + sum('misses');
    await arena.close();
    return {
      ...arena.oracle.verdict(),
      kind: kind.name,
      boundMs,
      lifeMs: kind.lifeMs ?? LONG_LIFE_MS,
      permanentlyStale: permanentlyStale.length,
      abandoned: arena.abandoned,
      isPromised: kind.isPromised ?? true,
      trouble: kind.trouble,
      freshness: kind.freshness,
      servedStale: sum('servedStale'),
      remoteFailures: sum('remoteFailures'),
      localShare: sum('localHits') / reads,
      bypassedShare: sum('bypassed') / reads,
      leastRemoteShare: Math.min(...statistics.map(({ remoteHits, misses }) => remoteHits / (remoteHits + misses))),
      longestPauseMs: Math.max(stalls.longestMs, ...states.map((state) => state.longestPauseMs)),
      failures: arena.failures,
    };
  } catch (error) {
    if (arena.failures.length > 0) throw new Error(`${kind.name}: ${arena.failures.join('\n')}`, { cause: error });
    throw error;
  } finally {
    stalls.stop();
    await arena.close();
  }
}

/**
 * Whether the run says nothing of how long calls take, or whether they are refused: a process stood still for the deadline of a call, or for its `loadTimeout`. What was
 * read is judged all the same: no stale read is excused.
 */
export function isInterrupted(figures: FaultFigures): boolean {
  const { boundMs, worstStalenessMs, permanentlyStale, ownStaleReads, ackedStaleReads, unacknowledged, abandoned, isPromised } = figures;
  const stale = permanentlyStale + (isPromised ? (abandoned?.stale ?? 0) : 0);
  const isSafe = worstStalenessMs <= boundMs && stale + ownStaleReads + ackedStaleReads + unacknowledged === 0;
  const { loadTimeout = DEADLINE_MS } = figures.freshness ?? {};
  return isSafe && figures.longestPauseMs >= Math.min(DEADLINE_MS, loadTimeout);
}

/** What of the contract `figures` break, in words; none if they keep it. */
export function breaches(figures: FaultFigures): string[] {
  const { boundMs, abandoned, isPromised, trouble, freshness } = figures;
  const found: string[] = [];
  const atMost = (what: string, value: number, limit: number): void => {
    if (!(value <= limit)) found.push(`${what}: ${value.toFixed(1)}, at most ${limit} allowed`);
  };
  atMost('worst staleness in ms', figures.worstStalenessMs, boundMs);
  atMost('permanently stale keys', figures.permanentlyStale, 0);
  if (isPromised) atMost('abandoned writes that left something stale', abandoned?.stale ?? 0, 0);
  else if (abandoned?.stale === 0) found.push('no abandoned write left anything stale, so the fault was not done');
  atMost('reads older than an own eviction', figures.ownStaleReads, 0);
  atMost("reads older than an eviction with acks: 'all'", figures.ackedStaleReads, 0);
  atMost('evictions lost in silence', figures.unacknowledged, 0);
  // Timers are late in a process that stood still, and that is the machine's doing.
  const callMs = DEADLINE_MS + METHOD_MS + Math.min(figures.longestPauseMs, LATEST_TIMER_MS);
  const troubleMs = trouble === undefined ? 0 : longestTroubleMs(trouble);
  const { staleIfError, loadTimeout } = freshness ?? {};
  // A value is stored within a call after the method has begun, and its life begins then.
  const ageMs = figures.lifeMs + (staleIfError?.for ?? 0) + DEADLINE_MS + METHOD_MS + troubleMs;
  atMost('greatest age of what was read in ms', figures.greatestAgeMs, ageMs);
  // Whoever joined a load that an eviction of a tag has overtaken waits for another one.
  atMost('longest read in ms', figures.longestReadMs, callMs + (loadTimeout ?? 2 * troubleMs));
  atMost('longest eviction in ms', figures.longestEvictionMs, callMs);
  atMost('longest acknowledged eviction in ms', figures.longestAckedMs, callMs + ACKS_MARGIN * boundMs);
  if (figures.reads === 0 || figures.evictions === 0) found.push('nothing was read, or nothing evicted');
  else if (figures.readsOfSeveral === 0) found.push('no call has read several keys');
  // Of few evictions all may be by key; of so many they are not.
  else if (figures.tagEvictions === 0 && figures.evictions >= 40) found.push('nothing was evicted by tag');
  if (figures.kind.startsWith('none')) {
    atMost('evictions in doubt without a fault', figures.inDoubt, 0);
    // A machine that gives a process no time for most of a bound is a fault too.
    if (figures.longestPauseMs < boundMs / 2)
      atMost('share of reads that bypassed the local tier without a fault', figures.bypassedShare, 0);
  }
  if (figures.kind === 'none, all acknowledged') atMost('stale reads', figures.staleReads, 0);
  if (trouble === undefined && figures.lifeMs < LONG_LIFE_MS)
    atMost('share of reads that Redis did not answer', 1 - figures.leastRemoteShare, 1 - LEAST_REMOTE_SHARE);
  return [...found, ...readBreaches(figures), ...figures.failures];
}

/** The {@link breaches} of what is promised to a read whose method fails or takes long; or signs that it did neither. */
function readBreaches(figures: FaultFigures): string[] {
  const { trouble, isPromised, failedReads, knownFailures, servedStale, remoteFailures, longestElapsedMs } = figures;
  if (trouble === undefined) return failedReads === 0 ? [] : [`${failedReads} reads failed`];
  const found: string[] = [];
  if (isPromised) {
    // If even Redis does not answer, which nobody has harmed, there is nothing to serve.
    if (knownFailures > 0 && remoteFailures === 0) found.push(`${knownFailures} reads failed although their value was stored`);
    if (servedStale === 0) found.push('nothing was served after its life, so the fault was not done');
  } else if (trouble.failingShare > 0) {
    if (knownFailures === 0) found.push('no read failed, so the fault was not done');
  } else if (longestElapsedMs < trouble.takesMs) found.push('no read took long, so the fault was not done');
  return found;
}
