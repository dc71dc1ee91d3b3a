import { Keyv } from 'keyv';
import type { HealthStatus, RemoteCache, RemoteCacheParts, ValueCodec } from '../cache/index.js';
import type { CacheEvents } from '../event/index.js';
import type { Acknowledgements, RedisHeartbeat, ServerClock } from '../eviction/index.js';
import type { FleetTopics } from '../fleet/index.js';
import type { PubSubTransport } from '../topic/index.js';
import type { ResolvedCacheOptions } from './options.js';

/** What differs between Redis and shared memory. */
export interface Fleet {
  readonly transport: PubSubTransport;
  readonly heartbeat: RedisHeartbeat | undefined;
  readonly serverClock: ServerClock;
  readonly acknowledgements: Acknowledgements;
  readonly send: (channel: string, message: string) => Promise<number>;
  readonly topics: FleetTopics;
  readonly remote: (name: string, options: ResolvedCacheOptions, channel: string, moved: (generation: string) => void) => RemoteCache;
  readonly channel: (name: string) => string;
  readonly connect: (firstBeat: () => Promise<void>) => Promise<void>;
  readonly answered: () => void;
  readonly leave: (caches: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly health: () => Readonly<Record<string, HealthStatus>>;
}

/** Has those who trace hear of each remote step of `cache`. */
export function traceOf(cache: string, events: CacheEvents): RemoteCacheParts['trace'] {
  return (step, keys, action) => events.trace({ cache, step, keys }, action);
}

/** A Keyv that leaves keys as they are, and raises errors. */
export function keyvOver(store: unknown, codec: ValueCodec, namespace: string): Keyv {
  const keyv = new Keyv({
    store,
    namespace,
    useKeyPrefix: false,
    throwOnErrors: true,
    emitErrors: false,
    deserialize: (raw) => codec.decode(raw) as never,
  });
  keyv.on('error', () => undefined); // `throwOnErrors` reports them where they belong: to the caller.
  return keyv;
}
