import type { Milliseconds } from '../time/index.js';

/** A snapshot of one cache's counters in one instance. It does not change after it was taken. */
export interface CacheStatistics {
  /** Reads answered from the local tier. */
  readonly localHits: number;
  /** Reads answered from the remote tier. */
  readonly remoteHits: number;
  /** Reads that neither tier could answer. */
  readonly misses: number;
  /** Reads that joined a load already running in this instance. */
  readonly joined: number;
  /** Times the method (or loader) was run to answer a read. */
  readonly loads: number;
  /** Loads that ended in an error. */
  readonly loadFailures: number;
  /** Time spent in loads, in milliseconds. */
  readonly loadTimeMs: Milliseconds;
  /** Values written by `put` or `putIfAbsent`. */
  readonly puts: number;
  /** Values that loads stored in the remote tier. */
  readonly fills: number;
  /** Loaded values that were refused, because an eviction (or another load) came between. */
  readonly refusedFills: number;
  /** Keys this instance evicted itself. */
  readonly evictions: number;
  /** Times this instance cleared the cache. */
  readonly clears: number;
  /** Eviction messages applied to the local tier, its own included. */
  readonly messagesApplied: number;
  /** Local entries dropped because of messages. */
  readonly remoteRemovals: number;
  /** Local entries dropped for want of room. */
  readonly sizeRemovals: number;
  /** Local entries dropped because their life ended. */
  readonly expirations: number;
  /** Times the local tier was emptied because a message may have been missed. */
  readonly gaps: number;
  /** Reads that could not use the local tier because the read lease had lapsed. */
  readonly bypassed: number;
  /** Remote steps that failed or were late. */
  readonly remoteFailures: number;
  /** Entries in the local tier now. */
  readonly localSize: number;
}

/** The live counters behind {@link CacheStatistics}: plain numbers, so that counting costs one increment. */
export class CacheCounters {
  localHits = 0;
  remoteHits = 0;
  misses = 0;
  joined = 0;
  loads = 0;
  loadFailures = 0;
  loadTimeMs: Milliseconds = 0;
  puts = 0;
  fills = 0;
  refusedFills = 0;
  evictions = 0;
  clears = 0;
  messagesApplied = 0;
  remoteRemovals = 0;
  sizeRemovals = 0;
  expirations = 0;
  gaps = 0;
  bypassed = 0;
  remoteFailures = 0;

  /** A frozen copy, with the size of the local tier beside it. */
  snapshot(localSize: number): CacheStatistics {
    return Object.freeze({ ...this, localSize });
  }

  /** Sets every counter to zero. */
  reset(): void {
    Object.assign(this, new CacheCounters());
  }
}
