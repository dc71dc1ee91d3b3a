// Makes monitoring/grafana.json: `npm run dashboard`. A panel is a line or two here, and some forty lines there.
// spec/monitoring/dashboard.spec.ts fails while the file is out of date, and where a metric of docs/operations.md has
// no panel.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const FILE = fileURLToPath(new URL('../monitoring/grafana.json', import.meta.url));

/** The series of the instances and caches that were chosen. */
const of = (metric) => `${metric}{instance=~"$instance", cache=~"$cache"}`;
const rate = (metric) => `rate(${of(metric)}[$__rate_interval])`;
const state = (metric, aggregate = 'max') => ({
  expr: `${aggregate} by (instance, cache) (${of(metric)})`,
  legend: '{{instance}} {{cache}}',
});
/** How often, or how long in a second: by instance, cache and the labels named. */
const pace = (metric, ...labels) => ({
  expr: `sum by (${['instance', 'cache', ...labels].join(', ')}) (${rate(metric)})`,
  legend: ['instance', 'cache', ...labels].map((label) => `{{${label}}}`).join(' '),
});
const quantile = (q, metric) => ({
  expr: `histogram_quantile(${q}, sum by (instance, cache, le) (${rate(`${metric}_bucket`)}))`,
  legend: `p${q * 100} {{instance}} {{cache}}`,
});
const buckets = (metric) => ({
  expr: `sum by (le) (increase(${of(`${metric}_bucket`)}[$__rate_interval]))`,
  legend: '{{le}}',
  isHeatmap: true,
});

const UP = { unit: 'none', states: { 0: ['red', 'not up'], 1: ['green', 'up'] } };
const IN_TROUBLE = (word) => ({ unit: 'none', states: { 0: ['green', 'no'], 1: ['red', word] } });

