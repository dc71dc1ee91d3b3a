/**
 * Metrics and traces through `@opentelemetry/api`: what the caches count, and spans around what takes time. The entry
 * `inversify-cache/telemetry`, and the only room that imports OpenTelemetry, an optional peer; the rest of the library works without it.
 * Hooks into: `CacheManager.statistics()`, read when somebody collects, and the port `CacheTracer` of `event/`.
 *
 * @module inversify-cache/telemetry
 */
export { bindCacheMetrics, type CacheMetricsOptions } from './cache-metrics.js';
export { bindCacheTraces, type CacheTracesOptions } from './cache-traces.js';
