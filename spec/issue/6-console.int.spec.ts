/**
 * What happened: an error became the pill in the header of the console (1699 px wide) and stayed there. With all servers gone the page
 * showed "4 all serving" for ever. A column of a cache's table held another figure in each row, `1 loads` was written, time in bypass
 * counted the start, and what one looked for in the feed was gone before it was found.
 *
 * Decided: ages go on by the page's own clock, and what was not heard of for 2 D is grey. What is wrong has a place of its own and is there
 * until it works again. A column means one thing in all rows, with dashes. The start is not time in bypass, in the statistics themselves. The
 * feed has a filter. Most evicted keys and most evicting instances are counted by the page, from the feed; hottest keys are not shown,
 * since to count them would cost each hit.
 */
import 'reflect-metadata';
import { expect } from 'chai';
import { Container } from 'inversify';
import { type Cache, CacheManager, enableCaching } from '../../lib/index.js';
import { type FaultyRedis, faultyRedis } from '../../lib/testing/index.js';
import { ConsoleFleet } from '../management/console-fleet.js';
import { holds, type Page } from '../support/browser.js';
import { PATIENT } from '../support/patient.js';
import { ownNamespace, sharedRedis } from '../support/shared-redis.js';
import { waitFor } from '../support/wait.js';

describe('Issue 6: the console', function () {
  this.timeout(90_000);

  let fleet: ConsoleFleet;
  let web: FaultyRedis | undefined;

  const start = async (...args: Parameters<typeof ConsoleFleet.start>): Promise<void> => {
    fleet = await ConsoleFleet.start(...args);
    await fleet.serve({ allowWrites: true });
  };

  afterEach(async () => {
    await fleet.stop();
    await web?.stop();
    web = undefined;
  });

  /** A page whose clock can be moved on. */
  const openWithClock = async (origin = fleet.origin, options = {}): Promise<Page> => {
    const page = await fleet.blank(options);
    await page.clock.install();
    await page.goto(`${origin}/cache/console`);
    await fleet.shows(page);
    return page;
  };
  const text = (page: Page, selector: string): Promise<string> => page.evaluate(`document.querySelector('${selector}')?.textContent ?? ''`);
  const texts = (page: Page, selector: string): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('${selector}')].map((each) => each.textContent)`);
  const says = (page: Page, selector: string, wanted: RegExp): Promise<void> =>
    waitFor(async () => wanted.test(await text(page, selector)), { what: `${selector} to say ${wanted}`, everyMs: 50 });
  const isSolved = (page: Page): Promise<void> => holds(page, `document.querySelector('#problems').children.length === 0`);
  const FLEET = '#overview div:first-child dd';
  const notHeard = Object.fromEntries(['server-1', 'server-2', 'server-3', 'server-4'].map((name) => [name, 'Not heard']));

  /** Everything is grey, and each card tells an age that this matches. */
  const isAllGrey = (page: Page, age: RegExp): Promise<void> =>
    holds(
      page,
      `document.body.dataset.grey === 'true' && document.querySelectorAll('.instance').length === 4 && [...document.querySelectorAll('.instance')].every((card) => card.dataset.grey === 'true' && ${age}.test(card.querySelector('.about').textContent))`,
    );

  describe('when the servers are gone', () => {
    it('says so in a place of its own, goes on with the ages by its own clock, and resumes', async () => {
      await start();
      const page = await openWithClock();
      await says(page, FLEET, /^4 all serving$/);
      await fleet.vanish();
      await says(page, '#problems', /^No answer from server-1 \(127\.0\.0\.1:\d+\) since \d\d:\d\d:\d\d\. /);
      await page.clock.fastForward(61_000);
      await fleet.shows(page, notHeard);
      await says(page, FLEET, /^4 all not heard$/);
      await isAllGrey(page, /^Last heard 1 min /);
      await page.clock.fastForward(60_000);
      await isAllGrey(page, /^Last heard 2 min /);
      await page.clock.fastForward(3_600_000);
      await isAllGrey(page, /^Last heard 1 h /);
      expect(await text(page, '#connection')).to.equal('Reconnecting');

      await fleet.serve();
      await page.clock.fastForward(5_000); // The longest pause between two attempts.
      await fleet.shows(page);
      await isSolved(page);
      await says(page, FLEET, /^4 all serving$/);
      await holds(page, `document.body.dataset.grey === 'false' && document.querySelector('.instance[data-grey="true"]') === null`);
      expect(await text(page, '#connection')).to.equal('Live');
    });

    it('says so too when the connection stands and nothing comes any more', async () => {
      await start();
      web = await faultyRedis(`redis://127.0.0.1:${fleet.port}`, { failFast: false }); // What is behind it is no Redis.
      const page = await openWithClock(`http://127.0.0.1:${web.port}`);
      web.halfOpen();
      await page.clock.fastForward(6_000);
      await says(page, '#problems', /^No answer from server-1 \(127\.0\.0\.1:\d+\) since /);
      await says(page, FLEET, /^4 all not heard$/);
      await isAllGrey(page, /^Last heard \d+\s/);
      web.heal();
      await page.clock.fastForward(6_000); // The attempt under way may have been given up already.
      await page.clock.fastForward(6_000);
      await fleet.shows(page);
      await isSolved(page);
    });
  });

  it('says that Redis is down, shows the instance that answers, and how long the others were not heard of', async () => {
    await start();
    const page = await fleet.open();
    await fleet.shows(page);
    for (const i of [0, 1, 2, 3]) fleet.proxyOf(i).away();
    await says(page, '#problems', /^server-1 has lost its link to Redis\. .* the other instances cannot be seen now\.$/);
    await fleet.shows(page, { ...notHeard, 'server-1': 'Bypass' });
    await says(page, FLEET, /^4 1 in bypass, 3 not heard$/);
    const cards = `[...document.querySelectorAll('.instance')].map((card) => card.dataset.grey + ' ' + card.querySelector('.about').textContent.split(' · ')[0].replace(/\\d+/, 'n'))`;
    await holds(
      page,
      `${cards}.join() === 'false This one,true Last heard n\\u00a0s ago,true Last heard n\\u00a0s ago,true Last heard n\\u00a0s ago'`,
    );
    await says(page, '[data-instance="server-2"] .lease', /run out$/);
    for (const i of [0, 1, 2, 3]) fleet.proxyOf(i).heal();
    await fleet.shows(page);
    await isSolved(page);
    await says(page, FLEET, /^4 all serving$/);
  });

  describe('an error', () => {
    const LONG = `It was not acknowledged. ${'Really, it was not. '.repeat(60)}`;

    /** A page on which clearing a cache fails, for as long as `isBroken`. */
    const openBroken = async (): Promise<{ page: Page; mend: () => void; clear: () => Promise<void> }> => {
      await start();
      let isBroken = true;
      const page = await fleet.blank();
      await page.route('**/cache/caches/*', (route) =>
        isBroken
          ? route.fulfill({ status: 503, contentType: 'application/json', body: JSON.stringify({ message: LONG }) })
          : route.fallback(),
      );
      await page.goto(`${fleet.origin}/cache/console`);
      await fleet.shows(page);
      const clear = async (): Promise<void> => {
        await page.locator('[data-cache="book"] button').click();
        await page.locator('#confirm-yes').click();
      };
      await clear();
      await says(page, '#problems', /^book was not cleared\. It was not acknowledged\./);
      return { page, clear, mend: () => void (isBroken = false) };
    };

    it('has a place of its own, and is gone when it works', async () => {
      const { page, clear, mend } = await openBroken();
      expect(await text(page, '#connection')).to.equal('Live');
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).to.equal(true);
      expect(await page.evaluate(`document.querySelector('#connection').getBoundingClientRect().width < 200`)).to.equal(true);
      mend();
      await clear();
      await isSolved(page);
    });

    it('is gone when it was seen', async () => {
      const { page } = await openBroken();
      await page.locator('#problems button').press('Enter');
      await isSolved(page);
    });

    it('is gone when Redis is back', async () => {
      const { page } = await openBroken();
      fleet.proxyOf(0).away();
      await says(page, '#problems', /server-1 has lost its link to Redis\./);
      fleet.proxyOf(0).heal();
      await isSolved(page);
    });

    it('is told when the handler takes no more streams', async () => {
      fleet = await ConsoleFleet.start({}, 1);
      await fleet.serve({ maximumStreams: 1 });
      const other = await fetch(`${fleet.origin}/cache/stream`);
      const page = await fleet.blank();
      await page.goto(`${fleet.origin}/cache/console`);
      await says(page, '#problems', /^127\.0\.0\.1:\d+ refuses the live stream: There is 1 live stream already\.$/);
      await other.body!.cancel();
      await fleet.shows(page);
      await isSolved(page);
    });
  });

  it('has columns that mean one thing in every row, whatever tiers a cache uses', async () => {
    await start({ caches: { both: {}, near: { tiers: 'local' }, far: { tiers: 'remote' } } }, 1);
    for (const name of ['both', 'near', 'far']) {
      for (let i = 0; i < 2; i += 1) await fleet.cacheOf(0, name).getOrLoad('Dune', () => 1);
    }
    const page = await fleet.open();
    await fleet.shows(page);
    const table = (cache: string): Promise<string[]> => texts(page, `[data-cache="${cache}"] tr`);
    const rows = (cache: string): Promise<string[][]> =>
      page.evaluate(
        `[...document.querySelectorAll('[data-cache="${cache}"] tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))`,
      );
    await waitFor(async () => (await rows('far'))[1]?.[0] === '1', { what: 'the figures', everyMs: 50 });
    expect((await table('both'))[0]).to.equal('TierReadsShareEntriesDroppedFailed');
    const half = '50.0\u00a0%';
    expect(await rows('both')).to.deep.equal([['1', half, '1', '0', '–'], ['0', '0\u00a0%', '–', '–', '0'], ['1', half, '–', '–', '0']]); // prettier-ignore
    expect(await rows('near')).to.deep.equal([['1', half, '1', '0', '–'], ['–', '–', '–', '–', '–'], ['1', half, '–', '–', '0']]); // prettier-ignore
    expect(await rows('far')).to.deep.equal([['–', '–', '–', '–', '–'], ['1', half, '–', '–', '0'], ['1', half, '–', '–', '0']]); // prettier-ignore
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('writes one thing as one, and several as several', async () => {
    await start({}, 1);
    const page = await fleet.open();
    await fleet.shows(page);
    await fleet.cacheOf(0).getOrLoad('Dune', () => 1);
    await fleet.cacheOf(0).evict('Dune');
    await fleet.cacheOf(0).clear();
    for (const key of ['Dune', 'Emma']) await fleet.cacheOf(0, 'author').getOrLoad(key, () => 1);
    await fleet.cacheOf(0, 'author').evictAll(['Dune', 'Emma']);
    for (let i = 0; i < 2; i += 1) await fleet.cacheOf(0, 'author').clear();
    const figures = async (cache: string): Promise<string> =>
      (await texts(page, `[data-cache="${cache}"] .more span`)).map((each) => each.replace(/, (\S+\sms each|99 of .*)$/, '')).join(' · ');
    const one =
      '1 load ·  ·  · 1 fill, 0 refused · 1 key evicted · 1 clear · 2 messages applied · 0 reads in bypass · 0\u00a0B in L1 ·  ·  · ';
    const two =
      '2 loads ·  ·  · 2 fills, 0 refused · 2 keys evicted · 2 clears · 3 messages applied · 0 reads in bypass · 0\u00a0B in L1 ·  ·  · ';
    await waitFor(async () => (await figures('book')) === one && (await figures('author')) === two, {
      what: 'the figures',
      everyMs: 50,
    }).catch(() => undefined);
    expect([await figures('book'), await figures('author')]).to.deep.equal([one, two]);
    await says(page, FLEET, /^1 serving$/);
    await says(page, '#overview', /of 3 reads.*3 loads/);
    await says(page, '[data-cache="book"] header p', / · 1 instance$/);
    expect(await text(page, '[data-cache="book"] .bar svg')).to.equal('');
    expect(await page.locator('[data-cache="book"] .bar svg').getAttribute('aria-label')).to.match(/^Of 1 read L1 /);
    expect(await page.evaluate('document.body.innerText')).to.not.match(
      /(^|\D)1 (\w+ )?(loads|fills|keys|clears|reads|instances|events)\b/,
    );
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('has a feed that can be filtered by what is in it and by kind, from the keyboard, and while it is paused', async () => {
    await start();
    const page = await fleet.open();
    await fleet.shows(page);
    for (const key of ['Dune', 'Emma']) await fleet.cacheOf(1).evict(key);
    await fleet.cacheOf(2, 'author').evict('Herbert');
    fleet.proxyOf(3).away();
    await fleet.shows(page, { ...fleet.allServing, 'server-4': 'Not heard' });
    fleet.proxyOf(3).heal();
    await fleet.shows(page);
    const isShown = (script: string): Promise<void> =>
      holds(
        page,
        `(() => { const shown = [...document.querySelectorAll('#feed .entry')].map((entry) => entry.dataset.kind + ' ' + entry.querySelector('.what').textContent); return ${script}; })()`,
      );
    await isShown(`shown.some((line) => line.includes('server-4serves the local tier of book again')) && shown.length > 4`);

    await page.locator('#feed-text').press('d');
    await page.keyboard.type('une');
    await isShown(`shown.length === 1 && shown[0].endsWith('Duneby server-2')`);
    await says(page, '#feed-count', /^1 of \d+ events$/);
    await page.locator('#feed-text').fill('SERVER-3');
    await isShown(`shown.length === 1 && shown[0].includes('Herbert')`);
    await page.locator('#feed-text').fill('no such thing');
    await isShown('shown.length === 0');
    expect(await text(page, '#feed-empty')).to.equal('No event is like that.');
    await page.locator('#feed-text').fill('');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).to.equal('feed-kind');
    await page.keyboard.type('Evictions');
    await isShown(`shown.length === 3 && shown.every((line) => line.startsWith('evicted '))`);
    await page.locator('#feed-kind').selectOption('bypass');
    await isShown(`shown.length > 0 && shown.every((line) => line.startsWith('bypass '))`);
    await page.locator('#feed-kind').selectOption('');

    await page.locator('#pause').press('Enter');
    await fleet.cacheOf(1).evict('Kim');
    await holds(page, `[...document.querySelectorAll('#evicted-keys button')].some((key) => key.textContent === 'Kim')`); // So the page has it.
    await page.locator('#feed-text').fill('m');
    await isShown(`shown.some((line) => line.includes('Emma')) && !shown.some((line) => line.includes('Kim'))`);
    await page.locator('#pause').press('Enter');
    await isShown(`shown.some((line) => line.includes('Kim'))`);
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('tells the most evicted keys and the most evicting instances, each eviction once', async () => {
    await start();
    const page = await fleet.open();
    await fleet.shows(page);
    for (let i = 0; i < 3; i += 1) await fleet.cacheOf(1).evict('Dune');
    await fleet.cacheOf(2).evictAll(['Dune', 'Emma']);
    await fleet.cacheOf(3, 'author').evict('Emma');
    await holds(page, `document.querySelectorAll('#feed .applied li[data-state="applied"]').length === 20`);
    await waitFor(async () => (await texts(page, '#evicting-instances li')).length === 3, { what: 'the instances', everyMs: 50 });
    expect(await texts(page, '#evicted-keys li')).to.deep.equal(['Dune4 times', 'Emma1 time', 'Emma1 time']);
    expect(await texts(page, '#evicting-instances li')).to.deep.equal(['server-23 keys', 'server-32 keys', 'server-41 key']);
    await page.locator('#evicted-keys button').first().press('Enter');
    await says(page, '#look-result .key', /^Dune$/);
    expect(fleet.complaints).to.deep.equal([]);
  });

  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`fits ${width} pixels in its ${colorScheme} theme and can be read there: up, without Redis, without servers, back`, async () => {
        await start({ caches: { book: { tags: true }, author: {} } });
        await fleet.cacheOf(0).getOrLoad('Dune', () => 1, { tags: ['author:1', 'a-tag-that-is-rather-long-for-a-narrow-page', 'sf'] });
        const page = await openWithClock(fleet.origin, { viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
        await page.locator('#look-cache').selectOption('book');
        await page.locator('#look-key').fill('Dune');
        await page.locator('#look-key').press('Enter');
        await page.locator('#look-result .tags button').first().waitFor();
        await fleet.cacheOf(1).evict('Dune');
        await fleet.cacheOf(2).evictTagged(['author:1', 'sf']);
        await page.locator('#feed .entry[data-kind="tagsEvicted"] .applied li').first().waitFor();
        const look = async (state: string): Promise<void> => {
          const folder = process.env['CONSOLE_SCREENSHOTS'];
          if (folder) await page.screenshot({ path: `${folder}/${width}-${colorScheme}-${state}.png`, fullPage: true });
          expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${state}: no sideways scrolling`).to.equal(
            true,
          );
          expect(await page.evaluate<string[]>(OUTSIDE), `${state}: over the edge`).to.deep.equal([]);
          expect(await page.evaluate<string[]>(CONTRAST), `${state}: hard to read`).to.deep.equal([]);
          expect(await page.evaluate<string[]>(NAMELESS), `${state}: without a name`).to.deep.equal([]);
        };
        await look('up');
        for (const i of [0, 1, 2, 3]) fleet.proxyOf(i).away();
        await says(page, '#problems', /^server-1 has lost its link to Redis\./);
        await fleet.shows(page, { ...notHeard, 'server-1': 'Bypass' });
        await look('redis-down');
        for (const i of [0, 1, 2, 3]) fleet.proxyOf(i).heal();
        await fleet.shows(page);
        await fleet.vanish();
        await says(page, '#problems', /^No answer from server-1 /);
        await page.clock.fastForward(90_000);
        await isAllGrey(page, /^Last heard \d+ min /);
        await look('servers-gone');
        await fleet.serve({ allowWrites: true });
        await page.clock.fastForward(5_000);
        await fleet.shows(page);
        await isSolved(page);
        await look('back');
      });
    }
  }
});

describe('Issue 6: time in bypass', () => {
  let container: Container;
  let proxy: FaultyRedis;
  let book: Cache;

  beforeEach(async () => {
    proxy = await faultyRedis((await sharedRedis()).url);
    container = new Container();
  });

  afterEach(async () => {
    await container.unbindAllAsync();
    await proxy.stop();
  });

  it('does not count the start, however long that takes, and counts from then on', async () => {
    proxy.away();
    const options = {
      ...PATIENT,
      connectTimeout: '500ms',
      bound: '20s',
      failFast: false,
      namespace: ownNamespace('bypass'),
      caches: { book: {} },
    } as const;
    await enableCaching(container, { ...options, redis: proxy.url });
    const manager = container.get(CacheManager);
    book = manager.getCache('book')!;
    const { bypassed } = book.statistics();
    await book.get('Dune').catch(() => undefined);
    expect([book.statistics().bypassed - bypassed, book.statistics().bypassTimeMs]).to.deep.equal([1, 0]);
    proxy.heal();
    await waitFor(() => manager.health().status === 'up', { what: 'the first lease' });
    expect(book.statistics().bypassTimeMs).to.equal(0);
    proxy.away();
    await waitFor(() => book.statistics().bypassTimeMs > 0, { what: 'a bypass' });
  });
});

/** What hangs over the edge of the page, and cannot be clicked or read there. */
const OUTSIDE = `[...document.querySelectorAll('button, input, select, h2, h3, dd, td, li, p')]
  .filter((each) => each.checkVisibility()).filter((each) => { const { left, right } = each.getBoundingClientRect(); return left < -1 || right > innerWidth + 1; })
  .map((each) => each.outerHTML.slice(0, 80))`;

/** Controls that nothing names. */
const NAMELESS = `[...document.querySelectorAll('button, input, select')]
  .filter((each) => (each.textContent.trim() || each.ariaLabel || each.labels?.[0]?.textContent || '') === '').map((each) => each.outerHTML)`;

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
