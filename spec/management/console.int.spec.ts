import 'reflect-metadata';
import { expect } from 'chai';
import { holds } from '../support/browser.js';
import { sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';
import { ConsoleFleet } from './console-fleet.js';

describe('the console', function () {
  this.timeout(60_000);

  let fleet: ConsoleFleet;

  beforeEach(async () => {
    fleet = await ConsoleFleet.start();
    await fleet.serve({ allowWrites: true });
  });

  afterEach(() => fleet.stop());

  it('shows an eviction arrive on every instance, and after how long', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    await fleet.cacheOf(1).evictAll(['Dune', ['Emma', 2]]);
    const entry = page.locator('#feed .entry').first();
    await holds(page, `document.querySelectorAll('#feed .entry .applied li[data-state="applied"]').length === 4`);
    const told = await entry.locator('.applied li').allTextContents();
    expect(told.map((text) => text.split(' ')[0])).to.deep.equal(fleet.names);
    for (const text of told) expect(text).to.match(/^server-\d \d+(\.\d+)?\u00a0m?s$/);
    expect(await entry.locator('.key').allTextContents()).to.deep.equal(['Dune', '~["Emma",2]']);
    expect(await entry.locator('.from').textContent()).to.equal('by server-2');
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('shows figures that agree with what was done, with the JSON and with the Prometheus text', async () => {
    // Counted by hand: 3 loads, 5 local hits, 2 remote hits, of 10 reads.
    for (const key of ['Dune', 'Emma', 'Kim']) await fleet.cacheOf(0).getOrLoad(key, () => key);
    for (let i = 0; i < 5; i += 1) await fleet.cacheOf(0).get('Dune');
    for (const key of ['Dune', 'Emma']) await fleet.cacheOf(3).get(key);
    await fleet.cacheOf(2).evict('Kim');
    const page = await fleet.open();
    await fleet.shows(page);
    const expected = {
      ...{ 'local-reads': '5', 'local-share': '50.0\u00a0%', 'local-entries': '4', 'remote-reads': '2', 'loader-reads': '3' },
      ...{ loads: '3 loads', fills: '3 fills, 0 refused', evictions: '1 key evicted', clears: '0 clears' },
    };
    const figure = (name: string): Promise<string | null> => page.locator(`[data-cache="book"] [data-figure="${name}"]`).textContent();
    const read = async (): Promise<object> =>
      Object.fromEntries(
        // Of a load, how long it took is not looked at.
        await Promise.all(Object.keys(expected).map(async (name) => [name, (await figure(name))?.replace(/, .* each$/, '')])),
      );
    await waitFor(async () => JSON.stringify(await read()) === JSON.stringify(expected), { what: 'the figures' }).catch(() => undefined);
    expect(await read()).to.deep.equal(expected);

    const { instances } = (await (await fetch(`${fleet.origin}/cache/fleet`)).json()) as any;
    const sum = (name: string): number =>
      instances.reduce((total: number, { status }: any) => total + status.caches.book.statistics[name], 0);
    expect(['localHits', 'remoteHits', 'misses', 'loads', 'fills', 'localSize'].map(sum)).to.deep.equal([5, 2, 3, 3, 3, 4]);
    expect(sum('localBytes')).to.be.within(4 * 10, 4 * 100);
    expect(await figure('memory')).to.equal(`${sum('localBytes')}\u00a0B in L1`);
    const { statistics } = (await (await fetch(`${fleet.origin}/cache/caches/book`)).json()) as any;
    expect(statistics).to.include({ localHits: 5, remoteHits: 0, misses: 3, loads: 3 });
    const metrics = await (await fetch(`${fleet.origin}/cache/metrics`)).text();
    expect(metrics).to.include('cache_gets_total{instance_id="server-1",cache="book",result="hit",tier="local"} 5\n');
    expect(metrics).to.include('cache_loads_total{instance_id="server-1",cache="book",result="success"} 3\n');
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('shows an instance whose link is cut fall silent and its lease run out, and shows it come back', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    fleet.proxyOf(2).away();
    await fleet.shows(page, { ...fleet.allServing, 'server-3': 'Not heard' });
    await holds(page, `document.querySelector('[data-cache="book"] [data-proof-of="server-3"]')?.dataset.state === 'late'`);
    expect((await fleet.cacheOf(2).inspect('Dune'))?.isServing, 'really').to.equal(false);
    await fleet.cacheOf(0).evict('Dune');
    await holds(page, `document.querySelector('#feed .applied li[data-state="unheard"]')?.textContent === 'server-3 not heard'`);
    fleet.proxyOf(2).heal();
    await fleet.shows(page);
    await holds(page, `[...document.querySelectorAll('#feed .applied li')].some((li) => li.textContent === 'server-3 emptied its L1')`);
    await holds(
      page,
      `[...document.querySelectorAll('#feed .what')].some((line) => line.textContent.includes('server-3serves the local tier of book again'))`,
    );
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('shows how old the proof is that reads are fresh, beside the bound, of each instance and cache', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    for (const cache of ['book', 'author']) {
      const isProven = `document.querySelector('[data-cache="${cache}"] [data-proof-of="' + name + '"]')?.dataset.state === 'proven'`;
      await holds(page, `${JSON.stringify(fleet.names)}.every((name) => ${isProven})`);
    }
    const proofs = await page.locator('[data-cache="book"] .proofs li').allTextContents();
    expect(proofs.map((text) => text.split(' ')[0])).to.deep.equal(fleet.names);
    for (const text of proofs) expect(text).to.match(/^server-\d \d+(\.\d+)?\u00a0m?s$/);
    expect(await page.locator('[data-cache="book"] .proven p').first().textContent()).to.equal(
      'No read is staler than this. The bound is 1.0\u00a0s.',
    );
    const pairs = await page.locator('[data-instance="server-1"] .pairs div').allTextContents();
    expect(pairs[0]).to.match(/^Proven age\d+(\.\d+)?\u00a0m?s, bound 1\.0\u00a0s$/);
    expect(await page.locator('#overview').textContent()).to.match(/Proven age\d+(\.\d+)?\u00a0m?s at worst; bound 1\.0\u00a0s/);
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('says so when the instance that it looks through has lost its own link', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    fleet.proxyOf(0).away();
    const problem = page.locator('#problems [data-problem="redis"]');
    await problem.waitFor();
    expect(await problem.textContent()).to.equal(
      'server-1 has lost its link to Redis. This page looks through it, so the other instances cannot be seen now.',
    );
    await fleet.shows(page, { 'server-1': 'Bypass' });
    fleet.proxyOf(0).heal();
    await problem.waitFor({ state: 'detached' });
    await fleet.shows(page);
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('looks up a key, and evicts it, by keyboard alone', async () => {
    await fleet.cacheOf(0).put('Dune', 1);
    await fleet.cacheOf(0).get('Dune');
    const page = await fleet.open();
    await fleet.shows(page);
    await page.locator('#look-cache').selectOption('book');
    await page.locator('#look-key').fill('Dune');
    await page.locator('#look-key').press('Enter');
    const tier = (name: string) => page.locator(`#look-result [data-tier="${name}"]`);
    await tier('local').waitFor();
    expect(await tier('local').textContent()).to.match(/^held, \d+\.\d\u00a0s left$/);
    expect(await tier('remote').textContent()).to.match(/^held, \d+\.\d\u00a0s left$/);
    await page.locator('#look-evict').press('Enter');
    await holds(page, `document.querySelector('#look-result [data-tier="remote"]')?.textContent === 'not held'`);
    expect(await fleet.cacheOf(3).get('Dune')).to.equal(undefined);
    await page.locator('#look-key').fill('~[');
    await page.locator('#look-key').press('Enter');
    await holds(page, `document.querySelector('#look-result .error')?.textContent.startsWith('"~[" is not a key as the cache writes it.')`);
    // The one complaint is the browser's own, of the answer 400.
    expect(fleet.complaints.filter((each) => !each.includes('400 (Bad Request)'))).to.deep.equal([]);
  });

  it('shows what is served although its life has ended, and that a key is kept for that', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    const cache = fleet.cacheOf(1);
    const options = { ttl: 1, staleIfError: '1h' } as const;
    await cache.getOrLoad('Dune', () => 1, options);
    const fail = (): never => {
      throw new Error('The database is away.');
    };
    const isServedStale = async (): Promise<boolean> => {
      expect(await cache.getOrLoad('Dune', fail, options)).to.equal(1);
      return cache.statistics().servedStale === 1;
    };
    await waitFor(isServedStale, { what: 'the end of its life' });
    await holds(page, `document.querySelector('[data-cache="book"] [data-figure="stale"]')?.textContent === '1 read served stale'`);
    await page.locator('#look-cache').selectOption('book');
    await page.locator('#look-key').fill('Dune');
    await page.locator('#look-key').press('Enter');
    const remote = page.locator('#look-result [data-tier="remote"]');
    await remote.waitFor();
    expect(await remote.textContent()).to.match(/^stale, kept for .+ more$/);
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('shows what is withheld while it is being written', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    const shows = (text: string): Promise<void> =>
      holds(page, `document.querySelector('[data-cache="book"] [data-figure="withheld"]')?.textContent === '${text}'`);
    const intent = await fleet.cacheOf(1).intend(['Dune']);
    await fleet.cacheOf(2).getOrLoad('Dune', () => 1);
    await shows('1 value withheld, 1 key now');
    const lookUp = async (): Promise<string | null> => {
      await page.locator('#look-cache').selectOption('book');
      await page.locator('#look-key').fill('Dune');
      await page.locator('#look-key').press('Enter');
      await page.locator('#look-result [data-tier="remote"]').waitFor();
      return page.locator('#look-result').textContent();
    };
    expect(await lookUp()).to.include('A write of it is under way, or its writer has died: nothing is stored under it.');
    await intent.end();
    await shows('1 value withheld, 0 keys now');
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('clears a cache once that is confirmed, and not before', async () => {
    await fleet.cacheOf(0).put('Dune', 1);
    const page = await fleet.open();
    await fleet.shows(page);
    const clear = page.locator('[data-cache="book"] button');
    await clear.click();
    await page.locator('#confirm button[value="no"]').click();
    expect(await fleet.cacheOf(1).get('Dune')).to.deep.equal({ value: 1 });
    await clear.click();
    await page.locator('#confirm-yes').click();
    await holds(page, `[...document.querySelectorAll('#feed .what')].some((line) => line.textContent.includes('cleared'))`);
    expect(await fleet.cacheOf(1).get('Dune')).to.equal(undefined);
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('shows keys as text, whatever is in them', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    const nasty = '<img src=x onerror="document.title=\'gone\'"><script>document.title="gone"</script>';
    await fleet.cacheOf(1).evict(nasty);
    await page.locator('#feed .key').first().waitFor();
    expect(await page.locator('#feed .key').first().textContent()).to.equal(nasty);
    await page.locator('#feed .key').first().click();
    await page.locator('#look-result .key').waitFor();
    expect(await page.locator('#look-result .key').textContent()).to.equal(nasty);
    expect(await page.locator('main img, main script').count()).to.equal(0);
    expect(await page.evaluate('document.title')).to.equal('Cache console');
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('lives on, whatever is published on the topics of the fleet', async () => {
    const page = await fleet.open();
    await fleet.shows(page);
    const evicted = { at: Date.now(), kind: 'evicted', cache: 'book', keys: ['Dune'], count: 1, origin: 'x', seq: 1, lagMs: 0.5 };
    const status = {
      ...{ id: 'forged', namespace: fleet.namespace, host: 'h', pid: 1, startedAt: 1, at: 1, boundMs: 1_000, status: 'up', links: {} },
      caches: {
        ['<b>\u202ebad\u009b']: { status: 'up', isServing: true, statistics: { localHits: 2 ** 53 - 1, p99LagMs: 1e300, loads: -1 } },
        book: { status: 'up', isServing: true, statistics: {} },
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
      await (await sharedRedis()).cli('PUBLISH', `${fleet.namespace}:fleet:answer`, JSON.stringify({ v: 1, ...message }));
    }
    await fleet.cacheOf(1).evict('Emma');
    await holds(page, `[...document.querySelectorAll('#feed .key')].some((key) => key.textContent === 'Emma')`);
    await holds(page, `document.querySelector('[data-instance="forged-2"] .about')?.textContent.endsWith('12,000 more caches, not shown')`);
    await fleet.shows(page);
    await holds(page, `document.querySelector('[data-cache="book"] [data-proof-of="forged"]')?.dataset.state === 'untold'`);
    expect(await page.evaluate('document.getElementById("connection").textContent')).to.equal('Live');
    expect(await page.locator('#feed .key').allTextContents())
      .to.include('\\u202eexe.txt\\u009b2J<img src=x>')
      .and.include('Emma');
    expect(await page.evaluate('document.body.innerText')).to.not.match(/[\u0080-\u009f\u202e\u2028]/);
    expect(await page.locator('main img, main b b').count()).to.equal(0);
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('shows what it can of a stream whose events are not what they should be', async () => {
    const page = await fleet.blank();
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
    await page.goto(`${fleet.origin}/cache/console`);
    await holds(page, `['good-1', 'good-2'].every((id) => document.querySelector('[data-instance="' + id + '"]') !== null)`);
    await holds(page, `[...document.querySelectorAll('#feed .key')].some((key) => key.textContent === 'Emma')`);
    await waitFor(() => asked > 2, { what: 'the page to ask for the stream again' });
  });

  it('gives its place back when the stream fails in its hands', async () => {
    await fleet.vanish();
    await fleet.serve({ maximumStreams: 2 });
    const page = await fleet.blank();
    await page.goto(`${fleet.origin}/cache/console`);
    await fleet.shows(page);
    // Whatever it is that throws in the page: each attempt would hold one of the two places for good, and the next would never get in.
    const broken = await page.evaluate<string>(`(async () => {
      const { follow } = await import('./api.js');
      const signal = new AbortController().signal;
      const begun = performance.now();
      for (let failures = 0; failures < 8; ) {
        const outcome = await follow({}, () => { throw new Error('not to be shown'); }, signal).then(() => 'ended', (error) => error.message);
        if (outcome === 'not to be shown') failures += 1;
        else if (!/live streams already/.test(outcome) || performance.now() - begun > 30_000) return outcome;
      }
      return 'let in each time';
    })()`);
    expect(broken).to.equal('let in each time');
    await waitFor(
      async () => {
        const response = await fetch(`${fleet.origin}/cache/stream`);
        await response.body?.cancel();
        return response.status === 200;
      },
      { what: 'a free place' },
    );
    await page.goto(`${fleet.origin}/cache/console`);
    await fleet.shows(page);
  });

  it('asks for the token, and works with it', async () => {
    await fleet.vanish();
    await fleet.serve({ token: 'a-token-of-some-length' });
    const page = await fleet.open();
    await page.locator('#token').waitFor({ state: 'visible' });
    await page.locator('#token-value').fill('not-the-right-token');
    await page.locator('#token-value').press('Enter');
    await holds(
      page,
      `document.getElementById('token').open && document.getElementById('token-text').textContent.startsWith('The one given is not right.')`,
    );
    await page.locator('#token-value').fill('a-token-of-some-length');
    await page.locator('#token-value').press('Enter');
    await fleet.shows(page);
    expect(await page.locator('#look-evict').isVisible(), 'it is read-only').to.equal(false);
    expect(await page.locator('[data-cache="book"] button').isVisible()).to.equal(false);
    expect(fleet.complaints.filter((each) => !each.includes('401 (Unauthorized)'))).to.deep.equal([]);
  });

  it('goes from theme to theme, and stays with the last', async () => {
    const page = await fleet.open({ colorScheme: 'light' });
    await fleet.shows(page);
    const background = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.locator('#theme').click();
    expect(await background()).to.equal(light);
    await page.locator('#theme').click();
    const dark = await background();
    expect(dark).to.not.equal(light);
    await page.goto(`${fleet.origin}/cache/console`);
    expect(await background()).to.equal(dark);
    expect(fleet.complaints).to.deep.equal([]);
  });
});
