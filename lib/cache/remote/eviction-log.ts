import type { Milliseconds } from '../../time/index.js';
import type { Eviction, Withheld } from '../eviction.js';
import type { TagNumbers } from '../tag/tag-clock.js';

/**
 * The answer to a request for the fill lease of an absent key. `E` is the form of an entry; raw unless stated
 * otherwise.
 */
export type FillLease<E = string> =
  /** Another instance has stored a value in the meantime. */
  | { readonly kind: 'present'; readonly entry: E }
  /** Another instance is loading this key. `old`: as below. */
  | { readonly kind: 'busy'; readonly old?: E | undefined }
  /** The key is being written: see {@link IntentChange}. Nothing may be stored, so nobody need wait. */
  | { readonly kind: 'withheld' }
  /**
   * The caller holds the lease and may load. The token is needed for {@link EvictionLog.fill}. It is valid
   * until an eviction of the key or a time limit ends it. `since`: the number of the last eviction then.
   * `old`: what is stored and does not count, if the request {@link LeaseRequest.wantsOld wants} it.
   */
  | { readonly kind: 'granted'; readonly token: string; readonly since: number; readonly old?: E | undefined };

/** A request for a fill lease. An entry whose life has ended does not count as present, and stays. */
export interface LeaseRequest {
  readonly key: string;
  /** What is stored cannot be used, and is dropped first. Default: `false`. */
  readonly drops?: boolean | undefined;
  /**
   * What is stored counts only if it was written less than this long ago; `0`: it does not count. It stays in
   * any case. Default: its age does not matter.
   */
  readonly youngerThanMs?: Milliseconds | undefined;
  /** Whether an entry whose life has ended is asked for as well. Default: `false`. */
  readonly wantsOld?: boolean | undefined;
  /**
   * Whether its caller waits for many others as well, so that they may travel in one step. Default: `false`.
   */
  readonly isOneOfMany?: boolean | undefined;
}

/** A value to store: its key, its raw form, and how long it is kept, which is longer than 0. */
export interface PutEntry {
  readonly key: string;
  readonly raw: string;
  readonly ttlMs: Milliseconds;
}

/** A fill lease that was granted. */
export interface HeldLease {
  readonly key: string;
  readonly token: string;
  /** See {@link LeaseRequest.isOneOfMany}. */
  readonly isOneOfMany?: boolean | undefined;
}

/** A value that was loaded, with the token of the fill lease that allows to store it. */
export interface FillEntry extends PutEntry {
  readonly token: string;
  /** See {@link LeaseRequest.isOneOfMany}. */
  readonly isOneOfMany?: boolean | undefined;
}

/**
 * What an eviction does to a *write intent*: the note of a writer that it is about to change what the key
 * stands for. While a key has one, no load and no put stores a value under it.
 */
export interface IntentChange {
  /** Names the intent. */
  readonly token: string;
  /** How long it holds from now on, unless it is renewed. `'end'`: not any longer. */
  readonly until: Milliseconds | 'end';
}

/** What became of a put. */
export interface PutReceipt {
  /**
   * Why the server did not store the values, for example because it is out of memory. `undefined`: all went
   * well.
   */
  readonly refusal?: string | undefined;
  /** How many keys nothing was stored under, because they are being written: see {@link IntentChange}. */
  readonly withheld: number;
}

/** The result of an executed eviction. */
export interface EvictionReceipt {
  /** How many of the keys the remote tier held. */
  readonly removed: number;
  /**
   * Settles once no instance serves the old values any more; `undefined` unless acknowledgements were asked
   * for. Never rejects.
   */
  readonly acknowledged: Promise<void> | undefined;
}

/**
 * The writing half of one cache's remote tier, with the fences that keep it coherent. This is the port
 * through which this room reaches the fleet. `eviction/` implements it twice: with scripts on Redis, and with
 * shared memory. Keys are encoded keys; raw values are made by the codec.
 *
 * Every write that replaces or removes data is atomic with its announcement: data and fill leases are
 * removed, the sequence number is increased, and the message is published. (See `docs/coherence.md`.)
 *
 * Some methods take `waitMs`: the longest time that the step may wait for its turn while other steps are
 * running. Default: as long as a call may wait.
 */
export interface EvictionLog {
  /** Asks for fill leases. Returns an answer for each request. */
  acquire(requests: readonly LeaseRequest[], waitMs?: Milliseconds): Promise<readonly FillLease[]>;
  /**
   * Stores loaded values. For each entry: `true` if it was stored, `false` if its token was no longer valid
   * and nothing was stored.
   */
  fill(entries: readonly FillEntry[], waitMs?: Milliseconds): Promise<readonly boolean[]>;
  /** Gives unused tokens back, so that other instances need not wait for them. */
  release(leases: readonly HeldLease[]): Promise<void>;
  /**
   * Stores values, replacing any old ones, and announces their keys as evicted. If the server does not store
   * them, the old values are removed and the eviction is announced nevertheless.
   */
  put(entries: readonly PutEntry[]): Promise<PutReceipt>;
  /**
   * Stores a value if there is none whose life has not ended, and the key is not being written. Otherwise
   * returns the raw form of the present value.
   */
  putIfAbsent(entry: PutEntry): Promise<string | undefined>;
  /**
   * Removes and announces. An eviction of everything takes constant time and counts nothing: `removed` is
   * `-1`. So does one of tags, which notes their numbers instead: see {@link readTags}. An `intent` of the
   * keys, or of everything, is set or ended in the same step.
   */
  evict(eviction: Eviction, acks: boolean, intent?: IntentChange): Promise<EvictionReceipt>;
  /**
   * Renews a write intent, and announces nothing. `false`: it had ended, and nothing was changed. An eviction
   * must set it again, because others may have stored old values since.
   */
  renewIntent(eviction: Withheld, intent: IntentChange): Promise<boolean>;
  /** Whether the key is being written: see {@link IntentChange}. */
  isWithheld(key: string): Promise<boolean>;
  /**
   * Reads raw values after checking that the generation is the current one. For reads without a valid read
   * lease.
   */
  readCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<(string | undefined)[]>;
  /** When these tags were evicted last, for a cache with tags. */
  readTags(tags: readonly string[], waitMs?: Milliseconds): Promise<TagNumbers>;
}
