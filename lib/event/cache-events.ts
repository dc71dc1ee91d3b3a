import { type Channel, channel } from 'node:diagnostics_channel';
import type { Milliseconds } from '../time/index.js';
import type { CacheTracer, TracedStep } from './cache-tracer.js';

/** Every event of an instance, with what it carries. Events tell keys, never values or credentials. */
export interface CacheEventMap {
  /** A connection reached its server. `link` names it: `command`, `subscriber` or `publisher`. */
  connected: { readonly link: string; readonly endpoint: string };
  /** A connection was lost. `bypass` follows when the local tier can no longer be trusted. */
  lost: { readonly link: string; readonly endpoint: string; readonly error?: unknown };
  /** An attempt to connect failed: the `attempt`th in a row, from 1. */
  failed: { readonly link: string; readonly endpoint: string; readonly attempt: number; readonly error?: unknown };
  /** A connection will be tried again after `delayMs`, because of `error`. `attempt` counts from 1. */
  reconnecting: {
    readonly link: string;
    readonly endpoint: string;
    readonly attempt: number;
    readonly delayMs: Milliseconds;
    readonly error?: unknown;
  };
  /** Redis confirmed the subscription of these topics, which holds as long as connection number `epoch`. */
  subscribed: { readonly endpoint: string; readonly topics: readonly string[]; readonly epoch: number };
  /**
   * An eviction (or the message of a put) was applied to the local tier, `lagMs` after the server
   * executed it. `undefined` when that is unknown: the sender does not say, or no heartbeat has
   * told the server's time yet.
   */
  evicted: {
    readonly cache: string;
    readonly keys: readonly string[];
    readonly origin: string;
    readonly seq: number;
    readonly lagMs: Milliseconds | undefined;
  };
  /** An eviction of tags was applied to the local tier; `lagMs` as with `evicted`. */
  tagsEvicted: {
    readonly cache: string;
    readonly tags: readonly string[];
    readonly origin: string;
    readonly seq: number;
    readonly lagMs: Milliseconds | undefined;
  };
  /** A clear was applied to the local tier; `lagMs` as with `evicted`. */
  cleared: { readonly cache: string; readonly origin: string; readonly seq: number; readonly lagMs: Milliseconds | undefined };
  /**
   * The numbers of messages showed that some were missed: the local tier of this cache was emptied.
   * `expected` is the first number that was missed, and `received` the first one after it that was not.
   * If `received` is not greater than `expected`, the numbers fell back, or one came twice.
   */
  gap: { readonly cache: string; readonly expected: number; readonly received: number };
  /** The read lease lapsed (`active: true`) or was won back (`active: false`). */
  bypass: { readonly cache: string; readonly active: boolean };
  /**
   * A foreign or malformed message arrived on a topic. It was counted and ignored. Reported
   * once per topic and reason.
   */
  malformed: { readonly topic: string; readonly reason: string };
  /**
   * An eviction was not acknowledged in time; it is retried. `tags` is set, and `keys` empty, for an eviction
   * of tags.
   */
  evictPending: {
    readonly cache: string;
    readonly keys: readonly string[];
    readonly tags?: readonly string[] | undefined;
    readonly error: unknown;
  };
  /** A pending eviction was acknowledged after all. */
  evictRecovered: { readonly cache: string; readonly attempts: number };
  /**
   * A write of these keys was under way for longer than its intent held, because the process stood still or
   * Redis lost the intent. `keys` is empty for the whole cache. They were evicted once more, and are withheld
   * again.
   */
  intentLapsed: { readonly cache: string; readonly keys: readonly string[] };
  /**
   * A method failed (or ran into `loadTimeout`) with this error, and the value before was served, `ageMs`
   * after it was written. Told once for a load, however many readers waited for it.
   */
  servedStale: { readonly cache: string; readonly key: string; readonly ageMs: Milliseconds; readonly error: unknown };
  /** A method failed that was to load a value anew in the background. The value before is still served. */
  refreshFailed: { readonly cache: string; readonly key: string; readonly error: unknown };
  /** A load took longer than `fillLease`: its callers have the value, and it was not stored. */
  loadTooSlow: { readonly cache: string; readonly key: string; readonly tookMs: Milliseconds };
  /** The breaker on the command connection opened or closed. */
  breaker: { readonly open: boolean };
  /**
   * Something failed and the cache went on: a listener threw, or a background step went wrong. `topic` is set
   * if it was about a message.
   */
  error: {
    readonly where: string;
    readonly error: unknown;
    readonly topic?: { readonly verb: 'publish' | 'receive'; readonly name: string } | undefined;
    /** Set if it was about a value or an eviction of this cache. */
    readonly cache?: string | undefined;
  };
}

