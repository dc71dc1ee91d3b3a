import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ERROR_CODES } from '../../lib/errors/index.js';

/** The rows `| \`CODE\` | meaning | how to solve |` of a Markdown text. */
function rowsOf(markdown: string): { code: string; meaning: string; remedy: string }[] {
  return [...markdown.matchAll(/^\| *`([A-Z]+(?:_[A-Z]+)+)` *\| *(.*?) *\| *(.*?) *\|$/gm)].map(
    ([, code = '', meaning = '', remedy = '']) => ({
      code,
      meaning,
      remedy,
    }),
  );
}

describe('ERROR_CODES', () => {
  // `npm test` and mocha run at the root of the project.
  const rows = rowsOf(readFileSync('docs/errors.md', 'utf8'));

  it('are the table of docs/errors.md, in the same order, with the same meanings', () => {
    expect(rows.map(({ code, meaning }) => [code, meaning])).to.deep.equal(Object.entries(ERROR_CODES));
  });

  it('each have a remedy there', () => {
    expect(rows.filter(({ remedy }) => !/^\S.+\.$/.test(remedy))).to.deep.equal([]);
  });
});
