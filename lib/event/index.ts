/** What happened, for those who watch: typed events, removal causes, counters. Touches time and errors only. */
export { CacheEvents, type CacheEventMap } from './cache-events.js';
export { type RemovalCause } from './removal-cause.js';
export { CacheCounters, type CacheStatistics } from './cache-statistics.js';
