import { EventEmitter } from 'node:events';
import type { Milliseconds } from '../time/index.js';

/** Every event of an instance, with what it carries. Events tell keys, never values or credentials. */
export interface CacheEventMap {
  /** A connection reached its server. `link` names it: `command`, `subscriber` or `publisher`. */
  connected: { readonly link: string; readonly endpoint: string };
  /** A connection was lost; `bypass` follows when the local tier can no longer be trusted. */
  lost: { readonly link: string; readonly endpoint: string; readonly error?: unknown };
  /** A connection will be tried again after `delayMs`, because of `error`. */
  reconnecting: {
    readonly link: string;
    readonly endpoint: string;
    readonly attempt: number;
    readonly delayMs: Milliseconds;
    readonly error?: unknown;
  };
  /** Redis confirmed the subscription of these topics. */
  subscribed: { readonly topics: readonly string[]; readonly epoch: number };
  /** An eviction message was applied to the local tier. `lagMs` is known for messages this instance sent itself. */
  evicted: { readonly cache: string; readonly keys: readonly string[]; readonly origin: string; readonly seq: number };
  /** A clear was applied to the local tier. */
  cleared: { readonly cache: string; readonly origin: string | undefined };
  /** Messages may have been missed: the local tier of this cache was emptied. */
  gap: { readonly cache: string; readonly expected: number; readonly received: number };
  /** The read lease lapsed (`active: true`) or was won back (`active: false`). */
  bypass: { readonly cache: string; readonly active: boolean };
  /** A foreign or malformed message arrived on a topic; it was counted and ignored. Told once per topic and reason. */
  malformed: { readonly topic: string; readonly reason: string };
  /** An eviction was not acknowledged in time; it is retried. */
  evictPending: { readonly cache: string; readonly keys: readonly string[]; readonly error: unknown };
  /** A pending eviction was acknowledged after all. */
  evictRecovered: { readonly cache: string; readonly attempts: number };
  /** The breaker on the command connection opened or closed. */
  breaker: { readonly open: boolean };
  /** Something failed and was survived: a listener threw, a background step went wrong. `topic` is set where it was about a message. */
  error: { readonly where: string; readonly error: unknown; readonly topic?: { readonly verb: 'publish' | 'receive'; readonly name: string } };
}

/**
 * The typed events of one instance. A listener that throws is reported on `error`, once, and never disturbs the cache;
 * `error` itself may go unheard.
 */
export class CacheEvents {
  readonly #emitter = new EventEmitter({ captureRejections: false }).setMaxListeners(0);

  /** Calls `listener` at every event of this name. Returns a function that ends it. */
  on<K extends keyof CacheEventMap>(name: K, listener: (event: CacheEventMap[K]) => void): () => void {
    this.#emitter.on(slot(name), listener);
    return () => void this.#emitter.off(slot(name), listener);
  }

  /** Whether anybody listens: ask before building an expensive event. */
  has(name: keyof CacheEventMap): boolean {
    return this.#emitter.listenerCount(slot(name)) > 0;
  }

  /** Tells every listener, in the order of their registration. */
  emit<K extends keyof CacheEventMap>(name: K, event: CacheEventMap[K]): void {
    for (const listener of this.#emitter.listeners(slot(name))) {
      try {
        listener(event);
      } catch (error) {
        if (name !== 'error') this.emit('error', { where: `listener of '${name}'`, error });
      }
    }
  }

  /** Forgets every listener. */
  close(): void {
    this.#emitter.removeAllListeners();
  }
}

/** Node gives `'error'` a meaning of its own (unheard, it throws); ours has none. */
const slot = (name: string): string => `cache:${name}`;
