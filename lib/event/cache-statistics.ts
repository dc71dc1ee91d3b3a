import type { Milliseconds } from '../time/index.js';
import { type Histogram, HistogramCounter, LAG_BOUNDS_MS, LOAD_BOUNDS_MS } from './histogram.js';
import { LagWindow } from './lag-window.js';
import type { TimingObservers } from './timing-observers.js';

/**
 * Why an entry left the local tier (the idea and most names are Caffeine's `RemovalCause`).
 *
 * `explicit`: this instance evicted it. `replaced`: a newer value took its place. `expired`: its life ended.
 * `size`: the cache was full. `remote`: another instance evicted it. `coherence`: this instance could no
 * longer prove that it was up to date.
 */
export type RemovalCause = 'explicit' | 'replaced' | 'expired' | 'size' | 'remote' | 'coherence';

/** A snapshot of one cache's counters in one instance. It does not change later. */
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
  /** Reads that waited as long as `loadTimeout` allows. */
  readonly loadTimeouts: number;
  /** Reads answered with a value whose life had ended, because the method failed or was slow. */
  readonly servedStale: number;
  /** Loads in the background of values that were still served. */
  readonly refreshes: number;
  /** Those of them that ended in an error. */
  readonly refreshFailures: number;
  /** Time spent in loads, in milliseconds. */
  readonly loadTimeMs: Milliseconds;
  /** How long the loads took that have ended, by range. */
  readonly loadTimes: Histogram;
  /** Values written by `put` or `putIfAbsent`. */
  readonly puts: number;
  /** Values that loads stored in the remote tier. */
  readonly fills: number;
  /** Loaded values that were refused because an eviction (or another load) came between. */
  readonly refusedFills: number;
  /** Loaded or put values that were not stored because their key was being written (`aroundInvocation`). */
  readonly withheld: number;
  /** Keys this instance evicted itself. */
  readonly evictions: number;
  /** Times this instance cleared the cache. */
  readonly clears: number;
  /** Tags this instance evicted itself. */
  readonly tagEvictions: number;
  /**
   * Entries of the remote tier that were not served, because a tag of them was evicted since they were
   * loaded.
   */
  readonly overtaken: number;
  /** Steps that asked the remote tier when tags were evicted last, because this instance did not know. */
  readonly tagReads: number;
  /** Local entries dropped because this instance evicted or cleared them. */
  readonly explicitRemovals: number;
  /** Local entries replaced by a newer value. */
  readonly replacements: number;
  /** Local entries dropped because another instance evicted, replaced or cleared them. */
  readonly remoteRemovals: number;
  /** Local entries dropped because this instance could no longer prove that they were up to date. */
  readonly coherenceRemovals: number;
  /** Local entries dropped because the cache was full. */
  readonly sizeRemovals: number;
  /** Local entries dropped because their life ended. */
  readonly expirations: number;
  /** Messages of evictions and clears that were applied, those of this instance included. */
  readonly messagesApplied: number;
  /**
   * How long after its execution on the server the newest message was applied, by the estimated clock of the
   * server. `undefined` while no message has told it (older senders do not).
   */
  readonly lastLagMs: Milliseconds | undefined;
  /** 99 of 100 messages were applied within this time. Counts the newest 1024 whose lag is known. */
  readonly p99LagMs: Milliseconds | undefined;
  /** The lags of all messages whose lag is known, by range. */
  readonly lags: Histogram;
  /** How often the numbers of messages showed that some were missed. */
  readonly gaps: number;
  /**
   * How often entries of the local tier were dropped because messages may have been missed: after a gap,
   * while the topic was not subscribed, or on another server.
   */
  readonly repairs: number;
  /**
   * How long the local tier could not be served, in milliseconds, since the cache was served for the first
   * time or since the last reset. The start, before the first lease, does not count.
   */
  readonly bypassTimeMs: Milliseconds;
  /** Reads that could not use the local tier because the read lease had lapsed. */
  readonly bypassed: number;
  /** Remote steps that failed or were late, and entries of the remote tier that could not be decoded. */
  readonly remoteFailures: number;
  /** Entries in the local tier now. */
  readonly localSize: number;
  /**
   * What their values take together when encoded as for the remote tier, in bytes. An estimate: the size of
   * a value that was stored in the remote tier, or read from it, is known; of the others some are looked at.
   * Keys do not count. In the heap, values take a few times as much.
   */
  readonly localBytes: number;
  /** Evicted keys that wait for Redis' acknowledgement now and are being retried. A clear counts as one. */
  readonly pendingEvictions: number;
  /**
   * Keys that are withheld from all instances now, because this one is writing them (`aroundInvocation`). A
   * write of the whole cache counts as one.
   */
  readonly withheldKeys: number;
  /**
   * The breaker on the connection to the remote tier now. `open`: its steps are refused
   * because too many have failed.
   */
  readonly breaker: 'closed' | 'open';
}

