/**
 * The bridge between caches and topics. It implements the ports of `cache/`, and listens through `topic/`.
 * Its face is the {@link Coherence}: one for each primary, which holds the read lease, the listener, the
 * acknowledgements, the heartbeat and the server's clock. The {@link RedisEvictionLog} makes "delete, number,
 * publish" one step on Redis, and the {@link EmbeddedRemote} does the same in shared memory.
 *
 * The wire form of all messages is in `messages.ts`, the names of all keys and channels are in
 * `remote-keys.ts`, the Lua scripts are in `scripts.ts`. The protocol as a whole is told in
 * `docs/coherence.md`.
 */
export { BEATS_PER_BOUND } from './beats.js';
export { BucketAgreement } from './bucket-agreement.js';
export { isGeneration, LEAST_DAMAGED, PURE } from './cache-state.js';
export { bucketOf, clusterBuckets } from './cluster-slots.js';
export { Coherence, type CoherenceCollaborators, type PrimaryLink } from './coherence.js';
export { EmbeddedRemote } from './embedded-remote.js';
export { findCache, type KnownCache } from './find-cache.js';
export { Guest, type GuestReceipt } from './guest.js';
export { type EvictionMessage, parseMessage } from './messages.js';
export { nameOfOrigin, originOf } from './origin.js';
export { RedisEvictionLog } from './redis-eviction-log.js';
export { ALL_STATES, DEFAULT_NAMESPACE, defaultTopic, ownerOfState, RemoteKeys } from './remote-keys.js';
