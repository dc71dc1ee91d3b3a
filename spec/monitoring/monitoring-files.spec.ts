import 'reflect-metadata';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Container } from 'inversify';
import { enableCaching } from '../../lib/index.js';
import { cacheManagement } from '../../lib/management/index.js';
import { projectRoot } from '../support/project.js';
import { ownNamespace } from '../support/shared-redis.js';
import { alerts, dashboard, dashboardQueries, metricsOf, monitoringFile, panels } from './monitoring-files.js';

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');
const operations = read('docs/operations.md');

/** The names under which Prometheus knows a metric of OpenTelemetry: with its unit, and with what it adds for its kind. */
const namesOf = (metric: string): RegExp => new RegExp(`^${metric.replaceAll('.', '_')}(_seconds|_bytes)?(_total|_bucket|_sum|_count)?$`);

/** The names of the samples of a scrape. */
async function exported(): Promise<ReadonlySet<string>> {
  const container = new Container();
  try {
    const manager = await enableCaching(container, { namespace: ownNamespace(), caches: { book: {} } });
    const book = manager.getCache('book')!;
    await book.getOrLoad('Dune', () => 1);
    await book.evict('Dune'); // Its message has a lag.
    const response = await cacheManagement(container).fetch(new Request('http://localhost/metrics'));
    return new Set([...(await response.text()).matchAll(/^(\w+)\{/gm)].map(([, name]) => name as string));
  } finally {
    await container.unbindAllAsync();
  }
}

describe('monitoring/', () => {
  /** The metrics of the table in docs/operations.md. */
  const documented = [...operations.matchAll(/^\| `(cache\.[\w.]+)` \| (?:counter|gauge|histogram)/gm)].map(([, name]) => name as string);

  it('grafana.json is what scripts/dashboard.mjs makes', async () => {
    const { dashboardText } = await import(pathToFileURL(join(projectRoot, 'scripts/dashboard.mjs')).href);
    expect(monitoringFile('grafana.json'), 'Run `npm run dashboard`').to.equal(await dashboardText());
  });

  it('grafana.json has a panel for each metric of docs/operations.md, and for no other', () => {
    const shown = metricsOf(dashboardQueries());
    expect(documented.length).to.be.greaterThan(20);
    const missing = documented.filter((metric) => !shown.some((name) => namesOf(metric).test(name)));
    const unknown = shown.filter((name) => !documented.some((metric) => namesOf(metric).test(name)));
    expect({ missing, unknown }).to.deep.equal({ missing: [], unknown: [] });
  });

  it('grafana.json has panels with titles of their own, and asks for the instances and caches that were chosen', () => {
    const titles = panels().map(({ title }) => title);
    expect([...new Set(titles)]).to.deep.equal(titles);
    expect(dashboard().templating.list.map(({ name }) => name)).to.deep.equal(['datasource', 'instance', 'cache']);
    for (const query of dashboardQueries()) {
      expect(query).to.include('instance=~"$instance"');
      if (!query.includes('cache_link_up')) expect(query).to.include('cache=~"$cache"');
    }
  });

  it('names metrics that an instance exports, and no other', async () => {
    const known = await exported();
    const named = metricsOf([...alerts().map(({ expr }) => expr), ...dashboardQueries()]);
    expect(named.filter((name) => !known.has(name))).to.deep.equal([]);
  });

  it('alerts.yml has the alerts of the table in docs/operations.md, and each leads to its heading', () => {
    const table = [...operations.matchAll(/^\| \[`(Cache\w+)`\]\(#(\w+)\) \|/gm)].map(([, name, anchor]) => ({ name, anchor }));
    expect(alerts().map(({ name, runbook }) => ({ name, anchor: runbook.split('#')[1] }))).to.deep.equal(table);
    for (const { name, runbook } of alerts()) {
      expect(runbook).to.equal(`node_modules/inversify-cache/docs/operations.md#${name.toLowerCase()}`);
      expect(operations).to.match(new RegExp(`^### ${name}$`, 'm'));
    }
  });

  it('docker-compose.yml mounts files that are there, and runs what prometheus.yml scrapes', () => {
    const compose = read('docker-compose.yml');
    const mounted = [...compose.matchAll(/- '(\.\/monitoring\/\S+?):/g)].map(([, path]) => path as string);
    expect(mounted.length).to.equal(5);
    expect(mounted.filter((path) => !existsSync(join(projectRoot, path)))).to.deep.equal([]);
    for (const [, host, port] of monitoringFile('prometheus.yml').matchAll(/'(\w+):(\d+)'/g)) {
      expect(compose).to.match(new RegExp(`^ {2}${host}:$`, 'm'));
      const first = Number(/'--port', '(\d+)'/.exec(compose)?.[1]);
      expect(Number(port)).to.be.within(first, first + 3);
    }
  });
});
