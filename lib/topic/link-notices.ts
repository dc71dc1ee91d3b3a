import type { CacheEvents } from '../event/index.js';
import type { Milliseconds } from '../time/index.js';
import type { PubSubTransport } from './pub-sub-transport.js';

/** Reports the life of the subscriber's link as events. */
export class LinkNotices {
  readonly #events: CacheEvents;
  readonly #transport: Pick<PubSubTransport, 'endpoint'>;
  /**
   * Attempts to connect that failed in a row. `-1` while there is a link: its end is a
   * loss, not a failed attempt.
   */
  #failures = 0;

  constructor(events: CacheEvents, transport: Pick<PubSubTransport, 'endpoint'>) {
    this.#events = events;
    this.#transport = transport;
  }

  connected(): void {
    this.#failures = -1;
    this.#events.emit('connected', this.#about());
  }

  lost(error: unknown): void {
    this.#events.emit('lost', { ...this.#about(), error });
  }

  retrying(attempt: number, delayMs: Milliseconds, error: unknown): void {
    this.#failures += 1;
    if (this.#failures > 0) this.#events.emit('failed', { ...this.#about(), attempt: this.#failures, error });
    this.#events.emit('reconnecting', { ...this.#about(), attempt, delayMs, error });
  }

  #about(): { readonly link: string; readonly endpoint: string } {
    return { link: 'subscriber', endpoint: this.#transport.endpoint };
  }
}