/** What the dashboard shows, in its order: rows of panels, which have a title, a unit, what to think of it, and queries. */
const ROWS = {
  'The promise': [
    {
      title: 'Age of the proof, beside the bound',
      unit: 's',
      isWide: true,
      says: 'No read of the local tier is staler than this. Where the age crosses the bound (dashed), the instance serves nothing from L1.',
      queries: [
        state('cache_coherence_proven_age_seconds'),
        { expr: `max by (cache) (${of('cache_coherence_bound_seconds')})`, legend: 'bound {{cache}}' },
      ],
      dashed: '/^bound /',
    },
    {
      title: 'Evictions pending',
      unit: 'short',
      says: 'Evicted keys and tags that Redis has not acknowledged. They are repeated. Above zero for minutes: others may serve old values.',
      queries: [state('cache_coherence_pending')],
      limit: 1,
    },
    {
      title: 'Share of time in bypass',
      unit: 'percentunit',
      says: 'The time in which L1 could not be served. More than 5 % is worth an alert.',
      queries: [pace('cache_coherence_bypass_duration_seconds_total')],
      limit: 0.05,
    },
    { title: 'Caches up', ...UP, says: 'Both tiers work, and nothing is pending.', queries: [state('cache_up', 'min')] },
    {
      title: 'Links up',
      ...UP,
      says: 'The connections to Redis.',
      queries: [{ expr: 'min by (instance, link) (cache_link_up{instance=~"$instance"})', legend: '{{instance}} {{link}}' }],
    },
    {
      title: 'Heartbeats refused',
      ...IN_TROUBLE('refused'),
      says: 'Redis answers heartbeats with an error: a right is missing, or the server is a replica.',
      queries: [state('cache_coherence_refused')],
    },
    {
      title: 'Breaker',
      ...IN_TROUBLE('open'),
      says: 'Open while steps on Redis are refused, because too many have failed.',
      queries: [state('cache_breaker_open')],
    },
  ],
  Reads: [
    {
      title: 'Reads by result',
      unit: 'ops',
      isWide: true,
      says: '`hit` by tier, `miss`, and `joined`: reads that waited for a load that was running.',
      queries: [pace('cache_gets_total', 'result', 'tier')],
      isStacked: true,
    },
    {
      title: 'Share of reads that a tier answered',
      unit: 'percentunit',
      says: 'Of all reads. The rest waited for the method.',
      queries: [
        {
          expr: `sum by (instance, cache, tier) (${rate('cache_gets_total').replace('{', '{result="hit", ')}) / ignoring (tier) group_left sum by (instance, cache) (${rate('cache_gets_total')})`,
          legend: '{{instance}} {{cache}} {{tier}}',
        },
      ],
    },
    { title: 'Reads past L1', unit: 'ops', says: 'There was no read lease.', queries: [pace('cache_reads_bypassed_total')] },
    {
      title: 'Stale reads',
      unit: 'ops',
      says: 'Answered with a value whose life had ended, because the method failed or was slow (`staleIfError`).',
      queries: [pace('cache_reads_stale_total')],
    },
  ],
  Loads: [
    { title: 'Loads by result', unit: 'ops', says: 'Runs of the method.', queries: [pace('cache_loads_total', 'result')] },
    {
      title: 'Duration of loads',
      unit: 's',
      says: 'Half of the loads, and 99 in 100, took no longer than this.',
      queries: [quantile(0.5, 'cache_load_duration_seconds'), quantile(0.99, 'cache_load_duration_seconds')],
    },
    { title: 'Durations of loads', unit: 's', says: 'How many loads took how long.', queries: [buckets('cache_load_duration_seconds')] },
    {
      title: 'Reads that waited as long as loadTimeout allows',
      unit: 'ops',
      says: 'The method is slower than `loadTimeout` expects.',
      queries: [pace('cache_load_timeouts_total')],
    },
    {
      title: 'Refreshes by result',
      unit: 'ops',
      says: 'Loads in the background. They count as loads, too.',
      queries: [pace('cache_refreshes_total', 'result')],
    },
  ],
  Evictions: [
    {
      title: 'Invalidations',
      unit: 'ops',
      says: 'Keys and tags that this instance evicted, and times that it cleared the cache.',
      queries: [pace('cache_invalidations_total', 'operation')],
    },
    {
      title: 'Messages applied',
      unit: 'ops',
      says: 'Evictions of all instances, this one included.',
      queries: [pace('cache_coherence_messages_total')],
    },
    {
      title: 'Lag of evictions',
      unit: 's',
      says: 'From the execution on the server until they are applied here: half of them, and 99 in 100.',
      queries: [quantile(0.5, 'cache_coherence_lag_seconds'), quantile(0.99, 'cache_coherence_lag_seconds')],
    },
    {
      title: 'Lags of evictions',
      unit: 's',
      says: 'How many evictions were applied how long after their execution.',
      queries: [buckets('cache_coherence_lag_seconds')],
    },
    {
      title: 'Entries that left L1, by cause',
      unit: 'ops',
      says: '`size`: the cache is full. `coherence`: it could not be proven that they were up to date.',
      queries: [pace('cache_evictions_total', 'cause')],
    },
    {
      title: 'Gaps',
      unit: 'ops',
      says: 'Messages were missed, and their numbers showed it.',
      queries: [pace('cache_coherence_gaps_total')],
    },
    {
      title: 'Repairs',
      unit: 'ops',
      says: 'L1 was emptied, because messages may have been missed.',
      queries: [pace('cache_coherence_repairs_total')],
    },
  ],
  Tiers: [
    { title: 'Entries in L1', unit: 'short', says: '', queries: [state('cache_size')] },
    {
      title: 'Memory of L1',
      unit: 'bytes',
      says: 'The encoded size of its entries, estimated.',
      queries: [state('cache_local_memory_bytes')],
    },
    { title: 'Values written', unit: 'ops', says: 'By `put`, or by loads.', queries: [pace('cache_puts_total', 'source')] },
    {
      title: 'Steps on Redis that failed',
      unit: 'ops',
      says: 'Or were late, and entries that could not be decoded.',
      queries: [pace('cache_remote_failures_total')],
    },
    {
      title: 'Fills refused',
      unit: 'ops',
      says: 'Loaded values that were not stored, because an eviction or another load came between.',
      queries: [pace('cache_fills_refused_total')],
    },
    {
      title: 'Keys being written',
      unit: 'short',
      says: 'No instance caches them until the write has ended (`aroundInvocation`).',
      queries: [state('cache_coherence_withheld')],
    },
    {
      title: 'Values withheld',
      unit: 'ops',
      says: 'They were not stored, because their key was being written.',
      queries: [pace('cache_values_withheld_total')],
    },
    {
      title: 'Entries overtaken',
      unit: 'ops',
      says: 'Entries of L2 that were not served, because a tag of them was evicted since they were loaded.',
      queries: [pace('cache_entries_overtaken_total')],
    },
    {
      title: 'Tags asked for',
      unit: 'ops',
      says: 'Steps that asked Redis when tags were evicted last.',
      queries: [pace('cache_tags_asked_total')],
    },
  ],
};

