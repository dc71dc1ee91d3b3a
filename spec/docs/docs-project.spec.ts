import { expect } from 'chai';
import { type CodeBlock, readCodeBlocks } from './code-block.js';
import { DocsProject } from './docs-project.js';

/** What must be noticed, and where; and what a page may leave out. */
const PAGE = `
\`\`\`ts
// src/shelf.ts
export const shelf: readonly string[] = ['Dune'];
\`\`\`

\`\`\`ts
import { shelf } from './src/shelf.js';
console.log(shelf.join());
\`\`\`

<!-- prints -->
\`\`\`text
Dune
\`\`\`

\`\`\`ts
@Cacheable('book', { key: (isbn) => isbn.trim() })
async find(isbn: string): Promise<number> { … }
\`\`\`

\`\`\`ts
const { books, missing } = container;
\`\`\`

\`\`\`ts
// A comment, then a mistake.
await cache.evict(new Map());
\`\`\`

\`\`\`ts
if (cache.name === 'book') throw new Error('it runs');
\`\`\`

\`\`\`ts
const own = new Container();
own.get(CacheManager);
\`\`\`

\`\`\`ts
new Container();
console.log(1);
\`\`\`

<!-- prints -->
\`\`\`text
1
\`\`\`

\`\`\`ts
@CacheEvict(['book', 'book'], { allEntries: true })
async clear(): Promise<void> { … }
\`\`\`
`;

describe(DocsProject.name, function () {
  this.timeout(60_000);
  // The cast of README.md.
  const blocks = readCodeBlocks('README.md', PAGE);
  const at = (line: number): CodeBlock => blocks.find((block) => block.line === line)!;
  let project: DocsProject;
  let complaints: ReadonlyMap<CodeBlock, string>;

  before(() => {
    project = new DocsProject(new Map([['README.md', blocks]]));
    complaints = project.compile();
  });

  after(() => project?.remove());

  it('tells what does not compile, with its line in the page', () => {
    expect([...complaints.values()].map((complaint) => complaint.split('\n')[0])).to.have.members([
      `README.md:23 Property 'books' does not exist on type 'Container'.`,
      `README.md:28 Argument of type 'Map<any, any>' is not assignable to parameter of type 'CacheKey'.`,
      `README.md:41 Cannot find name 'Container'.`, // A program gets nothing that it does not import.
    ]);
  });

  it('runs a program with the files that its page gives', async () => {
    expect(await project.run(at(8), {})).to.equal('Dune\n');
  });

  it('tells which fragments fail, and why, and goes on with the others', async () => {
    const failures = await project.runFragments([at(18), at(32), at(36), at(51)]);
    expect([...failures].map(([line, stack]) => `${line} ${stack.split('\n')[0]}`)).to.deep.equal([
      '32 Error: it runs',
      '36 Error: No bindings found for service: "CacheManager".',
      "51 CacheConfigurationError: Invalid @CacheEvict on Example.clear: `cacheNames` names the cache 'book' twice.",
    ]);
  });

  it('refuses two blocks that are the same file', () => {
    const twice = readCodeBlocks('a.md', '```ts\n// a.ts\n```\n```ts\n// a.ts\n```\n');
    expect(() => new DocsProject(new Map([['a.md', twice]]))).to.throw('a.md:5 gives pages/a/a.ts a second time.');
  });
});
