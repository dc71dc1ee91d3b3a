import type { CacheEvents } from '../event/index.js';

/** Tells that a cache is in bypass when the first of its leases is over, and that it no longer is when the last one holds again. */
export class BypassNotices {
  readonly #events: CacheEvents;
  /** How many leases of each cache are over. */
  readonly #over = new Map<string, number>();

  constructor(events: CacheEvents) {
    this.#events = events;
  }

  /** One of its leases is over, or holds again; each tells changes only. */
  tell(cache: string, active: boolean): void {
    const before = this.#over.get(cache) ?? 0;
    const now = before + (active ? 1 : -1);
    this.#over.set(cache, now);
    if (before === 0 || now === 0) this.#events.emit('bypass', { cache, active });
  }
}
