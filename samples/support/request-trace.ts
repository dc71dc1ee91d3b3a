import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheStatistics } from '../../lib/index.js';
import { monotonicMs } from './monotonic-time.js';

/**
 * Where an answer came from: `L1`, this process; `L2`, Redis (or what stands in for it); `database`, the method ran for this request;
 * `joined`, the request shared what another one was already fetching; `stale`, an entry whose life had ended, since
 * the method failed.
 */
export type AnswerSource = 'L1' | 'L2' | 'database' | 'joined' | 'stale';

interface RequestTrace {
  readDatabase: boolean;
  /** What each query for several asked for. */
  readonly queries: (readonly string[])[];
  committedAtMs: number | undefined;
  readonly onCommit?: (() => void) | undefined;
}

// The repository finds the trace of the request it works for in here: the service between them need not pass it on.
const traces = new AsyncLocalStorage<RequestTrace>();

/** Called by the repository when it reads. Where an old value may answer for a failed query: when it has read. */
export function noteDatabaseRead(): void {
  const trace = traces.getStore();
  if (trace !== undefined) trace.readDatabase = true;
}

/** Called by the repository when it reads several by one query. */
export function noteQuery(asked: readonly string[]): void {
  traces.getStore()?.queries.push(asked);
}

/** Called by the repository when what it wrote is committed. */
export function noteCommit(): void {
  const trace = traces.getStore();
  if (trace === undefined) return;
  trace.committedAtMs = monotonicMs();
  trace.onCommit?.();
}

/**
 * Runs a cached read and tells where its answer came from.
 *
 * @param statistics - the counters of the cache the read uses, as they are now.
 */
export async function traceRead<T>(
  statistics: () => CacheStatistics,
  read: () => Promise<T>,
): Promise<{ readonly value: T; readonly source: AnswerSource }> {
  const trace = emptyTrace();
  const before = statistics();
  // A hit in L1 is counted before `read` returns its promise: no other request can count in between.
  const answer = traces.run(trace, read);
  const isLocal = statistics().localHits > before.localHits;
  const value = await answer;
  if (trace.readDatabase) return { value, source: 'database' };
  if (isLocal) return { value, source: 'L1' };
  if (statistics().servedStale > before.servedStale) return { value, source: 'stale' };
  return { value, source: statistics().remoteHits > before.remoteHits ? 'L2' : 'joined' };
}

/** Runs a cached read of several, and tells what each query asked the database for. */
export async function traceQueries<T>(
  read: () => Promise<T>,
): Promise<{ readonly value: T; readonly queries: readonly (readonly string[])[] }> {
  const trace = emptyTrace();
  return { value: await traces.run(trace, read), queries: trace.queries };
}

/**
 * Runs an update and tells when the database had committed it.
 *
 * @param onCommit - called right after the commit, before the service goes on.
 */
export async function traceUpdate<T>(
  update: () => Promise<T>,
  onCommit?: () => void,
): Promise<{ readonly value: T; readonly committedAtMs: number }> {
  const trace = emptyTrace(onCommit);
  const value = await traces.run(trace, update);
  return { value, committedAtMs: trace.committedAtMs ?? monotonicMs() };
}

const emptyTrace = (onCommit?: () => void): RequestTrace => ({ readDatabase: false, queries: [], committedAtMs: undefined, onCommit });
