import type { RedisOptions } from 'ioredis';
import type { CacheStatistics } from '../../lib/index.js';
import type { Milliseconds } from '../../lib/time/index.js';
import type { Book } from './book-repository.js';
import type { DatabaseTrouble } from './database-trouble.js';
import type { ClusterNodes } from './deployment.js';
import type { EvictionRecord, FailedRead, ReadRecord } from './oracle.js';

/** Of the workers' caches. */
export const NAMESPACE = 'faults';

/** What the service's own method takes at the most, besides asking its database. */
export const LONGEST_METHOD_MS: Milliseconds = 40;

/** The workers' `intentLease`: short, because the runs wait for its end. */
export const INTENT_LEASE_MS: Milliseconds = 1_000;

/** What a worker may serve although it is not fresh, and how long it waits. Fit for JSON. */
export interface WorkerFreshness {
  readonly staleIfError?: { readonly for: Milliseconds; readonly retryAfter: Milliseconds } | undefined;
  readonly loadTimeout?: Milliseconds | undefined;
}

/**
 * What may be wrong with a worker's cache:
 * - `deafToTags`: evictions by tag do nothing.
 * - `keepsSeveral`: what was read in a call of several keys is returned by such calls for ever.
 */
export type Flaw = 'deafToTags' | 'keepsSeveral';

/** How a worker is made; given to it on the command line as JSON. */
export interface WorkerSettings {
  readonly instance: string;
  /** Its `instanceId`: several may have the same. */
  readonly name: string;
  readonly redis: RedisOptions | ClusterNodes;
  readonly databasePort: number;
  readonly boundMs: Milliseconds;
  readonly seed: number;
  /** How many keys there are; the first {@link hotKeys} of them get nine of ten reads and evictions. */
  readonly keys: number;
  readonly hotKeys: number;
  /** The last so many keys are not evicted but put, each by one worker only. */
  readonly putKeys: number;
  /** Those that are this worker's to put. */
  readonly ownPutKeys: readonly number[];
  /** The life of an entry. */
  readonly lifeMs: Milliseconds;
  /** Default: none of it. */
  readonly freshness?: WorkerFreshness | undefined;
  /** By how much its wall clock is ahead of the others'. */
  readonly clockOffByMs: Milliseconds;
  /** `false`: Redis may be absent at start. */
  readonly failFast: boolean;
  /** What the oracle must find. Default: nothing is wrong. */
  readonly flaw?: Flaw | undefined;
}

/** What a worker's load looks like. */
export interface Load {
  readonly readsPerSecond: number;
  /** 0 for a worker that only reads. */
  readonly writesPerSecond: number;
  /** Whether writes wait for everybody: never, each time, or every fourth time. */
  readonly acks: 'none' | 'all' | 'some';
  /** `false`: no write empties the cache. Default: one of 25 does. */
  readonly clears?: boolean | undefined;
  /** Keys that get one of five reads. Default: none. */
  readonly besides?: readonly number[] | undefined;
}

/** What a worker knows of itself. */
export interface WorkerState {
  /** Whether its links and caches are all up, and nothing is pending. */
  readonly isUp: boolean;
  /** Whether its local tier is served now. */
  readonly isServing: boolean;
  /** Calls under way. */
  readonly underWay: number;
  /** The longest time the process stood still. */
  readonly longestPauseMs: Milliseconds;
  readonly statistics: CacheStatistics;
}

/** What can be asked of a worker, by verb: the argument, and the answer. */
export interface Verbs {
  /** Starts the load. */
  load: { argument: Load; answer: undefined };
  /** Ends the writes, and resolves once every one under way is settled. */
  stopWriting: { argument: undefined; answer: undefined };
  /** Ends the reads as well. */
  stopReading: { argument: undefined; answer: undefined };
  /** Blocks the event loop for so long. */
  block: { argument: Milliseconds; answer: undefined };
  /** Puts so many values at once, of keys that nobody reads. Answers how many were refused. */
  putBurst: { argument: number; answer: number };
  /**
   * Evicts so many keys in one call, and as many by calls of their own, every second one by tag. Nobody reads
   * any of them. Answers how many calls were refused.
   */
  evictionBurst: { argument: number; answer: number };
  /** Blocks the event loop for so long with evictions under way, half of them by tag. Answers how many were refused. */
  blockWhileEvicting: { argument: Milliseconds; answer: number };
  /** From now on the database is in trouble. `undefined`: it is well again. */
  trouble: { argument: DatabaseTrouble | undefined; answer: undefined };
  /**
   * Reads every key by itself, and all in one call, again if the database fails. Answers the older of the two
   * versions of each.
   */
  readAll: { argument: undefined; answer: readonly number[] };
  /** Reads these keys, each by itself or all in one call, and answers their versions. */
  readKeys: { argument: readonly number[]; answer: readonly number[] };
  /** The same, and answers what it read. */
  lookUp: { argument: readonly number[]; answer: readonly Book[] };
  /** Answers how many puts were refused. */
  putAll: { argument: readonly { readonly key: number; readonly book: Book }[]; answer: number };
  /** Answers whether it was refused: 0 or 1. */
  clear: { argument: undefined; answer: number };
  /** Begins to write these keys. Resolves when each method has begun; they go on at {@link killItself}. */
  beginWrites: { argument: { readonly keys: readonly number[]; readonly around: boolean }; answer: undefined };
  /**
   * Ends its process, with the methods of {@link beginWrites} under way. If it `commits`, the database has all
   * of their commits then.
   */
  killItself: { argument: { readonly commits: boolean }; answer: never };
  /** So many callers at once read one key, every second one with all others. Answers the versions they saw. */
  crowd: { argument: { readonly key: number; readonly callers: number }; answer: readonly number[] };
  state: { argument: undefined; answer: WorkerState };
  /** Begins so many updates, unbinds the container with them under way, and lets every call end. Answers how many updates were refused. */
  unbind: { argument: number; answer: number };
  /** Calls so many updates once the container is unbound. Answers how many were refused, which must be all. */
  updateUnbound: { argument: number; answer: number };
  /** Closes the container. */
  close: { argument: undefined; answer: undefined };
}

export type Verb = keyof Verbs;

export interface Request {
  readonly id: number;
  readonly verb: Verb;
  readonly argument: unknown;
}

/** What a worker says, asked and unasked. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer?: unknown; readonly error?: string }
  | { readonly kind: 'reads'; readonly records: readonly ReadRecord[] }
  | { readonly kind: 'failedReads'; readonly records: readonly FailedRead[] }
  | { readonly kind: 'eviction'; readonly record: EvictionRecord }
  | { readonly kind: 'recovered'; readonly at: Milliseconds }
  /** Something that must not happen: a read that failed, an unhandled rejection, a foreign error. */
  | { readonly kind: 'failure'; readonly what: string };
