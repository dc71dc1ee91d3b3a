import { CacheConfigurationError, isError } from '../errors/index.js';
import type { CacheEvents } from '../event/index.js';

/** No more reasons than this are told, however many the server gives. */
const MAXIMUM_TOLD = 20;
const LONGEST_REASON = 300;

/**
 * Tells of heartbeats that Redis answers with an error: its user lacks a right, it has become a replica, its
 * keys are of another type. The connection stands, so nothing else reports this; yet without a heartbeat no
 * local tier may be served. Each distinct reason is told once, as an event. The health of the caches names it
 * while it lasts, and the log tells it.
 */
export class HeartbeatRefusals {
  readonly #events: CacheEvents;
  readonly #endpoint: string;
  readonly #told = new Set<string>();
  #reason: string | undefined;

  /** @param endpoint - is shown to people, so it must hold no credential. */
  constructor(endpoint: string, events: CacheEvents) {
    this.#endpoint = endpoint;
    this.#events = events;
  }

  /** Why the last heartbeat that was answered was refused. `undefined`: it was not refused. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** A heartbeat was answered without an error. */
  succeeded(): void {
    this.#reason = undefined;
  }

  /**
   * A heartbeat failed. Only answers of the server count here: others report silence and lost connections.
   */
  failed(error: unknown): void {
    if (!isReply(error) && !(error instanceof CacheConfigurationError)) return;
    const reason = `Redis at ${this.#endpoint} refuses heartbeats: ${error.message.slice(0, LONGEST_REASON)}`;
    this.#reason = reason;
    if (this.#told.has(reason) || this.#told.size >= MAXIMUM_TOLD) return;
    this.#told.add(reason);
    this.#events.emit('error', { where: 'heartbeat', error });
  }
}

/** Whether a server has answered this, as in `NOPERM this user has …` or `READONLY …`. */
const isReply = (error: unknown): error is Error => isError(error) && /^[A-Z]{3,} /.test(error.message);
