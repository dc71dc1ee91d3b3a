import { type InputSeries, STEP_SECONDS } from './promtool.js';

/** How long a case lasts. */
export const LENGTH_SECONDS = 1_800;

/** A figure over the time. `undefined`: there is none then. */
export type Course = (seconds: number) => number | undefined;

/** The courses of what the alerts look at, by metric. Those of an instance with nothing to complain of. */
const NORMAL = {
  cache_coherence_proven_age_seconds: () => 0.05,
  cache_coherence_bound_seconds: () => 1,
  cache_coherence_pending: () => 0,
  cache_coherence_refused: () => 0,
  cache_coherence_bypass_duration_seconds_total: () => 0,
  cache_reads_bypassed_total: () => 0,
  'cache_loads_total{result="success"}': (seconds) => seconds,
  'cache_loads_total{result="failure"}': () => 0,
} satisfies Readonly<Record<string, Course>>;

export type Courses = Readonly<Partial<Record<keyof typeof NORMAL, Course>>>;

/** What happens to the cache `book` of the instance `a`, while the instance `b` and the cache `author` are well. */
export interface AlertCase {
  readonly title: string;
  readonly courses: Courses;
  /** Which alerts fire at which times, in seconds. Others fire at no time. */
  readonly firing: Readonly<Record<number, readonly string[]>>;
  /** From here on the instance is gone. */
  readonly goneAt?: number;
  /** From here on the instance has another id, and the same address. */
  readonly restartAt?: number;
}

/** When an instance of an id was there. */
type Life = readonly [from: number, to: number];

/** The label `instance_id` tells one life of an instance from the next. All others stay. */
function seriesOf(where: string, courses: Courses, lives: readonly Life[]): readonly InputSeries[] {
  return Object.entries({ ...NORMAL, ...courses }).flatMap(([metric, course]) => {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(metric) ?? [];
    return lives.map(([from, to], life) => ({
      series: `${name}{job="shop", ${where}, instance_id="life-${life}"${labels === '' ? '' : `, ${labels}`}}`,
      values: values((seconds) => (seconds >= from && seconds < to ? course(seconds) : undefined)),
    }));
  });
}

function values(course: Course): string {
  const words: string[] = [];
  for (let seconds = 0; seconds <= LENGTH_SECONDS; seconds += STEP_SECONDS) {
    const value = course(seconds);
    words.push(value === undefined ? (words.length === 0 || ['_', 'stale'].includes(words.at(-1)!) ? '_' : 'stale') : `${value}`);
  }
  return words.join(' ');
}

/** What Prometheus has scraped in a case. */
export function seriesOfCase({ courses, goneAt = Infinity, restartAt }: AlertCase): readonly InputSeries[] {
  const whole: Life = [0, Infinity];
  const lives: readonly Life[] =
    restartAt === undefined
      ? [[0, goneAt]]
      : [
          [0, restartAt],
          [restartAt, goneAt],
        ];
  return [
    ...seriesOf('instance="a", cache="book"', courses, lives),
    ...seriesOf('instance="a", cache="author"', {}, lives),
    ...seriesOf('instance="b", cache="book"', {}, [whole]),
    ...seriesOf('instance="b", cache="author"', {}, [whole]),
  ];
}

/** From `start` on (and until `end`) another value than before. */
const changed =
  (before: number, then: number, start: number, end = Infinity): Course =>
  (seconds) =>
    seconds >= start && seconds < end ? then : before;

/** Grows by `perSecond` from `start` to `end`. */
const growing =
  (perSecond: number, start: number, end = Infinity): Course =>
  (seconds) =>
    perSecond * Math.max(0, Math.min(seconds, end) - start);

const never: Course = () => undefined;