type Name = keyof CacheEventMap;
type Listener = (event: never) => unknown;

/** The name of every event. */
export const CACHE_EVENT_NAMES: readonly Name[] = Object.freeze(
  Object.keys({
    connected: 0,
    lost: 0,
    failed: 0,
    reconnecting: 0,
    subscribed: 0,
    evicted: 0,
    tagsEvicted: 0,
    cleared: 0,
    gap: 0,
    bypass: 0,
    malformed: 0,
    evictPending: 0,
    evictRecovered: 0,
    intentLapsed: 0,
    servedStale: 0,
    refreshFailed: 0,
    loadTooSlow: 0,
    breaker: 0,
    error: 0,
  } satisfies Record<Name, 0>) as Name[],
);

/** What is published on a diagnostics channel. */
export interface DiagnosticsMessage<K extends Name = Name> {
  /** The instance it happened in. */
  readonly instanceId: string;
  readonly event: CacheEventMap[K];
}

/** The `node:diagnostics_channel` of an event: `inversify-cache:evicted`. */
export const diagnosticsChannelName = <K extends Name>(name: K): `inversify-cache:${K}` => `inversify-cache:${name}`;

/** How {@link CacheEvents} are set up. */
export interface CacheEventsOptions {
  /**
   * Names the instance on the diagnostics channels, which all instances of a process share. Default: `''`.
   */
  readonly instanceId?: string | undefined;
}

/** One for all instances, because Node's channels are global. */
const channels = new Map<Name, Channel>(CACHE_EVENT_NAMES.map((name) => [name, channel(diagnosticsChannelName(name))]));

/**
 * The typed events of one instance. A listener that throws, or returns a promise that rejects, is reported on
 * `error` once and never disturbs the cache. Nobody has to listen to `error`. Every event is also published
 * on a channel of `node:diagnostics_channel`.
 */
export class CacheEvents {
  /** Wraps the steps that take time, if set. `telemetry/` sets it. */
  tracer: CacheTracer | undefined;
  readonly #instanceId: string;
  readonly #listeners = new Map<Name, readonly Listener[]>();

  /** @internal Made by the caching module. */
  constructor({ instanceId = '' }: CacheEventsOptions = {}) {
    this.#instanceId = instanceId;
  }

  /** Calls `listener` at every event of this name. Returns a function that ends it. */
  on<K extends Name>(name: K, listener: (event: CacheEventMap[K]) => void): () => void {
    const own: Listener = (event) => listener(event); // Registering the same function twice makes two listeners.
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), own]);
    return () => {
      const others = (this.#listeners.get(name) ?? []).filter((other) => other !== own);
      if (others.length === 0) this.#listeners.delete(name);
      else this.#listeners.set(name, others);
    };
  }

  /** Whether anybody listens, here or on the diagnostics channel. Ask before you build an expensive event. */
  has(name: Name): boolean {
    return this.#listeners.has(name) || channels.get(name)?.hasSubscribers === true;
  }

  /**
   * Calls every listener in the order of registration, then publishes on the diagnostics channel. A listener
   * that is added meanwhile hears the next event; one that is removed hears nothing more.
   */
  emit<K extends Name>(name: K, event: CacheEventMap[K]): void {
    const listeners = this.#listeners.get(name) ?? [];
    for (const listener of listeners) {
      const present = this.#listeners.get(name);
      if (present !== listeners && present?.includes(listener) !== true) continue; // An earlier listener has removed it.
      try {
        const result = listener(event as never);
        if (result instanceof Promise) result.catch((error: unknown) => this.#listenerFailed(name, error));
      } catch (error) {
        this.#listenerFailed(name, error);
      }
    }
    const diagnostics = channels.get(name);
    if (diagnostics?.hasSubscribers === true) diagnostics.publish({ instanceId: this.#instanceId, event } satisfies DiagnosticsMessage);
  }

  /** Runs a step under the {@link tracer}, or directly if there is none. */
  trace<T>(step: TracedStep, action: () => Promise<T>): Promise<T>;
  trace<T>(step: TracedStep, action: () => T | Promise<T>): T | Promise<T>;
  trace<T>(step: TracedStep, action: () => T | Promise<T>): T | Promise<T> {
    return this.tracer === undefined ? action() : this.tracer.trace(step, action);
  }

  /** Removes every listener. */
  close(): void {
    this.#listeners.clear();
    this.tracer = undefined;
  }

  #listenerFailed(name: Name, error: unknown): void {
    if (name !== 'error') this.emit('error', { where: `listener of '${name}'`, error });
  }
}
