import {
  BucketedRemoteCache,
  type BucketState,
  bucketsOf,
  type CallsUnderWay,
  type CoherentCache,
  LocalCache,
  PassThroughCache,
  type PassThroughCacheOptions,
  type RemoteCache,
  type RemoteTier,
  TagIndex,
  TwoTierCache,
  type TwoTierCacheCollaborators,
  type TwoTierCacheOptions,
  ValueCodec,
  ValueSharing,
} from '../cache/index.js';
import { CacheCounters, type CacheEvents, type TimingObservers } from '../event/index.js';
import { bucketOf, type Coherence } from '../eviction/index.js';
import type { CacheShare, Primary } from './backend.js';
import { checkCacheName, type ResolvedCacheOptions, type ResolvedCachingOptions } from './options.js';

/** What a {@link CacheFactory} is made of. */
export interface CacheFactoryOptions {
  readonly options: ResolvedCachingOptions;
  readonly primaries: readonly Primary[];
  /** One for each primary. */
  readonly coherences: readonly Coherence[];
  readonly calls: CallsUnderWay;
  readonly events: CacheEvents;
  /** Those whom the caches tell their times. */
  readonly timings: TimingObservers;
  /** Default: the library's own. */
  readonly collaborators?: Partial<TwoTierCacheCollaborators> | undefined;
  /** Default: {@link TwoTierCache}. */
  readonly makeCache?: ((options: TwoTierCacheOptions) => TwoTierCache) | undefined;
}

/** Makes the caches of an instance over its primaries. */
export class CacheFactory {
  readonly #options: CacheFactoryOptions;

  constructor(options: CacheFactoryOptions) {
    this.#options = options;
  }

  /** A cache that follows its evictions on each primary. */
  create(name: string): TwoTierCache {
    const { options: instance, primaries, coherences, calls, events, timings, collaborators } = this.#options;
    const { makeCache = (parts) => new TwoTierCache(parts) } = this.#options;
    const { timeoutMs, deadlineMs, fillLeaseMs, intentLeaseMs, clock } = instance;
    const options = instance.cache(checkCacheName(name));
    const { maximumSize, copy, type, tags } = options;
    const codec = new ValueCodec({ type });
    const counters = new CacheCounters({ cache: name, timings });
    const shares = this.#sharesOf(name, options);
    const buckets = primaries.map((primary) => primary.bucket(name, options));
    const remotes = primaries.map((primary, i) =>
      primary.remote({ ...(shares[i] as CacheShare), bucket: buckets[i] as BucketState, counters }),
    );
    const cache = makeCache({
      name,
      settings: { ...options, timeoutMs, deadlineMs, fillLeaseMs, intentLeaseMs },
      local: new LocalCache({
        maximumSize,
        copies: copy === 'clone' ? codec : undefined,
        clock,
        counters,
        tags: tags ? new TagIndex() : undefined,
      }),
      sharing: new ValueSharing(copy, codec),
      remote: remoteOver(remotes),
      clock,
      events,
      counters,
      calls,
      collaborators,
    });
    const views = bucketsOf(cache, buckets);
    coherences.forEach((coherence, i) => {
      const { channel } = shares[i] as CacheShare;
      coherence
        .follow(views[i] as CoherentCache, channel)
        .catch((error: unknown) => events.emit('error', { where: `subscription of '${channel}'`, error }));
    });
    return cache;
  }

  /** A cache that is not kept: its evictions are executed and announced on each primary. */
  passThrough(name: string, own: Pick<PassThroughCacheOptions, 'made' | 'isPending'>): PassThroughCache {
    const { options: instance, primaries, calls, events } = this.#options;
    const { clock, deadlineMs, intentLeaseMs } = instance;
    const cacheOptions = instance.cache(checkCacheName(name));
    const shares = this.#sharesOf(name, cacheOptions);
    const remotes = primaries.map((primary, i) => primary.evictions(shares[i] as CacheShare));
    return new PassThroughCache({
      name,
      unacknowledged: cacheOptions.unacknowledged,
      hasTags: cacheOptions.tags,
      clock,
      deadlineMs,
      intentLeaseMs,
      remote: remoteOver(remotes),
      events,
      calls,
      ...own,
    });
  }

  #sharesOf(cache: string, options: ResolvedCacheOptions): readonly CacheShare[] {
    const { primaries, coherences } = this.#options;
    return primaries.map((primary, i) => ({
      cache,
      options,
      channel: primary.channel(cache, options.topic),
      coherence: coherences[i] as Coherence,
    }));
  }
}

const remoteOver = (remotes: readonly RemoteCache[]): RemoteTier =>
  remotes.length === 1 ? (remotes[0] as RemoteCache) : new BucketedRemoteCache(remotes, (key) => bucketOf(key, remotes.length));
