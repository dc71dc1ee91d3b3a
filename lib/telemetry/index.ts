/**
 * Metrics and traces through `@opentelemetry/api`: the counters of the caches, and spans around steps that
 * take time. This is the entry `inversify-cache/telemetry`, and the only room that imports OpenTelemetry, an
 * optional peer. The rest of the library works without it. Hooks into: `CacheManager.statistics()` and
 * `health()`, read at each collection, and the ports `TimingObserver` and `CacheTracer` of `event/`.
 *
 * @module inversify-cache/telemetry
 */
export { bindCacheMetrics, type CacheMetricsOptions } from './cache-metrics.js';
export { bindCacheTraces, type CacheTracesOptions } from './cache-traces.js';
