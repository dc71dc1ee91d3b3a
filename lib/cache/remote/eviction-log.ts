import type { Milliseconds } from '../../time/index.js';
import type { Eviction } from '../eviction.js';

/**
 * The answer to a request for the fill lease of an absent key. `E` is the form of an entry; raw unless stated
 * otherwise.
 */
export type FillLease<E = string> =
  /** Another instance has stored a value in the meantime. */
  | { readonly kind: 'present'; readonly entry: E }
  /** Another instance is loading this key. */
  | { readonly kind: 'busy' }
  /**
   * The caller holds the lease and may load. The token is needed for {@link EvictionLog.fill}. It is valid
   * until an eviction of the key or a time limit ends it.
   */
  | { readonly kind: 'granted'; readonly token: string };

/** A value to store: its key, its raw form, and how long it lives, which is longer than 0. */
export interface PutEntry {
  readonly key: string;
  readonly raw: string;
  readonly ttlMs: Milliseconds;
}

/** A value that was loaded, with the token of the fill lease that allows to store it. */
export interface FillEntry extends PutEntry {
  readonly token: string;
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
  /**
   * Asks for the fill leases of `keys`. With `replace`, the stored entries are unreadable and are dropped
   * first.
   */
  acquire(keys: readonly string[], replace: boolean, waitMs?: Milliseconds): Promise<readonly FillLease[]>;
  /**
   * Stores loaded values. For each entry: `true` if it was stored, `false` if its token was no longer valid
   * and nothing was stored.
   */
  fill(entries: readonly FillEntry[], waitMs?: Milliseconds): Promise<readonly boolean[]>;
  /** Gives an unused token back, so that other instances need not wait for it. */
  release(key: string, token: string): Promise<void>;
  /**
   * Stores values, replacing any old ones, and announces their keys as evicted. Returns `undefined` if all
   * went well. Otherwise returns why the server did not store them, for example because it is out of memory.
   * In that case, too, the old values are removed and the eviction is announced.
   */
  put(entries: readonly PutEntry[]): Promise<string | undefined>;
  /** Stores a value if there is none. Otherwise returns the raw form of the present value. */
  putIfAbsent(entry: PutEntry): Promise<string | undefined>;
  /**
   * Removes and announces. An eviction of everything takes constant time and counts nothing: `removed` is
   * `-1`.
   */
  evict(eviction: Eviction, acks: boolean): Promise<EvictionReceipt>;
  /**
   * Reads raw values after checking that the generation is the current one. For reads without a valid read
   * lease.
   */
  readCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<(string | undefined)[]>;
}