const WIDTH = 24;
const HEIGHT = 8;
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The text of monitoring/grafana.json. */
export async function dashboardText() {
  const panels = Object.entries(ROWS).reduce(addRow, { all: [], y: 0 }).all;
  const dashboard = {
    title: 'inversify-cache',
    uid: 'inversify-cache',
    description: 'Made by scripts/dashboard.mjs. A panel for each metric of docs/operations.md.',
    tags: ['inversify-cache'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1, // One cross-hair for all panels.
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    annotations: { list: [ALERTS] },
    templating: { list: [DATASOURCE, variable('instance'), variable('cache')] },
    panels: panels.map((panel, i) => ({ id: i + 1, ...panel })),
  };
  return format(JSON.stringify(dashboard), { ...(await resolveConfig(FILE)), parser: 'json' });
}

function addRow({ all, y }, [title, panels]) {
  const row = { type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: WIDTH, h: 1 }, panels: [] };
  let place = { x: 0, y: y + 1 };
  const placed = panels.map((panel) => {
    const w = panel.isWide === true ? WIDTH / 2 : WIDTH / 4;
    if (place.x + w > WIDTH) place = { x: 0, y: place.y + HEIGHT };
    const at = { ...place, w, h: HEIGHT };
    place = { x: place.x + w, y: place.y };
    return panelOf(panel, at);
  });
  return { all: [...all, row, ...placed], y: place.y + HEIGHT };
}

function panelOf({ title, says, unit, queries, states, dashed, isStacked, limit }, gridPos) {
  const common = { title, description: says, gridPos, datasource: SOURCE, targets: queries.map(target) };
  if (queries.some((query) => query.isHeatmap)) return { type: 'heatmap', ...common, options: heatmapLook(unit) };
  if (states !== undefined) {
    const fieldConfig = { defaults: { unit, ...stateLook(states) }, overrides: [] };
    return {
      type: 'state-timeline',
      ...common,
      fieldConfig,
      options: { mergeValues: true, showValue: 'never', rowHeight: 0.8, ...READING },
    };
  }
  const stacking = { mode: isStacked ? 'normal' : 'none', group: 'A' };
  const custom = { lineWidth: 1, fillOpacity: isStacked ? 30 : 0, showPoints: 'never', stacking, ...limitLook(limit) };
  const overrides = dashed === undefined ? [] : [dashedRed(dashed)];
  return {
    type: 'timeseries',
    ...common,
    fieldConfig: { defaults: { unit, min: 0, custom, ...thresholds(limit) }, overrides },
    options: READING,
  };
}

function target({ expr, legend, isHeatmap }, i) {
  const form = isHeatmap ? { format: 'heatmap' } : {};
  return { refId: String.fromCharCode(65 + i), datasource: SOURCE, expr, legendFormat: legend, range: true, ...form };
}

/** The legend, and what is shown where somebody points. */
const READING = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
  tooltip: { mode: 'multi', sort: 'desc' },
};

const heatmapLook = (unit) => ({
  calculate: false, // Prometheus has sorted them into ranges.
  rowsFrame: { layout: 'auto' },
  yAxis: { unit, axisPlacement: 'left', reverse: false },
  color: { mode: 'scheme', scheme: 'Oranges', fill: 'dark-orange', exponent: 0.5, steps: 64, reverse: false },
  cellGap: 1,
  filterValues: { le: 1e-9 },
  exemplars: { color: 'rgba(255,0,255,0.7)' },
  legend: { show: true },
  tooltip: { mode: 'single', yHistogram: false, showColorScale: false },
});

const stateLook = (states) => ({
  color: { mode: 'thresholds' },
  custom: { fillOpacity: 70, lineWidth: 0 },
  mappings: [{ type: 'value', options: Object.fromEntries(Object.entries(states).map(([at, [color, text]]) => [at, { color, text }])) }],
});

const limitLook = (limit) => (limit === undefined ? {} : { thresholdsStyle: { mode: 'line' } });
const thresholds = (limit) =>
  limit === undefined
    ? {}
    : {
        thresholds: {
          mode: 'absolute',
          steps: [
            { color: 'green', value: null },
            { color: 'red', value: limit },
          ],
        },
      };

const dashedRed = (pattern) => ({
  matcher: { id: 'byRegexp', options: pattern },
  properties: [
    { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
  ],
});

/** The alerts of monitoring/alerts.yml, as marks in every panel. */
const ALERTS = {
  name: 'Alerts',
  datasource: SOURCE,
  enable: true,
  iconColor: 'red',
  expr: 'ALERTS{alertname=~"Cache.+", alertstate="firing", instance=~"$instance", cache=~"$cache"}',
  titleFormat: '{{alertname}}',
  textFormat: '{{instance}} {{cache}}',
};

const DATASOURCE = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };

function variable(label) {
  return {
    name: label,
    label: `${label[0].toUpperCase()}${label.slice(1)}`,
    type: 'query',
    datasource: SOURCE,
    query: { query: `label_values(cache_up, ${label})`, refId: label },
    refresh: 2, // Whenever the range of time changes.
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(FILE, await dashboardText());
