import 'reflect-metadata';
import { expect } from 'chai';
import type { CachingOptions } from '../../lib/index.js';
import { holds, type Page } from '../support/browser.js';
import { waitFor } from '../support/wait.js';
import { ConsoleFleet } from './console-fleet.js';

describe('the console, of caches with tags', function () {
  this.timeout(60_000);

  let fleet: ConsoleFleet;

  const start = async (options: CachingOptions = {}): Promise<void> => {
    fleet = await ConsoleFleet.start({ caches: { book: { tags: true }, author: {} }, ...options }, 2);
    await fleet.serve({ allowWrites: true });
  };

  afterEach(() => fleet.stop());

  const opened = async (): Promise<Page> => {
    const page = await fleet.open();
    await fleet.shows(page);
    return page;
  };
  const lookUp = async (page: Page, key: string): Promise<void> => {
    await page.locator('#look-cache').selectOption('book');
    await page.locator('#look-key').fill(key);
    await page.locator('#look-key').press('Enter');
    await page.locator('#look-result [data-tier="remote"]').waitFor();
  };
  const saysOf = (page: Page, selector: string, text: string): Promise<void> =>
    holds(page, `document.querySelector(${JSON.stringify(selector)})?.textContent === ${JSON.stringify(text)}`);

  it('evicts by a tag that the look-up shows, once that is confirmed, and by keyboard alone', async () => {
    await start();
    await fleet.cacheOf(0).put('Dune', 1, { tags: ['author:1', 42] });
    await fleet.cacheOf(0).put('Emma', 2, { tags: ['author:2'] });
    const page = await opened();
    await lookUp(page, 'Dune');
    expect(await page.locator('#look-result .tags .key').allTextContents()).to.deep.equal(['author:1', '~42']);
    await page.locator('#look-result .tags button').first().press('Enter');
    expect(await page.evaluate('[document.activeElement.id, document.activeElement.value]')).to.deep.equal(['tag-text', 'author:1']);
    await page.keyboard.press('Enter');
    await page.locator('#confirm[open]').waitFor();
    expect(await page.locator('#confirm-title').textContent()).to.equal('Evict by tag from book?');
    expect(await page.locator('#confirm-text').textContent()).to.include('Every entry that carries the tag author:1 goes,');
    await page.keyboard.press('Enter'); // The focus is on the button that cancels.
    await page.locator('#confirm').waitFor({ state: 'hidden' });
    expect(await fleet.cacheOf(1).get('Dune')).to.deep.equal({ value: 1 });

    await page.locator('#tag-text').press('Enter');
    await page.locator('#confirm-yes').press('Enter');
    await saysOf(page, '#tag-result p', 'Evicted by tag author:1: no instance serves what carried it.');
    expect(await fleet.cacheOf(1).getAll(['Dune', 'Emma'])).to.deep.equal([undefined, { value: 2 }]);
    await lookUp(page, 'Dune');
    await saysOf(page, '#look-result [data-tier="remote"]', 'not held');
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('takes any tag as keys are typed, and says why one is none', async () => {
    await start();
    await fleet.cacheOf(0).put('Dune', 1, { tags: [['author', 1]] });
    const page = await opened();
    const evict = async (tag: string): Promise<void> => {
      await page.locator('#tag-text').fill(tag);
      await page.locator('#tag-text').press('Enter');
      await page.locator('#confirm-yes').press('Enter');
    };
    await evict('~[');
    await holds(page, `document.querySelector('#tag-result .error')?.textContent.startsWith('"~[" is not a key as the cache writes it.')`);
    await evict('~["author",1]');
    await saysOf(page, '#tag-result .key', '~["author",1]');
    expect(await fleet.cacheOf(1).get('Dune')).to.equal(undefined);
    expect(fleet.complaints.filter((each) => !each.includes('400 (Bad Request)'))).to.deep.equal([]);
  });

  it('offers only caches with tags, and nothing where writing is not allowed', async () => {
    await start();
    await fleet.cacheOf(0).put('Dune', 1, { tags: ['author:1'] });
    const page = await opened();
    expect(await page.locator('#tag-cache option').allTextContents()).to.deep.equal(['book']);
    expect(await page.locator('#look-cache option').allTextContents()).to.deep.equal(['author', 'book']);
    await fleet.vanish();
    await fleet.serve();
    const readOnly = await opened();
    expect(await readOnly.locator('#by-tag').isVisible()).to.equal(false);
    await lookUp(readOnly, 'Dune');
    expect(await readOnly.locator('#look-result .tags').textContent()).to.equal('author:1');
    expect(await readOnly.locator('#look-result .tags button').count()).to.equal(0);
    expect(fleet.complaints.filter((each) => !each.includes('ERR_'))).to.deep.equal([]);
  });

  it('shows an eviction of tags arrive on every instance, not as one of keys, and counts it', async () => {
    await start();
    const page = await opened();
    await fleet.cacheOf(0).put('Dune', 1, { tags: ['author:1'] });
    await fleet.cacheOf(1).evictTagged(['author:1', '<b>']);
    expect(await fleet.cacheOf(0).get('Dune')).to.equal(undefined);
    await fleet.cacheOf(1).evictTagged(Array.from({ length: 12 }, (_, i) => i));
    await fleet.cacheOf(1).evict('Dune');
    await holds(page, `document.querySelectorAll('#feed .entry[data-kind="tagsEvicted"] .applied li[data-state="applied"]').length === 4`);
    const told = page.locator('#feed .entry[data-kind="tagsEvicted"]');
    expect((await told.locator('.what').allTextContents()).map((text) => text.replace(/^[\d:.]+/, ''))).to.deep.equal([
      'bookby tags~0~1~2~3~4~5~6~7~8~9and 2 moreby server-2',
      'bookby tagsauthor:1<b>by server-2',
    ]);
    expect(await told.locator('button').count()).to.equal(0);
    const texts = (selector: string): Promise<string[]> => page.locator(selector).allTextContents();
    await waitFor(async () => (await texts('#evicting-instances li')).includes('server-21 key, 14 tags'), { what: 'the ranking' });
    expect(await texts('#evicted-keys li')).to.deep.equal(['Dune2 times']); // A put is an eviction, too.
    expect((await texts('#evicted-tags li'))[0]).to.equal('<b>1 time');
    await saysOf(page, '[data-cache="book"] [data-figure="tags"]', '14 tags evicted, 1 read overtaken');
    await saysOf(page, '[data-cache="author"] [data-figure="tags"]', '');

    await page.locator('#feed-kind').selectOption('evictions');
    await page.locator('#feed-text').fill('AUTHOR:1');
    await saysOf(page, '#feed-count', '1 of 4 events');
    expect(fleet.complaints).to.deep.equal([]);
  });

  it('says why an eviction by tag has failed, and forgets that when the connections are back', async () => {
    await start({ timeout: '500ms', deadline: '1s' });
    const page = await opened();
    fleet.proxyOf(0).away();
    await fleet.shows(page, { 'server-1': 'Bypass' });
    await page.locator('#tag-text').fill('author:1');
    await page.locator('#tag-text').press('Enter');
    await page.locator('#confirm-yes').press('Enter');
    await holds(page, `document.querySelector('#tag-result .error')?.textContent.includes("evicting tag 'author:1'")`);
    fleet.proxyOf(0).heal();
    await holds(page, `document.querySelector('#tag-result').textContent === ''`);
  });
});
