import type { CacheHealth } from '../cache/index.js';
import { CACHE_METERS, type CacheMeter, type CacheStatistics, type Histogram, prometheusName } from '../event/index.js';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  /** Added to the name of the metric. Default: nothing. */
  readonly suffix?: '_bucket' | '_sum' | '_count' | undefined;
  readonly labels: Labels;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly kind: CacheMeter['kind'];
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The `content-type` of the format. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The figures of one instance in Prometheus' text format, under the names that OpenTelemetry's rules for
 * Prometheus give to the same meters; see {@link prometheusName}.
 *
 * @param labels - of every sample.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(statistics: Readonly<Record<string, CacheStatistics>>, health: CacheHealth, labels: Labels): string {
  const metrics: Metric[] = CACHE_METERS.map((meter) => ({
    name: prometheusName(meter),
    kind: meter.kind,
    help: meter.description,
    samples: Object.entries(statistics).flatMap(([cache, figures]) => samplesOf(meter, cache, figures, health)),
  }));
  const up = (statuses: CacheHealth['links'], label: string): Metric['samples'] =>
    Object.entries(statuses).map(([name, status]) => ({ labels: { [label]: name }, value: Number(status === 'up') }));
  metrics.push(
    { name: 'cache_link_up', kind: 'gauge', help: '1 while the connection stands, else 0.', samples: up(health.links, 'link') },
    {
      name: 'cache_up',
      kind: 'gauge',
      help: '1 while the cache works with both tiers, else 0: reads bypass the local tier, or evictions are pending.',
      samples: up(Object.fromEntries(Object.entries(health.caches).map(([name, { status }]) => [name, status])), 'cache'),
    },
  );
  return metrics.map((metric) => format(metric, labels)).join('');
}

function samplesOf(meter: CacheMeter, cache: string, figures: CacheStatistics, { caches }: CacheHealth): readonly Sample[] {
  if (meter.kind === 'histogram') {
    const histogram = meter.value(figures);
    return histogram === undefined ? [] : samplesOfHistogram(histogram, cache);
  }
  return meter.series.flatMap(({ attributes, value }) => {
    const known = value(figures, caches[cache] ?? {});
    return known !== undefined && Number.isFinite(known) ? [{ labels: { cache, ...attributes }, value: known }] : [];
  });
}

/** In Prometheus each range holds what the ranges below it hold, too. */
function samplesOfHistogram({ boundsMs, counts, count, sumMs }: Histogram, cache: string): readonly Sample[] {
  let below = 0;
  const buckets = counts.map((own, i): Sample => {
    const end = boundsMs[i];
    return { suffix: '_bucket', labels: { cache, le: end === undefined ? '+Inf' : String(end / 1_000) }, value: (below += own) };
  });
  return [...buckets, { suffix: '_sum', labels: { cache }, value: sumMs / 1_000 }, { suffix: '_count', labels: { cache }, value: count }];
}

function format({ name, kind, help, samples }: Metric, common: Labels): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ suffix = '', labels, value }) => `${name}${suffix}{${formatLabels({ ...common, ...labels })}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

const formatLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`)
    .join(',');
