import type { Milliseconds } from '../time/index.js';

/** What asking for the right to fill an absent key may bring. */
export type LeaseReply =
  /** Somebody stored a value meanwhile: its raw form. */
  | { readonly kind: 'present'; readonly raw: string }
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
  /** Asks for the right to fill `key`. With `replace`, what is there is unreadable: drop it first. */
  acquire(keys: readonly string[], replace: boolean, waitMs?: Milliseconds): Promise<readonly LeaseReply[]>;
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
  putIfAbsent(key: string, raw: string, ttlMs: Milliseconds): Promise<string | undefined>;
  /** Removes and announces. */
  evict(keys: readonly string[], acks: boolean): Promise<EvictionReceipt>;
  /** Makes every entry unreachable, in constant time, and announces it. `removed` is `-1`: not counted. */
  clear(acks: boolean): Promise<EvictionReceipt>;
  /** Reads raw values after making sure that the generation is the current one: for reads without a valid read lease. */
  readCurrent(keys: readonly string[], waitMs?: Milliseconds): Promise<(string | undefined)[]>;
}

/**
 * What the listening half may do to a cache: the *applying* verbs. They are synchronous, touch this instance only and never publish,
 * so a listener cannot start an echo. (The split into originating and applying verbs is layered-loader's.)
 */
export interface CoherentCache {
  readonly name: string;
  /** The generation its remote keys are written under; `undefined` until the first contact. */
  readonly generation: string | undefined;
  /**
   * Drops the keys, cancels the tickets of reads in flight, detaches loads. `own`: this instance announced it itself.
   * `lagMs`: how long ago the server executed it, if that is known.
   */
  applyEviction(keys: readonly string[], own: boolean, lagMs?: Milliseconds): void;
  /**
   * The same for every key: because of another instance's clear (`remote`), because messages were missed, by their numbers (`gap`), or
   * because they may have been (`coherence`). `own`: the message of this instance's clear, which is in force already.
   */
  applyClear(cause: 'remote' | 'own' | 'gap' | 'coherence', lagMs?: Milliseconds): void;
  /**
   * Moves to a newer generation of remote keys, which a reply of Redis has named; this implies {@link applyClear}. An older one than the
   * present is ignored, unless it is a replacement of what was damaged.
   */
  useGeneration(generation: string, isReplacement?: boolean): void;
  /**
   * A message or an echo names a generation that no reply has named. It may be the next one, or a forgery: drops everything, and reads the
   * remote tier together with its generation until {@link trustGeneration}, or until a reply names it.
   *
   * @param cause - what the removals are put down to.
   */
  doubtGeneration(generation: string, cause: 'remote' | 'coherence'): void;
  /** A reply to what was asked after {@link doubtGeneration} is there, and has been applied. */
  trustGeneration(): void;
  /** The read lease: the local tier may be served up to this time on the instance's clock. `-Infinity`: not at all. */
  serveUntil(time: Milliseconds): void;
  /** Whether the local tier may be served at `now`. */
  isServing(now: Milliseconds): boolean;
}
