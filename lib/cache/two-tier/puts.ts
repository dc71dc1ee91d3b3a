import { RemoteCacheError } from '../../errors/index.js';
import type { CacheCounters } from '../../event/index.js';
import type { Clock, Milliseconds } from '../../time/index.js';
import type { LocalTier } from '../local/local-tier.js';
import type { PutEntry } from '../remote/eviction-log.js';
import type { RemoteTier } from '../remote/remote-cache.js';
import type { OwnWrites } from './own-writes.js';
import type { PendingEvictions } from './pending-evictions.js';
import { PutBatches } from './put-batches.js';
import type { SharedLoad } from './shared-load.js';

/** What {@link Puts} are made of. */
export interface PutsOptions {
  readonly cache: string;
  readonly local: LocalTier<SharedLoad>;
  readonly remote: RemoteTier;
  readonly pending: PendingEvictions;
  readonly ownWrites: OwnWrites;
  readonly clock: Clock;
  readonly counters: CacheCounters;
  /** Whether there is a remote tier. */
  readonly hasRemote: boolean;
}

/** The puts of one cache. Every put is an eviction of its key as well; one that fails becomes an eviction. */
export class Puts {
  readonly #options: PutsOptions;
  readonly #batches = new PutBatches((entries) => this.#storeAll(entries));

  constructor(options: PutsOptions) {
    this.#options = options;
  }

  /**
   * Stores a value whatever is there, and drops the copies of other instances.
   *
   * @param since - since when the caller waits, on the clock. Default: now.
   */
  async store(key: string, value: unknown, ttlMs: Milliseconds, since?: Milliseconds): Promise<void> {
    const { local, ownWrites, hasRemote } = this.#options;
    local.fence([key], 'replaced');
    if (!hasRemote) return this.#storeLocally(key, value, ttlMs, since);
    return ownWrites.run([key], () => this.#storeRemotely(key, value, ttlMs, since));
  }

  async #storeLocally(key: string, value: unknown, ttlMs: Milliseconds, since?: Milliseconds): Promise<void> {
    const { local, pending, ownWrites, clock } = this.#options;
    await ownWrites.run([key], () => pending.submit({ keys: [key] }, false, since));
    const ticket = local.begin(key);
    try {
      local.keep(key, ticket, value, clock.now() + ttlMs);
    } finally {
      local.end(key, ticket);
    }
  }

  async #storeRemotely(key: string, value: unknown, ttlMs: Milliseconds, since?: Milliseconds): Promise<void> {
    const { remote, pending } = this.#options;
    let raw: string;
    try {
      raw = remote.encode(value, ttlMs);
    } catch (error) {
      await pending.submit({ keys: [key] }, false, since); // The value that is there is out of date, whether or not the new one can be stored.
      throw error;
    }
    const entry = { key, raw, ttlMs };
    await (since === undefined ? this.#batches.add(entry) : this.#storeAll([entry], since));
  }

  async #storeAll(entries: readonly PutEntry[], since?: Milliseconds): Promise<void> {
    const { cache, local, remote, pending, clock, counters } = this.#options;
    const begun = since ?? clock.now();
    const keys = entries.map(({ key }) => key);
    try {
      const stored = remote.put(entries);
      const refusal = await (since === undefined ? stored : pending.untilDue(since, stored));
      local.fence(keys, 'replaced');
      if (refusal === undefined) return;
      throw new RemoteCacheError('CACHE_REMOTE_FAILED', `Redis did not store a value put into cache '${cache}': ${refusal}`, {
        hint: 'The old value was removed everywhere all the same.',
      });
    } catch (error) {
      counters.remoteFailures += keys.length;
      // Whether the put was executed is not known, and repeating it later could undo a newer one. Evicting the keys is always right.
      await pending.submit({ keys }, false, begun);
      throw error;
    }
  }
}
