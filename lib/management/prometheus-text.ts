import type { CacheHealth } from '../cache/index.js';
import type { CacheStatistics } from '../event/index.js';

type Labels = Readonly<Record<string, string>>;

interface Meter {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number | undefined])[];
}

/** What the format is called, for `content-type`. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The figures of one instance in Prometheus' text format. Names and labels follow Micrometer's cache meters, times are in seconds.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusText(statistics: Readonly<Record<string, CacheStatistics>>, health: CacheHealth, instance: Labels): string {
  const perCache = (samples: (figures: CacheStatistics) => readonly (readonly [Labels, number | undefined])[]): Meter['samples'] =>
    Object.entries(statistics).flatMap(([cache, figures]) =>
      samples(figures).map(([labels, value]) => [{ cache, ...labels }, value] as const),
    );
  const counter = (name: string, help: string, value: (figures: CacheStatistics) => number): Meter => ({
    name,
    type: 'counter',
    help,
    samples: perCache((figures) => [[{}, value(figures)]]),
  });
  const gauge = (name: string, help: string, value: (figures: CacheStatistics) => number | undefined): Meter => ({
    ...counter(name, help, value as (figures: CacheStatistics) => number),
    type: 'gauge',
  });
  const meters: readonly Meter[] = [
    {
      name: 'cache_gets_total',
      type: 'counter',
      help: 'Reads, by what answered them.',
      samples: perCache(({ localHits, remoteHits, misses }) => [
        [{ result: 'hit', tier: 'local' }, localHits],
        [{ result: 'hit', tier: 'remote' }, remoteHits],
        [{ result: 'miss', tier: '' }, misses],
      ]),
    },
    counter('cache_joined_total', 'Reads that joined a load already running.', ({ joined }) => joined),
    {
      name: 'cache_loads_total',
      type: 'counter',
      help: 'Loads, by how they ended.',
      samples: perCache(({ loads, loadFailures }) => [
        [{ outcome: 'success' }, loads - loadFailures],
        [{ outcome: 'failure' }, loadFailures],
      ]),
    },
    counter('cache_load_duration_seconds_total', 'Time spent in loads.', ({ loadTimeMs }) => loadTimeMs / 1_000),
    counter('cache_puts_total', 'Values written by put or putIfAbsent.', ({ puts }) => puts),
    {
      name: 'cache_fills_total',
      type: 'counter',
      help: 'Loaded values, stored in the remote tier or refused because an eviction came between.',
      samples: perCache(({ fills, refusedFills }) => [
        [{ result: 'stored' }, fills],
        [{ result: 'refused' }, refusedFills],
      ]),
    },
    counter('cache_evicted_keys_total', 'Keys this instance evicted itself.', ({ evictions }) => evictions),
    counter('cache_clears_total', 'Times this instance cleared the cache.', ({ clears }) => clears),
    {
      name: 'cache_evictions_total',
      type: 'counter',
      help: 'Entries that left the local tier, by cause.',
      samples: perCache((figures) => [
        [{ cause: 'explicit' }, figures.explicitRemovals],
        [{ cause: 'replaced' }, figures.replacements],
        [{ cause: 'expired' }, figures.expirations],
        [{ cause: 'size' }, figures.sizeRemovals],
        [{ cause: 'remote' }, figures.remoteRemovals],
        [{ cause: 'coherence' }, figures.coherenceRemovals],
      ]),
    },
    counter(
      'cache_messages_applied_total',
      'Messages of evictions and clears that were followed.',
      ({ messagesApplied }) => messagesApplied,
    ),
    gauge('cache_lag_last_seconds', 'How late the newest message was applied.', ({ lastLagMs }) => seconds(lastLagMs)),
    gauge('cache_lag_p99_seconds', 'How late 99 of 100 of the last messages were applied at the most.', ({ p99LagMs }) =>
      seconds(p99LagMs),
    ),
    counter('cache_gaps_total', 'Times messages had been missed.', ({ gaps }) => gaps),
    counter('cache_repairs_total', 'Times the local tier was emptied because messages may have been missed.', ({ repairs }) => repairs),
    counter('cache_bypass_seconds_total', 'Time in which the local tier could not be served.', ({ bypassTimeMs }) => bypassTimeMs / 1_000),
    counter('cache_bypassed_reads_total', 'Reads that could not use the local tier.', ({ bypassed }) => bypassed),
    counter('cache_remote_failures_total', 'Remote steps that failed or were late.', ({ remoteFailures }) => remoteFailures),
    gauge('cache_size', 'Entries in the local tier.', ({ localSize }) => localSize),
    gauge('cache_pending_evictions', 'Evicted keys that wait for an acknowledgement.', ({ pendingEvictions }) => pendingEvictions),
    gauge('cache_breaker_open', 'Whether steps of the remote tier are refused because too many failed.', ({ breaker }) =>
      Number(breaker === 'open'),
    ),
    {
      name: 'cache_up',
      type: 'gauge',
      help: 'Whether the local tier may be served and no eviction waits.',
      samples: Object.entries(health.caches).map(([cache, status]) => [{ cache }, Number(status === 'up')]),
    },
    {
      name: 'cache_link_up',
      type: 'gauge',
      help: 'Whether a connection is there.',
      samples: Object.entries(health.links).map(([link, status]) => [{ link }, Number(status === 'up')]),
    },
  ];
  return meters.map((meter) => format(meter, instance)).join('');
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);

function format({ name, type, help, samples }: Meter, instance: Labels): string {
  const lines = samples
    .filter((sample): sample is readonly [Labels, number] => sample[1] !== undefined)
    .map(([labels, value]) => `${name}{${formatLabels({ ...instance, ...labels })}} ${value}\n`);
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

const formatLabels = (labels: Labels): string =>
  Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`)
    .join(',');
