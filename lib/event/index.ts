/**
 * What observers can learn: typed events for listeners and on Node's diagnostics channels, removal causes,
 * counters, and the port for tracers. Touches only time and errors.
 */
export { CACHE_EVENT_NAMES, CacheEvents, type CacheEventMap, type DiagnosticsMessage, diagnosticsChannelName } from './cache-events.js';
export { type CacheLogger, consoleLogger, silentLogger } from './cache-logger.js';
export { type CacheTracer, type TracedStep } from './cache-tracer.js';
export { LAG_WINDOW, LagWindow } from './lag-window.js';
export { CacheCounters, type CacheStatistics, type RemovalCause } from './cache-statistics.js';
export { CACHE_METERS } from './cache-meters.js';
