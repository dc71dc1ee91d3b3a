import { CacheConfigurationError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';

/** However many reasons a server comes up with, so many are told. */
const MAXIMUM_TOLD = 20;
const LONGEST_REASON = 300;

/**
 * Heartbeats that Redis answers with an error: its user lacks a right, it has become a replica, its keys are of another type. The connection
 * stands, so nothing else tells; yet without a heartbeat no local tier may be served. Told once per distinct reason, as an event and as a
 * warning, and for as long as it lasts by the health of the caches.
 */
export class HeartbeatRefusals {
  readonly #events: CacheEvents;
  readonly #endpoint: string;
  readonly #told = new Set<string>();
  #reason: string | undefined;

  /** @param endpoint - what may be shown to people: never a credential. */
  constructor(endpoint: string, events: CacheEvents) {
    this.#endpoint = endpoint;
    this.#events = events;
  }

  /** Why the last heartbeat that was answered was refused; `undefined`: it was not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** A heartbeat was answered as it should be. */
  succeeded(): void {
    this.#reason = undefined;
  }

  /** A heartbeat failed. Silence and lost connections are told by others. */
  failed(error: unknown): void {
    if (!isReply(error) && !(error instanceof CacheConfigurationError)) return;
    const reason = `Redis at ${this.#endpoint} refuses heartbeats: ${error.message.slice(0, LONGEST_REASON)}`;
    this.#reason = reason;
    if (this.#told.has(reason) || this.#told.size >= MAXIMUM_TOLD) return;
    this.#told.add(reason);
    this.#events.emit('error', { where: 'heartbeat', error });
    process.emitWarning(reason, {
      type: 'CacheWarning',
      code: 'CACHE_HEARTBEAT_REFUSED',
      detail: 'Until one succeeds the local tiers are bypassed, and evictions may not be executed.',
    });
  }
}

/** Whether these are the words of a server, as in `NOPERM this user has …` or `READONLY …`. */
const isReply = (error: unknown): error is Error => error instanceof Error && /^[A-Z]{3,} /.test(error.message);
