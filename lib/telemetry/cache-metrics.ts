import { type Attributes, type Histogram, metrics, type Meter, type MeterProvider, type Observable } from '@opentelemetry/api';
import type { CacheHealth, CacheManager } from '../cache/index.js';
import { CACHE_METERS, type HistogramMeter, type TimingObserver } from '../event/index.js';
import { SCOPE } from './scope.js';

/** How {@link bindCacheMetrics} measures. */
export interface CacheMetricsOptions {
  /** Default: the globally registered one. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Attributes of every measurement, to tell the managers of one process apart. Default: none. */
  readonly attributes?: Attributes | undefined;
}

const LINK_UP = 'cache.link.up';
const CACHE_UP = 'cache.up';

/**
 * Offers the figures of `manager`'s caches as metrics. Counters and gauges are read when somebody collects:
 * each collection takes one snapshot per cache. The times of loads and the lags of messages are recorded in
 * histograms as they happen, from now on. Caches that are created later are included. Metrics hold no keys
 * and no values.
 *
 * The manager is held weakly: a forgotten binding does not keep a container alive. A reset of the statistics
 * shows as a counter that starts again, which Prometheus' `rate()` allows for. Histograms know no reset, and
 * what they have recorded stays in the meter provider when this has ended.
 *
 * @param manager - as bound in the container: `container.get(CacheManager)`.
 * @returns a function that ends it. Call it before the meter provider is shut down, or not at all.
 */
export function bindCacheMetrics(
  manager: CacheManager,
  { meterProvider = metrics.getMeterProvider(), attributes = {} }: CacheMetricsOptions = {},
): () => void {
  const meter = meterProvider.getMeter(SCOPE);
  const gauge = (name: string, description: string): Observable => meter.createObservableGauge(name, { unit: '1', description });
  const instruments = CACHE_METERS.flatMap((each) => {
    if (each.kind === 'histogram') return [];
    const { name, kind, series, unit, description } = each;
    const options = { unit, description };
    const observable = kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
    return [{ observable, series }];
  });
  const linkUp = gauge(LINK_UP, '1 while the connection stands, else 0.');
  const cacheUp = gauge(
    CACHE_UP,
    '1 while the cache works with both tiers, else 0: reads bypass the local tier, or evictions are pending.',
  );
  const observables = [...instruments.map(({ observable }) => observable), linkUp, cacheUp];

  const held = new WeakRef(manager);
  const collect: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const target = held.deref();
    if (target === undefined) return unbind();
    const { links, caches }: CacheHealth = target.health();
    for (const [cache, statistics] of Object.entries(target.statistics())) {
      for (const { observable, series } of instruments) {
        for (const one of series) {
          const value = one.value(statistics, caches[cache] ?? {});
          if (Number.isFinite(value)) result.observe(observable, value as number, { ...attributes, cache, ...one.attributes });
        }
      }
    }
    for (const [link, status] of Object.entries(links)) result.observe(linkUp, Number(status === 'up'), { ...attributes, link });
    for (const [cache, { status }] of Object.entries(caches)) result.observe(cacheUp, Number(status === 'up'), { ...attributes, cache });
  };
  const endTimes = manager.observe(histograms(meter, attributes));
  const unbind = (): void => {
    endTimes();
    meter.removeBatchObservableCallback(collect, observables);
  };
  meter.addBatchObservableCallback(collect, observables);
  return unbind;
}

/** Records times in histograms, as they happen. */
function histograms(meter: Meter, attributes: Attributes): TimingObserver {
  const made = new Map<HistogramMeter['told'], Histogram>();
  for (const each of CACHE_METERS) {
    if (each.kind !== 'histogram') continue;
    const { name, unit, description, boundsMs, told } = each;
    const advice = { explicitBucketBoundaries: boundsMs.map((ms) => ms / 1_000) };
    made.set(told, meter.createHistogram(name, { unit, description, advice }));
  }
  const record = (told: HistogramMeter['told'], cache: string, ms: number): void =>
    made.get(told)?.record(ms / 1_000, { ...attributes, cache });
  return {
    loaded: (cache, tookMs) => record('loaded', cache, tookMs),
    applied: (cache, lagMs) => record('applied', cache, lagMs),
  };
}
