import { type InputSeries, STEP_SECONDS } from './promtool.js';

/** What an instance answered to `GET /metrics` at one moment. */
export interface Scrape {
  /** Since the beginning; a multiple of {@link STEP_SECONDS}. */
  readonly atSeconds: number;
  /** The label `instance`, which Prometheus adds. */
  readonly instance: string;
  readonly text: string;
}

/** The series that Prometheus makes of scrapes. Where a scrape lacks what the one before it had, the series is marked as stale. */
export function seriesOf(scrapes: readonly Scrape[]): readonly InputSeries[] {
  const all = new Map<string, Map<number, string>>();
  const steps = Math.max(...scrapes.map(({ atSeconds }) => atSeconds)) / STEP_SECONDS;
  for (const { atSeconds, instance, text } of scrapes) {
    for (const [, name, labels, value] of text.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)) {
      const series = `${name}{job="book",instance="${instance}",${labels}}`;
      if (!all.has(series)) all.set(series, new Map());
      all.get(series)!.set(atSeconds / STEP_SECONDS, value!);
    }
  }
  return [...all].map(([series, values]) => ({ series, values: written(values, steps) }));
}

function written(values: ReadonlyMap<number, string>, steps: number): string {
  return Array.from({ length: steps + 1 }, (_, step) => values.get(step) ?? (values.has(step - 1) ? 'stale' : '_')).join(' ');
}
