/**
 * Every code block that people read is true: TypeScript is compiled as a user would compile it, and run; programs that print something
 * print what the page says, on Redis too; commands exist; JSON is JSON.
 *
 * Remarks before a fence, which readers do not see, say the rest: `<!-- not run: a certificate is needed -->` (why not), `<!-- on Redis -->`
 * (a program that is nothing without), and `<!-- prints -->` before what the program above prints.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readCommandLine } from '../../lib/cli/command-line.js';
import { projectRoot } from '../support/project.js';
import { RedisServer } from '../support/redis-server.js';
import { readCodeBlocks, type CodeBlock } from './code-block.js';
import { DocsProject, outputOf, pathOf } from './docs-project.js';
import { readPage, readPages } from './pages.js';

/** Languages whose blocks are shown and not checked; Java is Spring's, beside ours. */
const SHOWN = ['text', 'java', 'mermaid'];

const manifest = JSON.parse(readPage('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
const pages = new Map([...readPages()].map(([page, text]) => [page, readCodeBlocks(page, text)]));
const blocks = [...pages.values()].flat();

const titleOf = ({ page, line }: CodeBlock): string => `${page}:${line}`;
const reasonNotToRun = ({ remark }: CodeBlock): string | undefined => /^not run: (.+)$/.exec(remark)?.[1];

describe('the code blocks of the pages', function () {
  this.timeout(120_000);
  const printing = (block: CodeBlock): boolean => outputOf(block, pages.get(block.page)!) !== undefined;
  const scripts = blocks.filter(({ language }) => language === 'ts');
  const programs = scripts.filter(printing);
  const fragments = scripts.filter((block) => !printing(block) && pathOf(block) === undefined && reasonNotToRun(block) === undefined);

  let project: DocsProject;
  let complaints: ReadonlyMap<CodeBlock, string>;

  before(() => {
    project = new DocsProject(pages);
    complaints = project.compile();
  });

  after(() => project?.remove());

  it('are of languages we know how to check, or only show', () => {
    const strange = blocks.filter(({ language }) => ![...SHOWN, 'ts', 'json', 'sh', 'console'].includes(language));
    expect(strange.map((block) => `${titleOf(block)} ${block.language}`)).to.deep.equal([]);
  });

  it('have no remark that says nothing', () => {
    const strange = blocks.filter((block) => !['', 'prints', 'on Redis'].includes(block.remark) && reasonNotToRun(block) === undefined);
    expect(strange.map((block) => `${titleOf(block)} ${block.remark}`)).to.deep.equal([]);
  });

  describe('in TypeScript compile', () => {
    for (const block of scripts) {
      it(titleOf(block), () => {
        const complaint = complaints.get(block);
        if (complaint !== undefined) throw new Error(complaint);
      });
    }
  });

  describe('that are fragments run', () => {
    const failures = new Map<string, ReadonlyMap<number, string>>();

    before(async () => {
      for (const page of new Set(fragments.map((each) => each.page))) {
        failures.set(page, await project.runFragments(fragments.filter((each) => each.page === page)));
      }
    });

    for (const block of fragments) {
      it(titleOf(block), () => {
        const failure = failures.get(block.page)!.get(block.line);
        if (failure !== undefined) throw new Error(failure);
      });
    }
  });

  describe('that are programs print what the page says', () => {
    const noRedis = { REDIS_URL: undefined, REDIS_HOST: undefined };
    let server: RedisServer;

    before(async () => {
      server = await RedisServer.start();
    });

    after(() => server?.stop());

    for (const block of programs) {
      const expected = outputOf(block, pages.get(block.page)!);
      const needsRedis = block.remark === 'on Redis';

      if (!needsRedis) {
        it(`${titleOf(block)}, without a server`, async () => {
          expect(await project.run(block, noRedis)).to.equal(expected);
        });
      }

      if (needsRedis || block.text.includes('redisOptionsFromEnv()')) {
        it(`${titleOf(block)}, on Redis`, async () => {
          await server.cli('FLUSHALL');
          await server.cli('CONFIG', 'RESETSTAT');
          expect(await project.run(block, { ...noRedis, REDIS_URL: server.url })).to.equal(expected);
          expect((await server.commandCalls())['evalsha'], 'scripts run').to.be.greaterThan(0);
        });
      }
    }
  });

  describe('that are tests pass', () => {
    for (const block of scripts.filter((each) => pathOf(each)?.endsWith('.spec.ts'))) {
      it(titleOf(block), async () => void (await project.run(block, {})));
    }
  });

  describe('in JSON can be parsed', () => {
    for (const block of blocks.filter(({ language }) => language === 'json')) {
      it(titleOf(block), () => void JSON.parse(block.text));
    }
  });

  describe('with commands name what there is', () => {
    for (const block of blocks.filter(({ language }) => language === 'sh' || language === 'console')) {
      for (const command of commandsOf(block)) {
        it(`${titleOf(block)} ${command}`, () => checkCommand(command));
      }
    }
  });
});

/** In a `console` block commands stand behind a `$`, and what they print between them. */
function commandsOf({ language, text }: CodeBlock): readonly string[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  const commands = language === 'sh' ? lines : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return commands
    .map((line) => line.replace(/\s*# .*$/, ''))
    .flatMap((line) => line.split(' && '))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** @throws {Error} for a script of npm's, an option of our command line, or a file of ours that is not there. */
function checkCommand(command: string): void {
  const [program, ...args] = wordsOf(command);
  const [script] = args;
  if (program === 'npm' && script !== undefined) {
    const name = script === 'run' ? args[1]! : script;
    if (!['ci', 'init', 'install', 'pkg'].includes(name)) expect(manifest.scripts).to.have.property(name);
  } else if (program === 'npx' && script === 'inversify-cache') {
    readCommandLine(args.slice(1));
  } else if (program === 'node' && script?.endsWith('.mjs')) {
    expect(existsSync(join(projectRoot, script)), script).to.equal(true);
  } else {
    expect(['npx', 'node', 'docker', 'curl', 'mkdir', 'cd', 'redis-cli', 'redis-server']).to.include(program);
  }
}

/** The words of a command line, as a shell would split this one: quotes hold words together. */
function wordsOf(command: string): readonly string[] {
  const quoted = [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)];
  const words = quoted.map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double));
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word)); // `REDIS_URL=… npm run sample`
  return words.slice(first);
}
