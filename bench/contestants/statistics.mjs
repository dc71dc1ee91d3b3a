// A hit in the process, not awaited: what it costs that it is counted, and that the counters are read.
import { register } from 'node:module';
import { cpuTime, names } from '../harness/rounds.mjs';

const keys = names(64);

/**
 * Runs what `read` resolves to after each round, which is more often than anybody collects. Its own time is not counted in.
 * `isCounted`: whether the calls are to be found in the statistics, or must not.
 */
async function hits(read = () => undefined, isCounted = true) {
  const { library, serviceClass, served } = await import('../harness/library.mjs');
  const { service, manager, container, close } = await served(
    serviceClass({ find: [async (name) => ({ name }), library.Cacheable('book')] }),
    { namespace: `statistics-${process.pid}`, defaults: { ttl: '1h' } },
  );
  for (const key of keys) await service.find(key);
  const reader = await read({ library, manager, container });
  return {
    async round(n) {
      const before = manager.statistics().book.localHits;
      const begun = cpuTime();
      for (let i = 0; i < n; i += 1) void service.find(keys[i & 63]);
      const ns = (cpuTime() - begun) / n;
      await reader?.();
      const counted = manager.statistics().book.localHits - before;
      if (counted !== (isCounted ? n : 0)) throw new Error(`${counted} of ${n} hits were counted.`);
      return { ns };
    },
    close,
  };
}

/** The library without the statements that count: they are taken out of its files as they are loaded. */
export function uncounted() {
  const hooks = `export const load = async (url, context, next) => {
    const module = await next(url, context);
    if (!/[/]lib[/]cache[/](two-tier|local)-cache[.]js$/.test(url)) return module;
    return { ...module, source: String(module.source).replaceAll(/this\\.#counters\\.\\w+ \\+= 1;?/g, ';') };
  };`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
  return hits(undefined, false);
}

export const counted = () => hits();

export const read = () =>
  hits(
    ({ manager }) =>
      () =>
        void manager.statistics(),
  );

const telemetry = () => import(new URL(`../../${process.env.BENCH_BUILD ?? 'build'}/lib/telemetry/index.js`, import.meta.url).href);

/** Bound to OpenTelemetry's SDK, which collects after each round. */
export const metrics = () =>
  hits(async ({ manager }) => {
    const { bindCacheMetrics } = await telemetry();
    const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } =
      await import('@opentelemetry/sdk-metrics');
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    bindCacheMetrics(manager, { meterProvider: new MeterProvider({ readers: [reader] }) });
    return async () => {
      await reader.forceFlush();
      if (exporter.getMetrics().length === 0) throw new Error('Nothing was collected.');
      exporter.reset();
    };
  });

/** With a tracer, which loads and remote steps have spans of. A hit has none. */
export const traces = () =>
  hits(async ({ library, container }) => {
    const { bindCacheTraces } = await telemetry();
    const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new InMemorySpanExporter())] });
    bindCacheTraces(container.get(library.CacheEvents), { tracerProvider });
  });
