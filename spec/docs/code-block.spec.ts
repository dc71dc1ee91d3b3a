import { expect } from 'chai';
import { readCodeBlocks } from './code-block.js';

describe(readCodeBlocks.name, () => {
  const read = (...lines: string[]) => readCodeBlocks('a.md', lines.join('\n'));

  it('takes what stands between fences, with its language and its line', () => {
    expect(read('# A', '', '```ts', 'one();', '', 'two();', '```', 'text', '~~~json title', '{}', '~~~')).to.deep.equal([
      { page: 'a.md', line: 4, language: 'ts', text: 'one();\n\ntwo();\n', remark: '' },
      { page: 'a.md', line: 10, language: 'json', text: '{}\n', remark: '' },
    ]);
  });

  it('ends a block at a fence of its own kind that is as long, and at no other', () => {
    const [block, ...more] = read('````text', '```ts', '~~~~', '``````');
    expect([block?.text, more]).to.deep.equal(['```ts\n~~~~\n', []]);
  });

  it('takes off the indentation of the fence', () => {
    expect(read('  ```ts', '  if (x)', '    y();', '  ```')[0]?.text).to.equal('if (x)\n  y();\n');
  });

  it('reads the remark before a fence', () => {
    expect(read('<!-- not run: it is long -->', '```ts', '```')[0]?.remark).to.equal('not run: it is long');
    expect(read('<!-- not run: it is long -->', '', '```ts', '```')[0]?.remark).to.equal('');
  });

  it('refuses a block without a language, and one without an end', () => {
    expect(() => read('text', '```', '```')).to.throw('a.md:2 names no language.');
    expect(() => read('```ts', '``')).to.throw('a.md:1 is never closed.');
  });
});
