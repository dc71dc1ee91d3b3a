import { inspect } from 'node:util';
import { expect } from 'chai';
import ts from 'typescript';
import { DEFAULT_CACHE_OPTIONS, DEFAULT_CACHING_OPTIONS } from '../../lib/index.js';
import { readPage } from './pages.js';

describe('docs/options.md', () => {
  const [ofInstance, ofCache] = readPage('docs/options.md').split('## Of a cache').map(rowsOf);
  const source = ts.createSourceFile('options.ts', readPage('lib/instance/options.ts'), ts.ScriptTarget.Latest);

  const optionNames = (name: string): string[] => {
    const declaration = source.statements.find(
      (each) => ts.isInterfaceDeclaration(each) && each.name.text === name,
    ) as ts.InterfaceDeclaration;
    return declaration.members.map((member) => (member.name as ts.Identifier).text);
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
});

/** The default of each option, as its row says it. */
function rowsOf(markdown: string): ReadonlyMap<string, string> {
  const rows = markdown.matchAll(/^\| `(\w+)` \| (.*?) \| .+ \|$/gm);
  return new Map([...rows].map(([, option, fallback]) => [option!, fallback!]));
}