export const ALERT_CASES: readonly AlertCase[] = [
  { title: 'nothing is wrong', courses: {}, firing: { 0: [], 600: [], 1_800: [] } },

  {
    title: 'no heartbeat comes back for five minutes',
    courses: { cache_coherence_proven_age_seconds: (seconds) => (seconds > 300 && seconds <= 600 ? seconds - 300 : 0.05) },
    firing: { 360: [], 375: ['CacheNotProven'], 600: ['CacheNotProven'], 615: [] },
  },
  {
    title: 'the lease lapses for 45 seconds',
    courses: { cache_coherence_proven_age_seconds: (seconds) => (seconds > 300 && seconds <= 345 ? seconds - 300 : 0.05) },
    firing: { 345: [], 360: [], 375: [], 420: [] },
  },
  {
    title: 'there never was a proof, and reads go past L1',
    courses: { cache_coherence_proven_age_seconds: never, cache_reads_bypassed_total: growing(1, 300) },
    firing: { 300: [], 360: [], 375: ['CacheNotProven'], 1_800: ['CacheNotProven'] },
  },
  {
    title: 'there never was a proof, and nobody reads',
    courses: { cache_coherence_proven_age_seconds: never },
    firing: { 300: [], 1_800: [] },
  },
  {
    title: 'an instance without a proof ends',
    courses: { cache_coherence_proven_age_seconds: never, cache_reads_bypassed_total: growing(1, 540) },
    goneAt: 600,
    firing: { 600: [], 660: [], 840: [] },
  },

  {
    title: 'an eviction is not acknowledged',
    courses: { cache_coherence_pending: changed(0, 3, 300, 600) },
    firing: { 405: [], 420: ['CacheEvictionsPending'], 585: ['CacheEvictionsPending'], 600: [] },
  },
  {
    title: 'an eviction is acknowledged after a minute and a half',
    courses: { cache_coherence_pending: changed(0, 3, 300, 390) },
    firing: { 375: [], 420: [], 435: [] },
  },
  {
    title: 'the process restarts under its address while evictions are pending',
    courses: { cache_coherence_pending: changed(0, 3, 300) },
    restartAt: 360,
    firing: { 360: [], 405: [], 420: ['CacheEvictionsPending'] },
  },
  {
    title: 'an instance with pending evictions ends',
    courses: { cache_coherence_pending: changed(0, 3, 300) },
    goneAt: 450,
    firing: { 435: ['CacheEvictionsPending'], 450: [], 600: [] },
  },

  {
    title: 'the lease lapses again and again, for a tenth of the time',
    courses: { cache_coherence_bypass_duration_seconds_total: growing(0.1, 300) },
    firing: { 960: [], 1_200: ['CacheBypassed'], 1_800: ['CacheBypassed'] },
  },
  {
    title: 'the lease lapses for a hundredth of the time',
    courses: { cache_coherence_bypass_duration_seconds_total: growing(0.01, 0) },
    firing: { 900: [], 1_800: [] },
  },
  {
    title: 'the local tier was not served for four minutes, once',
    courses: { cache_coherence_bypass_duration_seconds_total: growing(1, 300, 540) },
    firing: { 540: [], 795: [], 900: [] },
  },
  {
    title: 'the statistics are reset after a long bypass',
    courses: { cache_coherence_bypass_duration_seconds_total: (seconds) => (seconds < 300 ? 5_000 : 0) },
    firing: { 300: [], 900: [], 1_200: [] },
  },

  {
    title: 'Redis refuses heartbeats',
    courses: { cache_coherence_refused: changed(0, 1, 300, 600) },
    firing: { 345: [], 360: ['CacheHeartbeatsRefused'], 585: ['CacheHeartbeatsRefused'], 600: [] },
  },
  {
    title: 'Redis refuses heartbeats during a failover of 45 seconds',
    courses: { cache_coherence_refused: changed(0, 1, 300, 345) },
    firing: { 345: [], 360: [], 420: [] },
  },

  {
    title: 'every load fails',
    courses: {
      'cache_loads_total{result="success"}': growing(1, 0, 300),
      'cache_loads_total{result="failure"}': growing(1, 300, 900),
    },
    firing: { 600: [], 645: ['CacheLoadsFailing'], 900: ['CacheLoadsFailing'], 1_215: [] },
  },
  {
    title: 'one load in ten fails, in a busy cache',
    courses: { 'cache_loads_total{result="success"}': growing(90, 0), 'cache_loads_total{result="failure"}': growing(10, 300) },
    firing: { 600: [], 1_200: ['CacheLoadsFailing'] },
  },
  {
    title: 'one load in a hundred fails',
    courses: { 'cache_loads_total{result="success"}': growing(99, 0), 'cache_loads_total{result="failure"}': growing(1, 0) },
    firing: { 600: [], 1_800: [] },
  },
  {
    title: 'the only load of the night fails',
    courses: { 'cache_loads_total{result="success"}': () => 40, 'cache_loads_total{result="failure"}': changed(0, 1, 600) },
    firing: { 615: [], 900: [], 1_200: [] },
  },
  {
    title: 'half of the few loads of a night fail',
    courses: {
      'cache_loads_total{result="success"}': (seconds) => Math.floor(seconds / 120),
      'cache_loads_total{result="failure"}': (seconds) => Math.floor(seconds / 120),
    },
    firing: { 600: [], 1_200: [] },
  },
  {
    title: 'a hundred loads fail at one moment',
    courses: { 'cache_loads_total{result="failure"}': changed(0, 100, 600) },
    firing: { 615: [], 885: [], 900: [], 915: [], 1_200: [] },
  },
  {
    title: 'nothing is loaded',
    courses: { 'cache_loads_total{result="success"}': () => 0 },
    firing: { 600: [], 1_800: [] },
  },
  {
    title: 'the process restarts, and its counters begin again',
    courses: {
      'cache_loads_total{result="success"}': (seconds) => (seconds < 600 ? 10_000 + seconds : seconds - 600),
      'cache_loads_total{result="failure"}': (seconds) => (seconds < 600 ? 400 : 0),
      cache_reads_bypassed_total: (seconds) => (seconds < 600 ? 400 : 0),
    },
    restartAt: 600,
    firing: { 600: [], 615: [], 900: [], 1_200: [] },
  },
  {
    title: 'all of it is wrong, and the instance ends',
    courses: {
      cache_coherence_proven_age_seconds: (seconds) => seconds,
      cache_coherence_pending: () => 2,
      cache_coherence_refused: () => 1,
      cache_coherence_bypass_duration_seconds_total: growing(1, 0),
      'cache_loads_total{result="failure"}': growing(1, 0),
    },
    goneAt: 900,
    firing: {
      885: ['CacheBypassed', 'CacheEvictionsPending', 'CacheHeartbeatsRefused', 'CacheLoadsFailing', 'CacheNotProven'],
      1_200: [], // What looks back five minutes does so until now.
    },
  },
];
