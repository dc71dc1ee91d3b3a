import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Container } from 'inversify';
import { type Cache, CacheManager, enableCaching } from '../../lib/index.js';
import { type CacheManagement, cacheManagement, type CacheManagementOptions } from '../../lib/management/index.js';
import { type BrowserContext, type ContextOptions, type Page, sharedBrowser } from '../support/browser.js';
import { PATIENT } from '../support/patient.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait.js';

const NAMES = ['server-1', 'server-2', 'server-3', 'server-4'];

/** Resolves once `script` is true in the page. By asking again: Playwright's own way needs an `eval` that the page's policy forbids. */
const holds = (page: Page, script: string): Promise<void> =>
  waitFor(() => page.evaluate<boolean>(`Boolean(${script})`), { what: script, everyMs: 50 });

describe('the console', function () {
  this.timeout(60_000);

  let containers: Container[];
  let proxies: TcpProxy[];
  let server: Server;
  let management: CacheManagement;
  let origin: string;
  let contexts: BrowserContext[];
  let namespace: string;
  /** Whatever the pages complained of, and wherever they asked elsewhere. */
  let complaints: string[];

  const cacheOf = (i: number, name = 'book'): Cache => containers[i]!.get(CacheManager).getCache(name)!;

  const open = async (options: ContextOptions = {}): Promise<Page> => {
    const context = await (await sharedBrowser()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
    contexts.push(context);
    const page = await context.newPage();
    page.on('console', (message) => void (message.type() === 'log' || complaints.push(`${message.type()}: ${message.text()}`)));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => void (request.url().startsWith(origin) || complaints.push(`asks ${request.url()}`)));
    await page.goto(`${origin}/cache/console`);
    return page;
  };

  /** Resolves once the page shows every instance, in this state. */
  const shows = async (page: Page, states: Readonly<Record<string, string>>): Promise<void> => {
    await holds(
      page,
      `Object.entries(${JSON.stringify(states)}).every(([name, state]) => document.querySelector('[data-instance="' + name + '"] .state')?.textContent === state)`,
    );
  };
  const allServing = Object.fromEntries(NAMES.map((name) => [name, 'Serving']));

  const serve = async (options: CacheManagementOptions): Promise<void> => {
    management = cacheManagement(containers[0]!, { basePath: '/cache', ...options });
    server = createServer((request, response) => management.node(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  beforeEach(async () => {
    [containers, proxies, contexts, complaints] = [[], [], [], []];
    const { port } = await sharedRedis();
    namespace = ownNamespace('console');
    for (const instanceId of NAMES) {
      const proxy = await TcpProxy.start(port);
      const container = new Container();
      proxies.push(proxy);
      containers.push(container);
      const redis = `redis://127.0.0.1:${proxy.port}`;
      await enableCaching(container, { ...PATIENT, redis, namespace, instanceId, caches: { book: {}, author: {} } });
    }
    await serve({ allowWrites: true });
  });

  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    management.close();
    server.close();
    server.closeAllConnections();
    await Promise.all(containers.map((container) => container.unbindAllAsync()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  it('shows an eviction arrive on every instance, and after how long', async () => {
    const page = await open();
    await shows(page, allServing);
    await cacheOf(1).evictAll(['Dune', ['Emma', 2]]);
    const entry = page.locator('#feed .entry').first();
    await holds(page, `document.querySelectorAll('#feed .entry .applied li[data-state="applied"]').length === 4`);
    const told = await entry.locator('.applied li').allTextContents();
    expect(told.map((text) => text.split(' ')[0])).to.deep.equal(NAMES);
    for (const text of told) expect(text).to.match(/^server-\d \d+(\.\d+)?\u00a0m?s$/);
    expect(await entry.locator('.key').allTextContents()).to.deep.equal(['Dune', '~["Emma",2]']);
    expect(await entry.locator('.from').textContent()).to.equal('by server-2');
    expect(complaints).to.deep.equal([]);
  });

  it('shows figures that agree with what was done, with the JSON and with the Prometheus text', async () => {
    // Counted by hand: 3 loads, 5 local hits, 2 remote hits, of 10 reads.
    for (const key of ['Dune', 'Emma', 'Kim']) await cacheOf(0).getOrLoad(key, () => key);
    for (let i = 0; i < 5; i += 1) await cacheOf(0).get('Dune');
    for (const key of ['Dune', 'Emma']) await cacheOf(3).get(key);
    await cacheOf(2).evict('Kim');
    const page = await open();
    await shows(page, allServing);
    const figure = async (name: string): Promise<string | null> =>
      page.locator(`[data-cache="book"] [data-figure="${name}"]`).textContent();
    const read = async (): Promise<object> =>
      Object.fromEntries(
        await Promise.all(
          ['localHits', 'remoteHits', 'misses', 'loads', 'fills', 'localSize', 'localShare'].map(async (name) => [
            name,
            await figure(name),
          ]),
        ),
      );
    const expected = { localHits: '5', remoteHits: '2', misses: '3', loads: '3', fills: '3', localSize: '4', localShare: '50.0\u00a0%' };
    await waitFor(async () => JSON.stringify(await read()) === JSON.stringify(expected), { what: 'the figures' }).catch(() => undefined);
    expect(await read()).to.deep.equal(expected);

    const { instances } = (await (await fetch(`${origin}/cache/fleet`)).json()) as any;
    const sum = (name: string): number =>
      instances.reduce((total: number, { status }: any) => total + status.caches.book.statistics[name], 0);
    expect(['localHits', 'remoteHits', 'misses', 'loads', 'fills', 'localSize'].map(sum)).to.deep.equal([5, 2, 3, 3, 3, 4]);
    const { statistics } = (await (await fetch(`${origin}/cache/caches/book`)).json()) as any;
    expect(statistics).to.include({ localHits: 5, remoteHits: 0, misses: 3, loads: 3 });
    const metrics = await (await fetch(`${origin}/cache/metrics`)).text();
    expect(metrics).to.include('cache_gets_total{instance_id="server-1",cache="book",result="hit",tier="local"} 5\n');
    expect(metrics).to.include('cache_loads_total{instance_id="server-1",cache="book",result="success"} 3\n');
    expect(complaints).to.deep.equal([]);
  });

  it('shows an instance whose link is cut go into bypass, and come back', async () => {
    const page = await open();
    await shows(page, allServing);
    proxies[2]!.cut();
    await shows(page, { ...allServing, 'server-3': 'Bypass' });
    expect((await cacheOf(2).inspect('Dune'))?.isServing, 'really').to.equal(false);
    await cacheOf(0).evict('Dune');
    await holds(page, `document.querySelector('#feed .applied li[data-state="unheard"]')?.textContent === 'server-3 not heard'`);
    proxies[2]!.heal();
    await shows(page, allServing);
    await holds(page, `[...document.querySelectorAll('#feed .applied li')].some((li) => li.textContent === 'server-3 emptied its L1')`);
    await holds(
      page,
      `[...document.querySelectorAll('#feed .what')].some((line) => line.textContent.includes('server-3serves the local tier of book again'))`,
    );
    expect(complaints).to.deep.equal([]);
  });

  it('says so when the instance that it looks through has lost its own link', async () => {
    const page = await open();
    await shows(page, allServing);
    proxies[0]!.cut();
    await page.locator('#notice').waitFor({ state: 'visible' });
    expect(await page.locator('#notice').textContent()).to.equal(
      'This page looks through server-1, which has lost its link: the other instances cannot be seen now.',
    );
    await shows(page, { 'server-1': 'Bypass' });
    proxies[0]!.heal();
    await page.locator('#notice').waitFor({ state: 'hidden' });
    await shows(page, allServing);
    expect(complaints).to.deep.equal([]);
  });

  it('looks up a key, and evicts it, by keyboard alone', async () => {
    await cacheOf(0).put('Dune', 1);
    await cacheOf(0).get('Dune');
    const page = await open();
    await shows(page, allServing);
    await page.locator('#look-cache').selectOption('book');
    await page.locator('#look-key').fill('Dune');
    await page.locator('#look-key').press('Enter');
    const tier = (name: string) => page.locator(`#look-result [data-tier="${name}"]`);
    await tier('local').waitFor();
    expect(await tier('local').textContent()).to.match(/^held, \d+\.\d\u00a0s left$/);
    expect(await tier('remote').textContent()).to.match(/^held, \d+\.\d\u00a0s left$/);
    await page.locator('#look-evict').press('Enter');
    await holds(page, `document.querySelector('#look-result [data-tier="remote"]')?.textContent === 'not held'`);
    expect(await cacheOf(3).get('Dune')).to.equal(undefined);
    await page.locator('#look-key').fill('~[');
    await page.locator('#look-key').press('Enter');
    await holds(page, `document.querySelector('#look-result .error')?.textContent.startsWith('"~[" is not a key as the cache writes it.')`);
    // The one complaint is the browser's own, of the answer 400.
    expect(complaints.filter((each) => !each.includes('400 (Bad Request)'))).to.deep.equal([]);
  });

  it('clears a cache once that is confirmed, and not before', async () => {
    await cacheOf(0).put('Dune', 1);
    const page = await open();
    await shows(page, allServing);
    const clear = page.locator('[data-cache="book"] button');
    await clear.click();
    await page.locator('#confirm button[value="no"]').click();
    expect(await cacheOf(1).get('Dune')).to.deep.equal({ value: 1 });
    await clear.click();
    await page.locator('#confirm-yes').click();
    await holds(page, `[...document.querySelectorAll('#feed .what')].some((line) => line.textContent.includes('cleared'))`);
    expect(await cacheOf(1).get('Dune')).to.equal(undefined);
    expect(complaints).to.deep.equal([]);
  });

  it('shows keys as text, whatever is in them', async () => {
    const page = await open();
    await shows(page, allServing);
    const nasty = '<img src=x onerror="document.title=\'gone\'"><script>document.title="gone"</script>';
    await cacheOf(1).evict(nasty);
    await page.locator('#feed .key').first().waitFor();
    expect(await page.locator('#feed .key').first().textContent()).to.equal(nasty);
    await page.locator('#feed .key').first().click();
    await page.locator('#look-result .key').waitFor();
    expect(await page.locator('#look-result .key').textContent()).to.equal(nasty);
    expect(await page.locator('main img, main script').count()).to.equal(0);
    expect(await page.evaluate('document.title')).to.equal('Cache console');
    expect(complaints).to.deep.equal([]);
  });

  it('lives on, whatever is published on the topics of the fleet', async () => {
    const page = await open();
    await shows(page, allServing);
    const evicted = { at: Date.now(), kind: 'evicted', cache: 'book', keys: ['Dune'], count: 1, origin: 'x', seq: 1, lagMs: 0.5 };
    const status = {
      ...{ id: 'forged', namespace, host: 'h', pid: 1, startedAt: 1, at: 1, boundMs: 1_000, status: 'up', links: {} },
      caches: {
        ['<b>\u202ebad\u009b']: { status: 'up', isServing: true, statistics: { localHits: 2 ** 53 - 1, p99LagMs: 1e300, loads: -1 } },
      },
    };
    for (const message of [
      { kind: 'feed', from: 'forged', lost: 0, entries: [{ ...evicted, at: 1e300 }] },
      { kind: 'feed', from: 'forged', lost: 0, entries: [{ ...evicted, at: 8_640_000_000_000_000, seq: 2 }] },
      { kind: 'feed', from: 'forged', lost: 0, entries: [{ ...evicted, seq: 1e300, lagMs: 1e300, count: 1e300 }] },
      { kind: 'feed', from: 'forged', lost: 0, entries: [{ ...evicted, at: 253_402_300_799_999, seq: 3 }] },
      {
        kind: 'feed',
        from: '\u202eforged',
        lost: 0,
        entries: [{ ...evicted, keys: ['\u202eexe.txt\u009b2J<img src=x>'], seq: 4, origin: 'y\u2028z' }],
      },
      { kind: 'status', from: 'forged', status },
      { kind: 'status', from: 'forged', status: { ...status, startedAt: 1e300 } },
      { kind: 'status', from: 'forged', status: { ...status, boundMs: 1e300 } },
      { kind: 'status', from: 'forged-2', status: { ...status, id: 'forged-2', caches: {}, omittedCaches: 12_000 } },
    ]) {
      await (await sharedRedis()).cli('PUBLISH', `${namespace}:fleet:answer`, JSON.stringify({ v: 1, ...message }));
    }
    await cacheOf(1).evict('Emma');
    await holds(page, `[...document.querySelectorAll('#feed .key')].some((key) => key.textContent === 'Emma')`);
    await holds(page, `document.querySelector('[data-instance="forged-2"] .about')?.textContent.endsWith('12,000 more caches, not shown')`);
    await shows(page, allServing);
    expect(await page.evaluate('document.getElementById("connection").textContent')).to.equal('Live');
    expect(await page.locator('#feed .key').allTextContents())
      .to.include('\\u202eexe.txt\\u009b2J<img src=x>')
      .and.include('Emma');
    expect(await page.evaluate('document.body.innerText')).to.not.match(/[\u0080-\u009f\u202e\u2028]/);
    expect(await page.locator('main img, main b b').count()).to.equal(0);
    if (process.env['CONSOLE_SCREENSHOT']) await page.screenshot({ path: process.env['CONSOLE_SCREENSHOT'], fullPage: true });
    expect(complaints).to.deep.equal([]);
  });

  it('shows what it can of a stream whose events are not what they should be', async () => {
    const context = await (await sharedBrowser()).newContext();
    contexts.push(context);
    const page = await context.newPage();
    const view = (id: string, more: object = {}): object => ({
      status: { id, namespace: 'n', host: 'h', pid: 1, startedAt: 1, at: 1, boundMs: 1_000, status: 'up', links: {}, caches: {}, ...more },
      ...{ agoMs: 0, isSilent: false, isSelf: false },
    });
    const entry = { at: 1, kind: 'evicted', cache: 'book', keys: ['Dune'], count: 1, origin: 'x', seq: 1 };
    const events: readonly (readonly [string, string])[] = [
      ['hello', '{"instance":"server-1","namespace":"n","boundMs":1000,"allowWrites":false}'],
      ['status', JSON.stringify(view('good-1'))],
      ['status', 'not JSON'],
      ['status', 'null'],
      ['status', JSON.stringify(view('broken', { caches: null, links: null }))],
      ['status', JSON.stringify(view('broken', { caches: { book: null } }))],
      ['status', JSON.stringify(view('broken', { caches: { book: { statistics: null } } }))],
      ['fleet', '{"at":1e300,"instances":null}'],
      [
        'feed',
        JSON.stringify({
          instance: 'good-1',
          entries: [{ ...entry, at: 1e300 }, null, { ...entry, keys: 7, seq: 2 }, { ...entry, seq: 3, keys: ['Emma'] }],
        }),
      ],
      ['feed', '{}'],
      ['nonsense', '{}'],
      ['constructor', '{}'],
      ['gone', 'null'],
      ['status', JSON.stringify(view('good-2'))],
    ];
    let asked = 0;
    await page.route('**/cache/stream', (route) => {
      asked += 1;
      return route.fulfill({
        contentType: 'text/event-stream',
        body: events.map(([event, data]) => `event: ${event}\ndata: ${data}\n\n`).join(''),
      });
    });
    await page.goto(`${origin}/cache/console`);
    await holds(page, `['good-1', 'good-2'].every((id) => document.querySelector('[data-instance="' + id + '"]') !== null)`);
    await holds(page, `[...document.querySelectorAll('#feed .key')].some((key) => key.textContent === 'Emma')`);
    await waitFor(() => asked > 2, { what: 'the page to ask for the stream again' });
  });

  it('gives its place back when the stream fails in its hands', async () => {
    server.close();
    server.closeAllConnections();
    await serve({ maximumStreams: 2 });
    const context = await (await sharedBrowser()).newContext();
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(`${origin}/cache/console`);
    await shows(page, allServing);
    // Whatever it is that throws in the page: each attempt would hold one of the two places for good, and the next would never get in.
    const broken = await page.evaluate<string>(`(async () => {
      const { follow } = await import('./api.js');
      const begun = performance.now();
      for (let failures = 0; failures < 8; ) {
        const outcome = await follow({}, () => { throw new Error('not to be shown'); }).then(() => 'ended', (error) => error.message);
        if (outcome === 'not to be shown') failures += 1;
        else if (!/live streams already/.test(outcome) || performance.now() - begun > 30_000) return outcome;
      }
      return 'let in each time';
    })()`);
    expect(broken).to.equal('let in each time');
    await waitFor(
      async () => {
        const response = await fetch(`${origin}/cache/stream`);
        await response.body?.cancel();
        return response.status === 200;
      },
      { what: 'a free place' },
    );
    await page.goto(`${origin}/cache/console`);
    await shows(page, allServing);
  });

  it('asks for the token, and works with it', async () => {
    server.close();
    server.closeAllConnections();
    await serve({ token: 'a-token-of-some-length' });
    const page = await open();
    await page.locator('#token').waitFor({ state: 'visible' });
    await page.locator('#token-value').fill('not-the-right-token');
    await page.locator('#token-value').press('Enter');
    await holds(
      page,
      `document.getElementById('token').open && document.getElementById('token-text').textContent.startsWith('The one given is not right.')`,
    );
    await page.locator('#token-value').fill('a-token-of-some-length');
    await page.locator('#token-value').press('Enter');
    await shows(page, allServing);
    expect(await page.locator('#look-evict').isVisible(), 'it is read-only').to.equal(false);
    expect(await page.locator('[data-cache="book"] button').isVisible()).to.equal(false);
    expect(complaints.filter((each) => !each.includes('401 (Unauthorized)'))).to.deep.equal([]);
  });

  for (const [width, height] of [
    [1280, 900],
    [390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`fits ${width} pixels in its ${colorScheme} theme, and can be read there`, async () => {
        await cacheOf(0).getOrLoad('Dune', () => 1);
        const page = await open({ viewport: { width, height }, colorScheme });
        await shows(page, allServing);
        await cacheOf(1).evict('Dune');
        await page.locator('#feed .applied li').first().waitFor();
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no sideways scrolling').to.equal(true);
        // Nothing that can be clicked hangs over the edge, and no text is cut off at the side.
        const outside = await page.evaluate<string[]>(`[...document.querySelectorAll('button, input, select, h2, h3, dd, td, li')]
          .filter((each) => each.checkVisibility()).filter((each) => { const { left, right } = each.getBoundingClientRect(); return left < -1 || right > innerWidth + 1; })
          .map((each) => each.outerHTML.slice(0, 80))`);
        expect(outside).to.deep.equal([]);
        const weak = await page.evaluate<string[]>(CONTRAST);
        expect(weak, 'text that is hard to read').to.deep.equal([]);
        const nameless = await page.evaluate<string[]>(
          `[...document.querySelectorAll('button, input, select')].filter((each) => (each.textContent.trim() || each.ariaLabel || each.labels?.[0]?.textContent || '') === '').map((each) => each.outerHTML)`,
        );
        expect(nameless).to.deep.equal([]);
        expect(complaints).to.deep.equal([]);
      });
    }
  }

  it('goes from theme to theme, and stays with the last', async () => {
    const page = await open({ colorScheme: 'light' });
    await shows(page, allServing);
    const background = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.locator('#theme').click();
    expect(await background()).to.equal(light);
    await page.locator('#theme').click();
    const dark = await background();
    expect(dark).to.not.equal(light);
    await page.goto(`${origin}/cache/console`);
    expect(await background()).to.equal(dark);
    expect(complaints).to.deep.equal([]);
  });
});

/** Texts below the contrast that WCAG 2 asks for at level AA: 4.5, or 3 where they are large. */
const CONTRAST = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const over = ([r, g, b, a], under) => [r, g, b].map((part, i) => (part * a + under[i] * (255 - a)) / 255);
  const luminance = (color) => { const [r, g, b] = color.map((part) => { const c = part / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const backdrop = (element) => { const layers = []; for (let at = element; at; at = at.parentElement) layers.unshift(rgba(getComputedStyle(at).backgroundColor)); return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]); };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    if (!element.checkVisibility() || element.closest('.hidden, .skip, .uplot, dialog, option')) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')) continue;
    const style = getComputedStyle(element);
    const under = backdrop(element);
    const [a, b] = [luminance(over(rgba(style.color), under)), luminance(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) weak.push(element.tagName + '.' + element.className + ' ' + element.textContent.slice(0, 30) + ' ' + ratio.toFixed(2));
  }
  return weak;
})()`;
