import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';

/** The text of a file of monitoring/. */
export const monitoringFile = (name: string): string => readFileSync(join(projectRoot, 'monitoring', name), 'utf8');

/** What this project knows of monitoring/grafana.json. */
export interface Dashboard {
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[] };
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

export const dashboard = (): Dashboard => JSON.parse(monitoringFile('grafana.json')) as Dashboard;

/** Every panel of the dashboard that asks for something. */
export const panels = (): readonly Required<Panel>[] =>
  dashboard().panels.filter((panel): panel is Required<Panel> => panel.targets !== undefined);

/** Every query of the dashboard. */
export const dashboardQueries = (): readonly string[] => [
  ...panels().flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard().annotations.list.map(({ expr }) => expr),
];

/** A query as Grafana sends it: for all instances and caches. */
export const asked = (query: string, rateInterval: string): string =>
  query.replaceAll(/\$(?:instance|cache)\b/g, '.*').replaceAll('$__rate_interval', rateInterval);

/** The metrics of the caches that queries name. */
export const metricsOf = (queries: readonly string[]): readonly string[] => [
  ...new Set(queries.flatMap((query) => query.match(/\bcache_\w+/g) ?? [])),
];

/** An alert of monitoring/alerts.yml, which `promtool` has found to be well-formed. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly runbook: string;
}

export const alerts = (): readonly Alert[] =>
  monitoringFile('alerts.yml')
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((text) => ({
      name: text.slice(0, text.indexOf('\n')),
      expr: / expr: (?:\|\n)?([^]*?)\n {8}\w+:/.exec(text)![1]!,
      runbook: / runbook_url: (\S+)/.exec(text)![1]!,
    }));
