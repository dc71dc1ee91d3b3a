import type { CacheEvents } from '../event/index.js';

/**
 * Tells when a cache goes into bypass and when it comes back. It is in bypass from when the first of its
 * leases ends until the last one holds again; there is a lease for each primary.
 */
export class BypassNotices {
  readonly #events: CacheEvents;
  /** How many leases of each cache have ended. */
  readonly #ended = new Map<string, number>();

  constructor(events: CacheEvents) {
    this.#events = events;
  }

  /** One of its leases has ended, or holds again. Each lease tells changes only. */
  tell(cache: string, active: boolean): void {
    const before = this.#ended.get(cache) ?? 0;
    const now = before + (active ? 1 : -1);
    this.#ended.set(cache, now);
    if (before === 0 || now === 0) this.#events.emit('bypass', { cache, active });
  }
}
