import { Keyv } from 'keyv';
import type { BucketState, EntryCodec, RemoteCache } from '../cache/index.js';
import type { CacheCounters } from '../event/index.js';
import { BEATS_PER_BOUND, type Coherence, type PrimaryLink } from '../eviction/index.js';
import type { FleetTopics } from '../fleet/index.js';
import type { MessageListenerContainer, PubSubTransport } from '../topic/index.js';
import type { Milliseconds } from '../time/index.js';
import type { ResolvedCacheOptions } from './options.js';

/** Where an instance keeps its remote tier: one Redis, a Redis Cluster, or shared memory. */
export interface Backend {
  /** Carries the messages of users, and those between the instances and their watchers. */
  readonly transport: PubSubTransport;
  readonly container: MessageListenerContainer;
  readonly topics: FleetTopics;
  /**
   * Each holds a share of every cache, and has a {@link Coherence} of its own. There is one, except for a
   * Redis Cluster.
   */
  readonly primaries: readonly Primary[];
  /** Publishes on the topics of the fleet. Answers how many subscriptions it was delivered to. */
  send(channel: string, message: string): Promise<number>;
  /** Where the evictions of a cache are announced, for people to read. @param own - the cache's `topic`. */
  topicOf(cache: string, own: string | undefined): string;
  /**
   * Connects to every primary, in their order. An attempt that fails goes on in the background.
   *
   * @param firstBeats - of each primary: runs on each new connection before that is used for anything else.
   */
  connect(firstBeats: readonly (() => Promise<void>)[]): readonly Promise<void>[];
  close(): Promise<void>;
}

/** One primary: what its coherence needs, and how caches reach their share of the keys there. */
export interface Primary extends PrimaryLink {
  /** Where the evictions of a cache are announced. @param own - the cache's `topic`. */
  readonly channel: (cache: string, own: string | undefined) => string;
  /** What is known of a cache before the first contact. */
  bucket(cache: string, options: ResolvedCacheOptions): BucketState;
  /** The remote tier of a cache that this instance keeps. */
  remote(share: CacheShare & { readonly bucket: BucketState; readonly counters: CacheCounters }): RemoteCache;
  /** Executes and announces the evictions of a cache that this instance does not keep. */
  evictions(share: CacheShare): RemoteCache;
}

/** The share of a cache that lies on one primary. */
export interface CacheShare {
  readonly cache: string;
  readonly options: ResolvedCacheOptions;
  /** Where its evictions are announced. */
  readonly channel: string;
  /** Of the primary. */
  readonly coherence: Coherence;
}

/** However large the bound is, others are asked where a primary is at least this often. */
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
  keyv.on('error', () => undefined); // `throwOnErrors` rejects the call that failed.
  return keyv;
}
