import { Generation, RemoteCache, TagClock, TagIndex, type TwoTierCacheCollaborators } from '../../lib/cache/index.js';
import { Acknowledgements } from '../../lib/eviction/acknowledgements.js';
import { RedisEvictionLog } from '../../lib/eviction/index.js';
import { ReadLease } from '../../lib/eviction/read-lease.js';

/** The classes that an instance is made of. A mutant is an instance in which one of them lacks a rule. */
export interface Kinds extends Partial<TwoTierCacheCollaborators> {
  readonly Generation: typeof Generation;
  readonly ReadLease: typeof ReadLease;
  readonly Acknowledgements: typeof Acknowledgements;
  readonly RedisEvictionLog: typeof RedisEvictionLog;
  readonly RemoteCache: typeof RemoteCache;
  readonly TagClock: typeof TagClock;
  readonly TagIndex: typeof TagIndex;
}

/** The library as it is. */
export const KINDS: Kinds = { Generation, ReadLease, Acknowledgements, RedisEvictionLog, RemoteCache, TagClock, TagIndex };
