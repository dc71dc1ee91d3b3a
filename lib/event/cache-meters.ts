import type { CacheStatistics } from './cache-statistics.js';
import type { CoherenceProof } from './coherence-proof.js';
import { type Histogram, LAG_BOUNDS_MS, LOAD_BOUNDS_MS } from './histogram.js';
import type { TimingObserver } from './timing-observers.js';

/**
 * One series of a meter: the attributes that tell it from the others, and where its value is. `undefined`:
 * this cache does not count it.
 */
export interface MeterSeries {
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly value: (statistics: CacheStatistics, proof: CoherenceProof) => number | undefined;
}

interface Described {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

/** A number that was counted, or that is measured when somebody looks, of every cache. */
interface SeriesMeter extends Described {
  readonly kind: 'counter' | 'gauge';
  readonly series: readonly MeterSeries[];
}

/** Times of every cache, by range. */
export interface HistogramMeter extends Described {
  readonly kind: 'histogram';
  readonly unit: 's';
  readonly boundsMs: Histogram['boundsMs'];
  /** How often each range has been met. `undefined`: this cache does not count it. */
  readonly value: (statistics: CacheStatistics) => Histogram | undefined;
  /** What tells each time as it happens. */
  readonly told: keyof TimingObserver;
}

/** One measurement of every cache. */
export type CacheMeter = SeriesMeter | HistogramMeter;

/** The suffixes of units in names of Prometheus, as OpenTelemetry's rules for Prometheus have them. */
const SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

/**
 * The name of a meter in Prometheus: with its unit, and `_total` for a counter. (OpenTelemetry's `_ratio` for
 * a gauge that is 0 or 1 is left out.)
 */
export const prometheusName = ({ name, kind, unit }: Pick<CacheMeter, 'name' | 'kind' | 'unit'>): string =>
  `${name.replaceAll('.', '_')}${SUFFIXES[unit] ?? ''}${kind === 'counter' ? '_total' : ''}`;

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);

/**
 * Names, and the attribute `cache`, are those of Micrometer where it has them (`CacheMeterBinder`), so
 * that its dashboards fit.
 */
