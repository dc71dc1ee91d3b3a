import type { Milliseconds } from '../../time/index.js';
import { chunksOf } from '../chunks.js';
import type { LocalTier } from '../local/local-tier.js';
import type { ReadTicket } from '../local/read-tickets.js';
import { OVERTAKEN, type Reading, type RemoteEntry } from '../remote/entry-codec.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import { UNREADABLE } from '../value/codec.js';
import type { ValueWrapper } from '../value-wrapper.js';
import type { CacheParts } from './cache-parts.js';
import type { Freshness } from './freshness.js';
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
  get(key: string, now = this.#options.clock.now(), isOneOfMany = false): Promise<Reading> {
    const { deadlineMs, timeoutMs } = this.#options;
    const askUntil = now + deadlineMs - 2 * timeoutMs; // Then there is time left for the fill lease, and for the fill.
    if (this.mayTrust(now)) return this.#remote.get(key, askUntil, isOneOfMany);
    return this.#remote.getCurrent(key, askUntil, isOneOfMany);
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

  /** Like {@link getAll}, and {@link take}s what was found and is fresh. */
  async takeAll(keys: string[]): Promise<ReadonlyMap<string, ValueWrapper<unknown>>> {
    const found = new Map<string, ValueWrapper<unknown>>();
    if (keys.length === 0) return found;
    const reads = keys.map((key) => ({ key, ticket: this.#local.begin(key) }));
    try {
      const readings = await this.getAll(keys);
      for (const [i, { key, ticket }] of reads.entries()) {
        const entry = this.entryIn(readings[i]);
        if (entry !== undefined && this.isFresh(entry)) found.set(key, { value: this.take(key, ticket, entry) });
      }
      return found;
    } catch (error) {
      this.#options.counters.remoteFailures += 1;
      throw error;
    } finally {
      for (const { key, ticket } of reads) this.#local.end(key, ticket);
    }
  }

  /**
   * The entry in a reading, fresh or not. What cannot be used counts as a miss: an unreadable entry, which is
   * a failure; one of another version; one that an eviction of its tags has overtaken; and one that carries a
   * tag in doubt.
   */
  entryIn(reading: Reading): RemoteEntry | undefined {
    const { counters, pending } = this.#options;
    if (reading === UNREADABLE) counters.remoteFailures += 1;
    if (reading === OVERTAKEN) counters.overtaken += 1;
    if (typeof reading !== 'object') return undefined;
    return reading.tagged !== undefined && pending.hasDoubtful(reading.tagged.tags) ? undefined : reading;
  }

  /** Whether the life of an entry has not ended. Redis keeps some for longer. */
  isFresh({ endsAt, staleMs = 0 }: RemoteEntry): boolean {
    return staleMs === 0 || (endsAt !== undefined && this.#options.clock.now() < endsAt);
  }

  /** The value of an entry that was read. The value is put into L1 if the ticket is still valid. */
  take(key: string, ticket: ReadTicket<SharedLoad>, entry: RemoteEntry, freshness?: Freshness): unknown {
    this.#options.counters.remoteHits += 1;
    this.keep(key, ticket, entry, freshness);
    return entry.value;
  }

  /** Puts an entry that was read into L1, if the ticket is still valid. */
  keep(key: string, ticket: ReadTicket<SharedLoad>, entry: RemoteEntry, freshness?: Freshness): void {
    const { events, cache, sharing, freshness: policy } = this.#options;
    const { value, endsAt, lifeMs, staleMs = 0, tagged, bytes } = entry;
    sharing.handOutDecoded(value);
    if (endsAt === undefined) return;
    const times = lifeMs === undefined ? undefined : policy.timesOf({ writtenAt: endsAt - lifeMs, endsAt, staleMs }, freshness);
    try {
      this.#local.keep(key, ticket, { value, endsAt, tagged, times, bytes });
    } catch (error) {
      // The value is not kept in L1, but the reader gets it.
      events.emit('error', { where: `local tier of cache '${cache}'`, error, cache });
    }
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
