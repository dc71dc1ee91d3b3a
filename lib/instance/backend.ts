import { Keyv } from 'keyv';
import type { EntryCodec, Generation, RemoteCache } from '../cache/index.js';
import { type Acknowledgements, BEATS_PER_BOUND, type Heartbeat, type ServerClock } from '../eviction/index.js';
import type { FleetTopics } from '../fleet/index.js';
import type { MessageListenerContainer, PubSubTransport } from '../topic/index.js';
import type { Milliseconds } from '../time/index.js';
import type { ResolvedCacheOptions } from './options.js';

/** What differs between Redis, a Redis Cluster and shared memory. */
export interface Backend {
  /** Where messages of users travel, and those of who watches the fleet. */
  readonly transport: PubSubTransport;
  readonly container: MessageListenerContainer;
  readonly topics: FleetTopics;
  readonly send: (channel: string, message: string) => Promise<number>;
  /** Each holds a part of every cache, and coherence is kept with each by itself. One, but for a Redis Cluster. */
  readonly primaries: readonly Primary[];
  /** Names where the evictions of a cache are announced, for people to read. @param own - the cache's `topic`. */
  readonly topicOf: (cache: string, own: string | undefined) => string;
  readonly close: () => Promise<void>;
}

/** One primary, and what leads to it. */
export interface Primary {
  /** What the names of its keys and of private channels begin with. */
  readonly namespace: string;
  /** Listens to the evictions of this primary. */
  readonly container: MessageListenerContainer;
  readonly heartbeat: Heartbeat | undefined;
  readonly serverClock: ServerClock;
  readonly acknowledgements: Acknowledgements;
  /** Sends a private message to another instance. */
  readonly send: (channel: string, message: string) => Promise<number>;
  /** The generation that the keys of a cache are written under, before anything is known of it. */
  readonly generation: () => Generation;
  readonly remote: (name: string, options: ResolvedCacheOptions, channel: string, generation: Generation) => RemoteCache;
  /** Executes and announces the evictions of a cache that this instance does not keep. */
  readonly evictions: (name: string, options: ResolvedCacheOptions, channel: string) => RemoteCache;
  /** Where the evictions of a cache are announced. @param own - the cache's `topic`. */
  readonly channel: (cache: string, own: string | undefined) => string;
  readonly connect: (firstBeat: () => Promise<void>) => Promise<void>;
  /** A heartbeat has succeeded. */
  readonly answered: () => void;
  /** Gives the command connection up for another. */
  readonly reconnect: (reason: Error) => void;
  readonly leave: (caches: readonly string[]) => Promise<void>;
  /** How many living instances of these caches have this one's name, itself included. */
  readonly namesakes: (caches: readonly string[]) => Promise<number>;
  readonly isUsable: () => boolean;
  /** Why its heartbeats are refused; `undefined`: they are not. */
  readonly refusal: () => string | undefined;
}

/** However large the bound: where a primary is, others are asked again after this time at the most. */
const LONGEST_UNASKED_MS: Milliseconds = 1_000;

/** How often others are asked where a primary is. */
export const askEveryMs = (boundMs: Milliseconds): Milliseconds => Math.min(Math.ceil(boundMs / BEATS_PER_BOUND), LONGEST_UNASKED_MS);

/** A Keyv that leaves keys as they are, and raises errors. */
export function keyvOver(store: unknown, codec: EntryCodec, namespace: string): Keyv {
  const keyv = new Keyv({
    store,
    namespace,
    useKeyPrefix: false,
    throwOnErrors: true,
    emitErrors: false,
    deserialize: (raw) => codec.read(raw) as never,
  });
  keyv.on('error', () => undefined); // `throwOnErrors` reports them where they belong: to the caller.
  return keyv;
}
