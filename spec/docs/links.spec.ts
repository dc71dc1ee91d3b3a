import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../support/project.js';
import { linksOf, readPage, readPages } from './pages.js';

describe('the links of the pages', () => {
  const pages = readPages();

  for (const [page, text] of pages) {
    it(`of ${page} lead somewhere`, () => {
      expect(linksOf(text).filter((link) => !leadsSomewhere(page, link))).to.deep.equal([]);
    });
  }

  it('of docs/README.md lead to every page beside it', () => {
    const linked = new Set(linksOf(pages.get('docs/README.md')!).map((link) => posix.join('docs', link)));
    const others = [...pages.keys()].filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
    expect(others.filter((page) => !linked.has(page))).to.deep.equal([]);
  });

  it('of README.md lead to every sample', () => {
    const samples = [...pages.keys()].filter((page) => page.startsWith('samples/')).map(posix.dirname);
    expect(samples.filter((sample) => !linksOf(pages.get('README.md')!).includes(sample))).to.deep.equal([]);
  });
});

describe(anchorsOf.name, () => {
  it('are those that GitHub gives to headings', () => {
    expect([...anchorsOf('# What is *not* promised?\n## `tiers` & more\n## 계약\n```sh\n# none\n```\n## 계약\n')]).to.deep.equal([
      'what-is-not-promised',
      'tiers--more',
      '계약',
      '계약-1',
    ]);
  });
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(join(projectRoot, target))) return false;
  return anchor === undefined || anchorsOf(readPage(target)).has(decodeURIComponent(anchor));
}

function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of markdown.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'); // prettier-ignore
    let count = 0;
    while (anchors.has(count === 0 ? anchor : `${anchor}-${count}`)) count += 1;
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}
