/**
 * The bridge between caches and topics. Here live the wire form of an eviction, the scripts that make "delete, number, publish" one step
 * on Redis (and the same in shared memory), the read lease that says when the local tier may be served, and acknowledgements.
 * It implements the ports of `cache/` and listens through `topic/`. The protocol as a whole is told in `docs/coherence.md`.
 */
export { Acknowledgements, type Audience } from './acknowledgements.js';
export { BucketAgreement } from './bucket-agreement.js';
export { bucketOf, bucketTags, slotOf, SLOTS } from './cluster-slots.js';
export { BypassNotices } from './bypass-notices.js';
export { EmbeddedEvictionLog, type EmbeddedEvictionLogOptions, EMBEDDED_GENERATION } from './embedded-eviction-log.js';
export { EmbeddedRemote, EmbeddedStore, embeddedTime, EMBEDDED_MAXIMUM_SIZE } from './embedded-remote.js';
export { EvictionListener, type EvictionListenerOptions } from './eviction-listener.js';
export { type EvictionMessage, formatMessage, MESSAGE_VERSION, parseMessage } from './eviction-message.js';
export { isGeneration, LEAST_DAMAGED } from './generation.js';
export { HeartbeatRefusals } from './heartbeat-refusals.js';
export { type BeatenCache, type CacheState, type Heartbeat, type Pulse, RedisHeartbeat, type RedisHeartbeatOptions } from './heartbeat.js';
export { type Acknowledgement, type Echo, formatAcknowledgement, parseInbox } from './inbox-message.js';
export { Namesakes, type NamesakesOptions } from './namesakes.js';
export { isOrigin, nameOfOrigin, originOf } from './origin.js';
export { BEATS_PER_BOUND, ReadLease, type ReadLeaseOptions } from './read-lease.js';
export { RedisEvictionLog, type RedisEvictionLogOptions } from './redis-eviction-log.js';
export { DEFAULT_NAMESPACE, defaultTopic, inboxOf, RemoteKeys } from './remote-keys.js';
export { ServerClock } from './server-clock.js';
