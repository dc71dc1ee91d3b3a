import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { readCodeBlocks } from './code-block.js';
import { readPage } from './pages.js';

describe('README.ko.md, in step with README.md', () => {
  const [original, translation] = [readPage('README.md'), readPage('README.ko.md')];
  const both = <T>(read: (markdown: string) => T): readonly [T, T] => [read(translation), read(original)];

  it('is the translation of its present text', () => {
    const digest = createHash('sha256').update(original).digest('hex');
    const [, translated] = /^<!-- README\.md, sha256 (\w+) -->$/m.exec(translation) ?? [];
    if (translated !== digest) {
      throw new Error(
        'README.md has changed since README.ko.md was translated. Bring README.ko.md up to date (`git log -p README.md` shows what changed), ' +
          `then write into its last line: <!-- README.md, sha256 ${digest} -->`,
      );
    }
  });

  it('has the same headings, by their levels', () => {
    const [there, here] = both((markdown) => [...withoutBlocks(markdown).matchAll(/^(#+) /gm)].map(([, level]) => level));
    expect(there).to.deep.equal(here);
  });

  it('has the same code blocks, to the letter', () => {
    const [there, here] = both((markdown) =>
      readCodeBlocks('', markdown).map(({ language, text, remark }) => ({ language, text, remark })),
    );
    expect(there).to.deep.equal(here);
  });

  it('leads to the same places', () => {
    const languages = ['README.md', 'README.ko.md'];
    const [there, here] = both((markdown) => [...markdown.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link!).sort());
    expect(there.filter((link) => !languages.includes(link))).to.deep.equal(here.filter((link) => !languages.includes(link)));
    expect([there, here].map((links) => links.filter((link) => languages.includes(link)))).to.deep.equal([['README.md'], ['README.ko.md']]);
  });

  it('has the same tables: as many rows and columns, and the same error codes', () => {
    const [there, here] = both((markdown) =>
      [...withoutBlocks(markdown).matchAll(/^\|.*\|$/gm)].map(([row]) => ({
        columns: row.split(/(?<!\\)\|/).length,
        code: /^\| `([A-Z_]+)` \|/.exec(row)?.[1],
      })),
    );
    expect(there).to.deep.equal(here);
  });

  it('names the same things in code', () => {
    const codes = (markdown: string): string[] => [...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
    const [there, here] = both((markdown) => [...new Set(codes(markdown))].sort());
    expect(there).to.deep.equal(here);
  });
});

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^```[^]*?^```$/gm, '');
}
