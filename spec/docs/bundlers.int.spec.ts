/**
 * What `docs/bundlers.md` says of esbuild: its commands are run as they stand there, on its files. What it says of the other tools is tried by
 * `scripts/try-runners.mjs`, which installs them.
 */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../support/project.js';
import { runProgram } from '../support/programs.js';
import { RedisServer } from '../support/redis-server.js';
import { readCodeBlocks } from './code-block.js';
import { DocsProject, outputOf, pathOf } from './docs-project.js';
import { readPage } from './pages.js';

const PAGE = 'docs/bundlers.md';
const text = readPage(PAGE);
const blocks = readCodeBlocks(PAGE, text);

/** The commands of each part about esbuild, without the installation, by the heading above them. */
const parts = [...text.matchAll(/^### (With.*)\n[^#]*?```sh\n([^]*?)^```$/gm)].map(([, heading, commands]) => ({
  heading: heading!,
  commands: commands!.replaceAll('\\\n', '').trim().split('\n').slice(1),
}));

describe(PAGE, function () {
  this.timeout(120_000);

  const noRedis = { REDIS_URL: undefined, REDIS_HOST: undefined };
  const output = outputOf(
    blocks.find((block) => pathOf(block) === 'src/main.ts')!,
    blocks,
  );
  let server: RedisServer;
  let project: DocsProject;
  let folder: string;

  before(async () => {
    server = await RedisServer.start();
    project = new DocsProject(new Map([[PAGE, blocks]]));
    folder = project.folderOf(PAGE);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'tsconfig.json'), blocks.find(({ language }) => language === 'json')!.text);
  });

  after(async () => {
    project?.remove();
    await server?.stop();
  });

  /** Runs commands of the page. Resolves with what the last of them printed. */
  const run = async (commands: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<string> => {
    const PATH = `${join(projectRoot, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    let printed = '';
    for (const command of commands)
      printed = await runProgram('sh', ['-c', command.replace(/^npx /, '')], { cwd: folder, env: { ...env, PATH }, timeoutMs: 60_000 });
    return printed;
  };

  it('has three ways to bundle', () => {
    expect(parts.map(({ heading, commands }) => [heading, commands.length])).to.deep.equal([
      ['Without the packages', 2],
      ['With the packages, as ES modules', 2],
      ['With the packages, as CommonJS', 2],
    ]);
  });

  for (const { heading, commands } of parts) {
    for (const [how, change] of [
      ['as it stands', (command: string) => command],
      ['without --minify', (command: string) => command.replace(' --minify', '')],
      ['with --keep-names', (command: string) => command.replace(' --minify', ' --minify --keep-names')],
    ] as const) {
      it(`${heading.toLowerCase()}, ${how}: a read is cached and an eviction crosses, with Redis and without`, async () => {
        const changed = commands.map(change);
        expect(await run(changed, noRedis)).to.equal(output);
        expect(await run(changed.slice(-1), { ...noRedis, REDIS_URL: server.url })).to.equal(output);
        expect((await server.commandCalls())['evalsha'] ?? 0, 'scripts run').to.be.greaterThan(0);
        await server.cli('CONFIG', 'RESETSTAT');
      });
    }
  }

  it('says what happens to ES modules without a `require`, and how large a bundle is', async () => {
    const [bundle, start] = parts[1]!.commands as [string, string];
    const bare = bundle.replace(/ +--banner:js=".*"/, '');
    expect(bare).to.not.equal(bundle);
    expect(await run([bare, start], noRedis), 'without Redis').to.equal(output);
    const failure = await run([start], { ...noRedis, REDIS_URL: server.url }).then(String, String);
    const said = /"(The Redis client [^"]*)" \(`(\w+)`\)/.exec(text);
    expect(failure).to.include(said?.[1]);
    expect(failure).to.include(said?.[2]);
    expect(text).to.include('that is 0.9 MB minified');
    expect(statSync(join(folder, 'build/main.js')).size).to.be.within(800_000, 1_000_000);
  });

  it('leads to the script that tries the others', () => {
    const [script] = /scripts\/try-runners\.mjs/.exec(text) ?? [];
    expect(script !== undefined && existsSync(join(projectRoot, script))).to.equal(true);
  });
});
