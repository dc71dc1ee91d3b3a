import type { Milliseconds } from '../../time/index.js';
import { chunksOf } from '../chunks.js';
import type { LocalTier } from '../local/local-tier.js';
import type { ReadTicket } from '../local/read-tickets.js';
import type { Reading, RemoteEntry } from '../remote/entry-codec.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import { UNREADABLE } from '../value/codec.js';
import type { CacheParts } from './cache-parts.js';
import type { SharedLoad } from './shared-load.js';

/**
 * The reads of one cache from L2. Without a read lease, a read checks the generation together with the value.
 * A key in doubt is not read at all.
 */
export class RemoteReads {
  readonly #options: CacheParts;
  readonly #local: LocalTier<SharedLoad>;
  readonly #remote: RemoteTier;
  #isUsed: boolean;

  constructor(options: CacheParts) {
    this.#options = options;
    this.#local = options.local;
    this.#remote = options.remote;
    this.#isUsed = options.hasRemote;
  }

  /** Whether `key` may be read from L2. */
  allows(key: string): boolean {
    return this.#isUsed && !this.#options.pending.isDoubtful(key);
  }

  /** Reads what is stored under `key`, in one round trip. */
  get(key: string, now = this.#options.clock.now()): Promise<Reading> {
    if (this.mayTrust(now)) return this.#remote.get(key);
    return this.#remote.getAllCurrent([key]).then(([entry]) => entry);
  }

  /** Like {@link get}, for several keys: one round trip per chunk, one chunk after the other. */
  async getAll(keys: string[]): Promise<Reading[]> {
    const readings: Reading[] = [];
    for (const chunk of chunksOf(keys)) {
      const own = chunk as string[];
      const found = await (this.mayTrust(this.#options.clock.now()) ? this.#remote.getAll(own) : this.#remote.getAllCurrent(own));
      for (const reading of found) readings.push(reading);
    }
    return readings;
  }

  /** The entry in a reading. An unreadable entry is counted as a failure and treated as a miss. */
  entryIn(reading: Reading): RemoteEntry | undefined {
    if (reading !== UNREADABLE) return reading;
    this.#options.counters.remoteFailures += 1;
    return undefined;
  }

  /** The value of an entry that was read. The value is put into L1 if the ticket is still valid. */
  take(key: string, ticket: ReadTicket<SharedLoad>, { value, endsAt }: RemoteEntry): unknown {
    const { counters, events, cache, sharing } = this.#options;
    counters.remoteHits += 1;
    sharing.handOutDecoded(value);
    try {
      if (endsAt !== undefined) this.#local.keep(key, ticket, value, endsAt);
    } catch (error) {
      // The value is not kept in L1, but the reader gets it.
      events.emit('error', { where: `local tier of cache '${cache}'`, error, cache });
    }
    return value;
  }

  /** Reads nothing from now on. */
  stop(): void {
    this.#isUsed = false;
  }

  /** Whether the generation this instance knows is sure to be the current one. */
  protected mayTrust(now: Milliseconds): boolean {
    return this.#local.isServing(now);
  }
}
