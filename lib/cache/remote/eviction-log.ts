import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';

/** What comes of asking for the fill lease of an absent key. `E`: the form of an entry; raw unless stated otherwise. */
export type FillLease<E = string> =
  /** Another instance stored a value meanwhile. */
  | { readonly kind: 'present'; readonly entry: E }
  /** Another instance is loading this key. */
  | { readonly kind: 'busy' }
  /** Load it; the token is the right to {@link EvictionLog.fill}, until an eviction of the key or a time limit takes it away. */
  | { readonly kind: 'granted'; readonly token: string };

/** A value to be stored: its key and raw form, and how long it lives, which is longer than 0. */
export interface PutEntry {
  readonly key: string;
  readonly raw: string;
  readonly ttlMs: Milliseconds;
}

/** A value that was loaded, with the right to store it. */
export interface FillEntry extends PutEntry {
  readonly token: string;
}

/** What an executed eviction tells. */
export interface EvictionReceipt {
  /** How many of the keys the remote tier held. */
  readonly removed: number;
  /** Settles once no instance serves the old values; `undefined` unless acknowledgements were asked for. Never rejects. */
  readonly acknowledged: Promise<void> | undefined;
}

/**
 * The writing half of one cache's remote tier, with the fences that keep it coherent: the port through which this room reaches the
 * fleet. `eviction/` implements it with scripts on Redis and with shared memory. Keys are encoded keys; raw is what the codec made.
 *
 * `waitMs`, where it is taken, is how long the step may wait for its turn while others are under way. Default: as long as a call may.
 *
 * Every write that replaces or removes data is atomic with its announcement: data and fill leases go, the sequence number moves on, the
 * message is published. (See `docs/coherence.md`.)
 */
export interface EvictionLog {
  /** Asks for the fill leases of `keys`. With `replace`, what is there is unreadable: drop it first. */
  acquire(keys: readonly string[], replace: boolean, waitMs?: Milliseconds): Promise<readonly FillLease[]>;
  /** Stores a loaded value if the token still stands. `false`: it does not, nothing was stored. */
  fill(entries: readonly FillEntry[], waitMs?: Milliseconds): Promise<readonly boolean[]>;
  /** Gives a token back unused, so that others need not wait for it. */
  release(key: string, token: string): Promise<void>;
  /**
   * Stores values whatever is there, and announces their keys as evicted. Answers why the server would not store them (it is out of
   * memory, say), in which case the old ones are gone and announced all the same; `undefined` when all went well.
   */
  put(entries: readonly PutEntry[]): Promise<string | undefined>;
  /** Stores a value if there is none; else answers the raw form of what is there. */
  putIfAbsent(entry: PutEntry): Promise<string | undefined>;
  /** Removes and announces. An eviction of everything takes constant time, and counts nothing: `removed` is `-1`. */
  evict(eviction: Eviction, acks: boolean): Promise<EvictionReceipt>;
  /** Reads raw values after making sure that the generation is the current one: for reads without a valid read lease. */
  readCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<(string | undefined)[]>;
}
