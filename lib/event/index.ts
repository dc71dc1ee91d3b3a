/**
 * What observers can learn: typed events for listeners and on Node's diagnostics channels, removal causes,
 * counters, what is proven, and the ports for tracers and for times. Touches only time and errors.
 */
export { CACHE_EVENT_NAMES, CacheEvents, type CacheEventMap, type DiagnosticsMessage, diagnosticsChannelName } from './cache-events.js';
export { type CacheLogger, consoleLogger, silentLogger } from './cache-logger.js';
export { type CacheTracer, type TracedStep } from './cache-tracer.js';
export { type CoherenceProof } from './coherence-proof.js';
export { type Histogram } from './histogram.js';
export { LAG_WINDOW, LagWindow } from './lag-window.js';
export { CacheCounters, type CacheStatistics, type RemovalCause } from './cache-statistics.js';
export { CACHE_METERS, type CacheMeter, type HistogramMeter, prometheusName } from './cache-meters.js';
export { type TimingObserver, TimingObservers } from './timing-observers.js';
