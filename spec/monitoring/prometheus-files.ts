import type { Milliseconds } from '../../lib/time/index.js';
import { monitoringFile } from './monitoring-files.js';

/** What a spec replaces in monitoring/prometheus.yml. */
export interface ScrapeOptions {
  /** `host:port` of each instance. */
  readonly targets: readonly string[];
  /** How often they are scraped, and rules evaluated. */
  readonly everyMs: Milliseconds;
  /** The text of alerts.yml. Default: as it is shipped. */
  readonly rules?: string | undefined;
}

/** The files of monitoring/ that Prometheus reads, with other targets and at another pace. */
export function prometheusFiles({
  targets,
  everyMs,
  rules = monitoringFile('alerts.yml'),
}: ScrapeOptions): Readonly<Record<string, string>> {
  const config = replaced(monitoringFile('prometheus.yml'), /15s/g, () => `${everyMs}ms`);
  const list = targets.map((target) => `'${target}'`).join(', ');
  return { 'prometheus.yml': replaced(config, /targets: \[.*\]/g, () => `targets: [${list}]`), 'alerts.yml': rules };
}

/** The rules of monitoring/alerts.yml for a spec that cannot wait: half a second stands for each minute. */
export const hastyRules = (): string => replaced(monitoringFile('alerts.yml'), /\b(\d+)m\b/g, (_, minutes) => `${Number(minutes) * 500}ms`);

function replaced(text: string, pattern: RegExp, by: (...match: readonly string[]) => string): string {
  if (text.search(pattern) < 0) throw new Error(`Found no ${pattern} in '${text}'.`);
  return text.replaceAll(pattern, by);
}
