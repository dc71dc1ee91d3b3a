import { inspect } from 'node:util';
import { expect } from 'chai';
import ts from 'typescript';
import { DEFAULT_CACHE_OPTIONS, DEFAULT_CACHING_OPTIONS } from '../../lib/index.js';
import { resolveOptions } from '../../lib/instance/options.js';
import { readPage } from './pages.js';

describe('docs/options.md', () => {
  const [ofInstance, ofCache] = readPage('docs/options.md').split('## Of a cache').map(rowsOf);
  const sources = ['lib/instance/options.ts', 'lib/time/freshness-options.ts'].map((path) =>
    ts.createSourceFile(path, readPage(path), ts.ScriptTarget.Latest, true),
  );

  /** Those of the interfaces that it extends, too. */
  const optionNames = (name: string): string[] => {
    const declaration = sources
      .flatMap(({ statements }) => [...statements])
      .find((each) => ts.isInterfaceDeclaration(each) && each.name.text === name) as ts.InterfaceDeclaration;
    const extended = (declaration.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => expression.getText()));
    return [...extended.flatMap(optionNames), ...declaration.members.map((member) => (member.name as ts.Identifier).text)];
  };

  for (const [name, rows, defaults] of [
    ['CachingOptions', ofInstance!, DEFAULT_CACHING_OPTIONS],
    ['CacheOptions', ofCache!, DEFAULT_CACHE_OPTIONS],
  ] as const) {
    it(`has all ${name}, and no others`, () => {
      expect([...rows.keys()]).to.have.members(optionNames(name));
    });

    it(`says the defaults of ${name}`, () => {
      const said = Object.keys(defaults).map((option) => /^`([^`]+)`/.exec(rows.get(option) ?? '')?.[1]);
      expect(said).to.deep.equal(Object.values(defaults).map((value) => inspect(value)));
    });
  }

  it('says what a deadline is, and what it has to do with the other two', () => {
    const [, section = ''] = /^## Waiting for Redis\n([^]*?)^## /m.exec(readPage('docs/options.md')) ?? [];
    const { timeout, deadline, connectTimeout } = DEFAULT_CACHING_OPTIONS;
    const said = [...section.matchAll(/^\*\*`(\w+)`\*\* \((\d+) (\w+)\)/gm)].map(([, option, count, unit]) => [option, `${count}${unit}`]);
    expect(said).to.deep.equal(Object.entries({ timeout, deadline, connectTimeout }));
    expect(section.replaceAll('\n', ' ')).to.include('at least twice the `timeout`');
    expect(resolveOptions({ timeout: '300ms', deadline: '600ms' }).deadlineMs).to.equal(600);
    expect(() => resolveOptions({ timeout: '300ms', deadline: '599ms' })).to.throw('at least twice `timeout` (300 ms)');
    expect(section).to.include('a duration from 1 ms to a day');
    for (const option of ['timeout', 'deadline', 'connectTimeout']) {
      expect(() => resolveOptions({ [option]: '0ms' }), option).to.throw(`\`${option}\``);
      expect(() => resolveOptions({ [option]: '86400001ms' }), option).to.throw(`\`${option}\``);
    }
  });
});

/** The default of each option, as its row says it. */
function rowsOf(markdown: string): ReadonlyMap<string, string> {
  const rows = markdown.matchAll(/^\| `(\w+)` \| (.*?) \| .+ \|$/gm);
  return new Map([...rows].map(([, option, fallback]) => [option!, fallback!]));
}