/** The part of a snapshot that is not counted: the state at that moment. */
export interface MomentaryState {
  readonly localSize: number;
  /** Default: `0`. */
  readonly localBytes?: number | undefined;
  /** Default: `0`. */
  readonly bypassTimeMs?: Milliseconds | undefined;
  /** Default: `0`. */
  readonly pendingEvictions?: number | undefined;
  /** Default: `0`. */
  readonly withheldKeys?: number | undefined;
  /** Default: `'closed'`. */
  readonly breaker?: 'closed' | 'open' | undefined;
}

/** Whom {@link CacheCounters} tell of times, and as times of which cache. */
export interface CountersOptions {
  readonly cache: string;
  readonly timings: TimingObservers;
}

/**
 * The live counters behind {@link CacheStatistics}. They are plain numbers, so that
 * counting costs one increment.
 */
export class CacheCounters {
  localHits = 0;
  remoteHits = 0;
  misses = 0;
  joined = 0;
  loads = 0;
  loadFailures = 0;
  loadTimeouts = 0;
  servedStale = 0;
  refreshes = 0;
  refreshFailures = 0;
  loadTimeMs: Milliseconds = 0;
  puts = 0;
  fills = 0;
  refusedFills = 0;
  withheld = 0;
  evictions = 0;
  clears = 0;
  tagEvictions = 0;
  overtaken = 0;
  tagReads = 0;
  explicitRemovals = 0;
  replacements = 0;
  remoteRemovals = 0;
  coherenceRemovals = 0;
  sizeRemovals = 0;
  expirations = 0;
  messagesApplied = 0;
  gaps = 0;
  repairs = 0;
  bypassed = 0;
  remoteFailures = 0;
  readonly #newestLags = new LagWindow();
  readonly #lags = new HistogramCounter(LAG_BOUNDS_MS);
  readonly #loadTimes = new HistogramCounter(LOAD_BOUNDS_MS);
  readonly #tell: CountersOptions | undefined;

  /** @param tell - who else is told of times. Default: nobody. */
  constructor(tell?: CountersOptions) {
    this.#tell = tell;
  }

  /** A message was applied, this long after the server executed it. `undefined`: unknown. */
  applied(lagMs: Milliseconds | undefined): void {
    this.messagesApplied += 1;
    if (lagMs === undefined) return;
    this.#newestLags.add(lagMs);
    this.#lags.add(lagMs);
    this.#tell?.timings.applied(this.#tell.cache, lagMs);
  }

  /** A load has ended, well or not. */
  loaded(tookMs: Milliseconds): void {
    this.loadTimeMs += tookMs;
    this.#loadTimes.add(tookMs);
    this.#tell?.timings.loaded(this.#tell.cache, tookMs);
  }

  /** A frozen copy, together with the present state. */
  snapshot(state: MomentaryState): CacheStatistics {
    const { localSize, localBytes = 0, bypassTimeMs = 0, pendingEvictions = 0, withheldKeys = 0, breaker = 'closed' } = state;
    const lags = { lastLagMs: this.#newestLags.last, p99LagMs: this.#newestLags.quantile(0.99), lags: this.#lags.snapshot() };
    const momentary = { bypassTimeMs, localSize, localBytes, pendingEvictions, withheldKeys, breaker };
    return Object.freeze({ ...this, ...lags, loadTimes: this.#loadTimes.snapshot(), ...momentary });
  }

  /** Sets every counter to zero, and forgets the lags and the times of loads. */
  reset(): void {
    Object.assign(this, new CacheCounters());
    this.#newestLags.clear();
    this.#lags.clear();
    this.#loadTimes.clear();
  }
}