export const CACHE_METERS: readonly CacheMeter[] = [
  {
    name: 'cache.gets',
    kind: 'counter',
    unit: '{read}',
    description: 'Reads, by their result; `joined` waited for a load that was running already.',
    series: [
      { attributes: { result: 'hit', tier: 'local' }, value: ({ localHits }) => localHits },
      { attributes: { result: 'hit', tier: 'remote' }, value: ({ remoteHits }) => remoteHits },
      { attributes: { result: 'miss' }, value: ({ misses }) => misses },
      { attributes: { result: 'joined' }, value: ({ joined }) => joined },
    ],
  },
  {
    name: 'cache.puts',
    kind: 'counter',
    unit: '{value}',
    description: 'Values written: by `put`, or by a load into the remote tier.',
    series: [
      { attributes: { source: 'put' }, value: ({ puts }) => puts },
      { attributes: { source: 'load' }, value: ({ fills }) => fills },
    ],
  },
  {
    name: 'cache.evictions',
    kind: 'counter',
    unit: '{entry}',
    description: 'Entries that left the local tier, by cause.',
    series: [
      { attributes: { cause: 'explicit' }, value: ({ explicitRemovals }) => explicitRemovals },
      { attributes: { cause: 'replaced' }, value: ({ replacements }) => replacements },
      { attributes: { cause: 'expired' }, value: ({ expirations }) => expirations },
      { attributes: { cause: 'size' }, value: ({ sizeRemovals }) => sizeRemovals },
      { attributes: { cause: 'remote' }, value: ({ remoteRemovals }) => remoteRemovals },
      { attributes: { cause: 'coherence' }, value: ({ coherenceRemovals }) => coherenceRemovals },
    ],
  },
  {
    name: 'cache.invalidations',
    kind: 'counter',
    unit: '{request}',
    description: 'Keys and tags this instance evicted itself, and times it cleared the cache.',
    series: [
      { attributes: { operation: 'evict' }, value: ({ evictions }) => evictions },
      { attributes: { operation: 'evictTagged' }, value: ({ tagEvictions }) => tagEvictions },
      { attributes: { operation: 'clear' }, value: ({ clears }) => clears },
    ],
  },
  {
    name: 'cache.size',
    kind: 'gauge',
    unit: '{entry}',
    description: 'Entries in the local tier.',
    series: [{ value: ({ localSize }) => localSize }],
  },
  {
    name: 'cache.local.memory',
    kind: 'gauge',
    unit: 'By',
    description: 'What the values in the local tier take when they are encoded: an estimate.',
    series: [{ value: ({ localBytes }) => localBytes }],
  },
  {
    name: 'cache.loads',
    kind: 'counter',
    unit: '{load}',
    description: 'Loads, by their result.',
    series: [
      { attributes: { result: 'success' }, value: ({ loads, loadFailures }) => Math.max(0, loads - loadFailures) },
      { attributes: { result: 'failure' }, value: ({ loadFailures }) => loadFailures },
    ],
  },
  {
    name: 'cache.load.duration',
    kind: 'histogram',
    unit: 's',
    description: 'How long the loads took that have ended, well or not.',
    boundsMs: LOAD_BOUNDS_MS,
    value: ({ loadTimes }) => loadTimes,
    told: 'loaded',
  },
  {
    name: 'cache.load.timeouts',
    kind: 'counter',
    unit: '{read}',
    description: 'Reads that waited as long as `loadTimeout` allows.',
    series: [{ value: ({ loadTimeouts }) => loadTimeouts }],
  },
  {
    name: 'cache.refreshes',
    kind: 'counter',
    unit: '{load}',
    description: 'Loads in the background of values that were still served, by their result.',
    series: [
      { attributes: { result: 'success' }, value: ({ refreshes, refreshFailures }) => Math.max(0, refreshes - refreshFailures) },
      { attributes: { result: 'failure' }, value: ({ refreshFailures }) => refreshFailures },
    ],
  },
  {
    name: 'cache.reads.stale',
    kind: 'counter',
    unit: '{read}',
    description: 'Reads answered with a value whose life had ended, because the method failed or was slow.',
    series: [{ value: ({ servedStale }) => servedStale }],
  },
  {
    name: 'cache.fills.refused',
    kind: 'counter',
    unit: '{value}',
    description: 'Loaded values that were not stored, because an eviction or another load came between.',
    series: [{ value: ({ refusedFills }) => refusedFills }],
  },
  {
    name: 'cache.values.withheld',
    kind: 'counter',
    unit: '{value}',
    description: 'Loaded or put values that were not stored, because their key was being written.',
    series: [{ value: ({ withheld }) => withheld }],
  },
  {
    name: 'cache.entries.overtaken',
    kind: 'counter',
    unit: '{entry}',
    description: 'Entries of the remote tier that were not served, because a tag of them was evicted since they were loaded.',
    series: [{ value: ({ overtaken }) => overtaken }],
  },
  {
    name: 'cache.tags.asked',
    kind: 'counter',
    unit: '{step}',
    description: 'Steps that asked the remote tier when tags were evicted last.',
    series: [{ value: ({ tagReads }) => tagReads }],
  },
  {
    name: 'cache.reads.bypassed',
    kind: 'counter',
    unit: '{read}',
    description: 'Reads that could not use the local tier, because the read lease had lapsed.',
    series: [{ value: ({ bypassed }) => bypassed }],
  },
  {
    name: 'cache.remote.failures',
    kind: 'counter',
    unit: '{step}',
    description: 'Steps on the remote tier that failed or were late.',
    series: [{ value: ({ remoteFailures }) => remoteFailures }],
  },
  {
    name: 'cache.coherence.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages of evictions and clears that were followed.',
    series: [{ value: ({ messagesApplied }) => messagesApplied }],
  },
  {
    name: 'cache.coherence.lag',
    kind: 'histogram',
    unit: 's',
    description: 'Time from the execution of an eviction to its application here, by the estimated clock of the server.',
    boundsMs: LAG_BOUNDS_MS,
    value: ({ lags }) => lags,
    told: 'applied',
  },
  {
    name: 'cache.coherence.proven.age',
    kind: 'gauge',
    unit: 's',
    description: 'No read is staler than this: the time since the newest heartbeat was sent whose echo has come back.',
    series: [{ value: (_statistics, { provenMs }) => seconds(provenMs) }],
  },
  {
    name: 'cache.coherence.bound',
    kind: 'gauge',
    unit: 's',
    description: 'The option `bound`: beyond it the local tier is bypassed.',
    series: [{ value: (_statistics, { boundMs }) => seconds(boundMs) }],
  },
  {
    name: 'cache.coherence.refused',
    kind: 'gauge',
    unit: '1',
    description: '1 while Redis answers heartbeats with an error, so that nothing new is proven, else 0.',
    series: [
      {
        value: (_statistics, { boundMs, isHeartbeatRefused }) => (boundMs === undefined ? undefined : Number(isHeartbeatRefused === true)),
      },
    ],
  },
  {
    name: 'cache.coherence.gaps',
    kind: 'counter',
    unit: '{gap}',
    description: 'Times the numbers of messages showed that some had been missed.',
    series: [{ value: ({ gaps }) => gaps }],
  },
  {
    name: 'cache.coherence.repairs',
    kind: 'counter',
    unit: '{repair}',
    description: 'Times the local tier was emptied because messages may have been missed.',
    series: [{ value: ({ repairs }) => repairs }],
  },
  {
    name: 'cache.coherence.bypass.duration',
    kind: 'counter',
    unit: 's',
    description: 'Time in which the local tier could not be served, from the first lease on.',
    series: [{ value: ({ bypassTimeMs }) => seconds(bypassTimeMs) }],
  },
  {
    name: 'cache.coherence.pending',
    kind: 'gauge',
    unit: '{key}',
    description: 'Evicted keys that wait for an acknowledgement and are being retried.',
    series: [{ value: ({ pendingEvictions }) => pendingEvictions }],
  },
  {
    name: 'cache.coherence.withheld',
    kind: 'gauge',
    unit: '{key}',
    description: 'Keys that are withheld from all instances, because this one is writing them.',
    series: [{ value: ({ withheldKeys }) => withheldKeys }],
  },
  {
    name: 'cache.breaker.open',
    kind: 'gauge',
    unit: '1',
    description: '1 while steps on the remote tier are refused because too many have failed, else 0.',
    series: [{ value: ({ breaker }) => (breaker === undefined ? undefined : Number(breaker === 'open')) }],
  },
];
