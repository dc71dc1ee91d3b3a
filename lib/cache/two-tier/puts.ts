import { RemoteCacheError } from '../../errors/index.js';
import type { Milliseconds } from '../../time/index.js';
import type { PutEntry } from '../remote/eviction-log.js';
import type { CacheParts } from './cache-parts.js';
import { Tagged } from '../tag/tagged.js';
import { keptMs, type Life } from '../value/envelope.js';
import type { OwnWrites } from './own-writes.js';
import { PutBatches } from './put-batches.js';

/** What {@link Puts} need. */
export interface PutsOptions extends CacheParts {
  readonly ownWrites: OwnWrites;
}

/** A value to put. */
export interface PutValue {
  readonly key: string;
  readonly value: unknown;
  readonly life: Life;
  /** In a cache with tags. */
  readonly tags: readonly string[];
}

/**
 * The puts of one cache. Every put is also an eviction of its key: other instances drop their copies. A put
 * that fails becomes an eviction.
 */
export class Puts {
  readonly #options: PutsOptions;
  readonly #batches = new PutBatches((entries) => this.#storeAll(entries));

  constructor(options: PutsOptions) {
    this.#options = options;
  }

  /**
   * Stores a value, replacing any old one, and drops the copies of other instances.
   *
   * @param since - the time on the clock at which the caller began to wait. Default: now.
   */
  async store(put: PutValue, since?: Milliseconds): Promise<void> {
    const { local, ownWrites, hasRemote } = this.#options;
    local.fence([put.key], 'replaced');
    if (!hasRemote) return this.#storeLocally(put, since);
    return ownWrites.run([put.key], () => this.#storeRemotely(put, since));
  }

  async #storeLocally({ key, value, life: { ttlMs, staleMs }, tags }: PutValue, since?: Milliseconds): Promise<void> {
    const { local, pending, ownWrites, clock, counters, sharing, remote, freshness } = this.#options;
    const ofTags = remote.tagClock(key);
    const tagged = ofTags && new Tagged(tags, undefined, ofTags);
    const own = local.puts.begin(key);
    try {
      await ownWrites.run([key], () => pending.submit({ keys: [key] }, false, since));
    } finally {
      local.puts.end(key, own);
    }
    if (pending.hasDoubtful(tags)) return;
    if (!local.puts.isValid(own)) {
      counters.refusedFills += 1;
      return;
    }
    const ticket = local.begin(key);
    try {
      const writtenAt = clock.now();
      const endsAt = writtenAt + ttlMs;
      const times = freshness.timesOf({ writtenAt, endsAt, staleMs });
      local.keep(key, ticket, { value: sharing.detach(value), endsAt, tagged, times });
    } finally {
      local.end(key, ticket);
    }
  }

  async #storeRemotely({ key, value, life, tags }: PutValue, since?: Milliseconds): Promise<void> {
    const { remote, pending } = this.#options;
    let raw: string;
    try {
      raw = remote.encode(value, life, tags);
    } catch (error) {
      // The stored value is out of date, even if the new one cannot be stored.
      await pending.submit({ keys: [key] }, false, since);
      throw error;
    }
    const entry = { key, raw, ttlMs: keptMs(life) };
    await (since === undefined ? this.#batches.add(entry) : this.#storeAll([entry], since));
  }

  async #storeAll(entries: readonly PutEntry[], since?: Milliseconds): Promise<void> {
    const { cache, local, remote, pending, clock, counters } = this.#options;
    const begun = since ?? clock.now();
    const keys = entries.map(({ key }) => key);
    try {
      const stored = remote.put(entries);
      const { refusal, withheld } = await (since === undefined ? stored : pending.untilDue(since, stored));
      local.fence(keys, 'replaced');
      counters.withheld += withheld;
      if (refusal === undefined) return;
      throw new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis did not store a value put into cache '${cache}': ${refusal}`, {
        hint: 'The old value was removed everywhere nevertheless.',
      });
    } catch (error) {
      counters.remoteFailures += keys.length;
      // It is not known whether the put was executed. Repeating it later could overwrite a newer put.
      // Evicting the keys is always correct.
      await pending.submit({ keys }, false, begun);
      throw error;
    }
  }
}
