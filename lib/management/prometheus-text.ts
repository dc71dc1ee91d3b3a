import type { CacheHealth } from '../cache/index.js';
import { CACHE_METERS, type CacheStatistics } from '../event/index.js';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

/** The `content-type` of the format. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The figures of one instance in Prometheus' text format, under the names that OpenTelemetry's exporter would
 * give to the same meters.
 *
 * @param labels - of every sample.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(statistics: Readonly<Record<string, CacheStatistics>>, health: CacheHealth, labels: Labels): string {
  const metrics: Metric[] = CACHE_METERS.map(({ name, kind, description, series }) => ({
    name: `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`,
    kind,
    help: description,
    samples: Object.entries(statistics).flatMap(([cache, figures]) =>
      series.flatMap(({ attributes, value }) => {
        const known = value(figures);
        return known !== undefined && Number.isFinite(known) ? [[{ cache, ...attributes }, known] as const] : [];
      }),
    ),
  }));
  const up = (statuses: CacheHealth['links'], label: string): Metric['samples'] =>
    Object.entries(statuses).map(([name, status]) => [{ [label]: name }, Number(status === 'up')]);
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

function format({ name, kind, help, samples }: Metric, common: Labels): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([labels, value]) => `${name}{${formatLabels({ ...common, ...labels })}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`;
}

const formatLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`)
    .join(',');
