import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { conclude } from '../../samples/settings/conclusion.js';
import { DatabaseOutage } from '../../samples/settings/database-outage.js';
import { OutageAct, type OutageResult } from '../../samples/settings/outage-act.js';
import { settingsFleet } from '../../samples/settings/settings-fleet.js';
import { SettingsStore } from '../../samples/settings/settings-store.js';
import { judge } from '../../samples/settings/verdict.js';
import { Timeline } from '../../samples/support/timeline.js';

const NAMES = ['server-1', 'server-2', 'server-3'];
const plain = (_colour: unknown, text: string): string => text;

/** What stands before a server, and changes what it is asked or what it answers. */
type Middleman = (ask: (query: string) => Promise<Response>, path: string, query: string) => Promise<Response>;

const honest: Middleman = (ask, _path, query) => ask(query);

/** As caches before servers do: once it has seen a value, it tells of no error, whatever was evicted. */
function keeping(): Middleman {
  const kept = new Map<string, { readonly body: string; readonly headers: Headers }>();
  return async (ask, path, query) => {
    const response = await ask(query);
    const body = await response.text();
    if (query !== '') return new Response(body, response);
    if (response.ok) kept.set(path, { body, headers: response.headers });
    const old = kept.get(path);
    return old === undefined ? new Response(body, response) : new Response(old.body, { headers: old.headers });
  };
}

/** It allows no old value, whoever would. */
const strict: Middleman = (ask) => ask('?stale=no');

/** The act, told by three embedded servers, each behind such a one. */
async function tell(makeMiddleman: () => Middleman): Promise<OutageResult & { readonly code: number; readonly lines: readonly string[] }> {
  const home = mkdtempSync(join(tmpdir(), 'inversify-cache-outage-'));
  const file = join(home, 'settings.db');
  const store = await SettingsStore.open(file);
  const outage = await DatabaseOutage.open(file);
  const backend = { description: '', redis: undefined, env: {}, server: undefined };
  const fleet = settingsFleet({ port: 0, file, token: 't0ken', backend, links: undefined });
  const gates: Server[] = [];
  try {
    await fleet.start();
    const servers = [];
    for (const { name, url } of fleet.servers) {
      const gate = await openGate(url, makeMiddleman());
      gates.push(gate);
      const opened = { name, url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}` };
      servers.push({ ...opened, start: async () => {}, kill: async () => {}, stop: async () => {} });
    }
    // Instances of one process share what is stored, and another spec may have left something.
    const headers = { authorization: 'Bearer t0ken' };
    for (const name of ['page-size', 'banner']) {
      await fetch(`${fleet.servers[0]?.url}/admin/cached-settings/${name}`, { method: 'DELETE', headers });
    }
    const timeline = new Timeline(() => undefined, plain);
    const act = new OutageAct({ fleet: { servers, notices: fleet.notices }, outage, store, token: 't0ken', timeline });
    const result = await act.tell();
    const lines: string[] = [];
    const verdict = judge(result.answers, [{ server: 'server-1', way: 'board', afterMs: 1 }], result.outage);
    const code = conclude(verdict, (line) => lines.push(line), plain);
    return { ...result, code, lines };
  } finally {
    for (const gate of gates) {
      gate.closeAllConnections();
      gate.close();
    }
    await fleet.stop();
    outage.close();
    store.close();
    rmSync(home, { recursive: true });
  }
}

async function openGate(target: string, middleman: Middleman): Promise<Server> {
  const gate = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '', target);
    const { authorization = '' } = request.headers;
    const ask = (query: string): Promise<Response> =>
      fetch(`${target}${pathname}${query}`, { method: request.method ?? 'GET', headers: { authorization } });
    const isRead = pathname.startsWith('/recent-settings/');
    void (isRead ? middleman(ask, pathname, search) : ask(search)).then(
      async (answer) => {
        response.writeHead(answer.status, { 'x-cache': answer.headers.get('x-cache') ?? '' });
        response.end(await answer.text());
      },
      (error: unknown) => response.destroy(error as Error),
    );
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  return gate;
}

const namesOf = (answers: OutageResult['outage']['evicted']): readonly string[] => answers.map(({ server, name }) => `${server} ${name}`);
const each = (name: string): readonly string[] => NAMES.map((server) => `${server} ${name}`);

describe(OutageAct.name, function () {
  this.timeout(60_000);
  this.retries(2); // Its servers run in real time: where the machine stands still, leases lapse.

  it('finds nothing to complain of where the servers answer for themselves', async () => {
    const { outage, answers, code } = await tell(() => honest);
    expect(outage).to.deep.include({ strict: 6, withheld: 3, evicted: [], refused: [], unwanted: [], isGood: true });
    expect(outage.stale).to.be.at.least(9);
    expect(outage.told).to.be.at.least(6);
    expect(answers.map(({ setting }) => `${setting.name} v${setting.version}`)).to.deep.equal(
      ['page-size v1', 'banner v1', 'page-size v2', 'banner v2'].flatMap((text) => NAMES.map(() => text)),
    );
    expect(code).to.equal(0);
  });

  it('fails if the evicted value is served, as it is by what keeps values and hears of no eviction', async () => {
    const { outage, code, lines } = await tell(keeping);
    expect(namesOf(outage.evicted)).to.deep.equal(each('banner'));
    expect({ refused: outage.refused, unwanted: outage.unwanted, isGood: outage.isGood }).to.deep.equal({
      refused: [],
      unwanted: [],
      isGood: false,
    });
    expect(code).to.equal(1);
    expect(lines).to.include.members(NAMES.map((server) => `Evicted, and served: ${server}, banner v1.`));
  });

  it('fails if a known value is refused to callers who allow it', async () => {
    const { outage, code, lines } = await tell(() => strict);
    expect(namesOf(outage.refused)).to.deep.equal([...each('page-size'), ...each('banner'), ...each('page-size')]);
    expect(outage).to.include({ stale: 0, told: 0, isGood: false });
    expect(code).to.equal(1);
    expect(lines).to.include.members([
      'Known, and refused: server-1, page-size.',
      'Without the database, no answer was the last known value.',
      'Without the database, no server told of one.',
    ]);
  });
});
