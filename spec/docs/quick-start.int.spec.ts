/** `docs/quick-start.md`, followed to the letter: what its requests are answered, on two servers and one Redis. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort, RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { readCodeBlocks } from './code-block.js';
import { DocsProject, INIT, pathOf } from './docs-project.js';
import { readPage } from './pages.js';

const PAGE = 'docs/quick-start.md';

describe(PAGE, function () {
  this.timeout(120_000);
  const blocks = readCodeBlocks(PAGE, readPage(PAGE));
  const [prices] = blocks.filter(({ language }) => language === 'json').map(({ text }) => text);
  const children: { readonly process: ChildProcess; printed: string }[] = [];
  let project: DocsProject;
  let folder: string;

  before(() => {
    project = new DocsProject(new Map([[PAGE, blocks]]));
    expect([...project.compile().values()]).to.deep.equal([]);
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inversify-cache-quick-start-'));
    writeFileSync(join(folder, 'prices.json'), prices!);
  });

  afterEach(async () => {
    for (const { process } of children.splice(0)) {
      if (process.exitCode !== null) continue;
      process.kill('SIGKILL');
      await once(process, 'close');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  after(() => project?.remove());

  /** `node build/server.js`, once it answers. */
  const start = async (redis: Record<string, string | undefined>) => {
    const port = await freePort();
    const script = project.compiled(blocks.find((block) => pathOf(block) === 'src/server.ts')!);
    const env = { ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, PORT: String(port), ...redis };
    const child = { process: spawn(process.execPath, [script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] }), printed: '' };
    const note = (chunk: Buffer): void => void (child.printed += chunk.toString());
    child.process.stdout.on('data', note);
    child.process.stderr.on('data', note);
    children.push(child);
    const ask = async (init?: RequestInit): Promise<string> => (await fetch(`http://127.0.0.1:${port}/Dune`, init)).text();
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.ok === true, {
      what: 'the server to answer',
    });
    const interrupt = async (): Promise<unknown> => {
      child.process.kill('SIGINT');
      return (await once(child.process, 'close'))[0];
    };
    return { ask, interrupt, timesRead: () => child.printed.split('the database is asked for Dune').length - 1 };
  };

  it('asks for the compiler options that all pages are compiled with, and so does README', () => {
    expect(readPage(PAGE)).to.include(`\n${INIT}\n`);
    expect(readPage('README.md')).to.include(`\n${INIT}\n`);
  });

  it('answers the second request from memory, without Redis, and ends at Ctrl-C', async () => {
    const server = await start({});
    expect([await server.ask(), await server.ask()]).to.deep.equal(['12\n', '12\n']);
    expect(server.timesRead()).to.equal(1);
    expect(await server.interrupt()).to.equal(0);
  });

  it('lets an update on one server reach the other, and lets both survive the end of Redis', async () => {
    const redis = await RedisServer.start();
    try {
      const [one, other] = [await start({ REDIS_URL: redis.url }), await start({ REDIS_URL: redis.url })];
      expect([await one.ask(), await other.ask()]).to.deep.equal(['12\n', '12\n']);
      expect([one.timesRead(), other.timesRead()]).to.deep.equal([1, 0]);
      expect(await one.ask({ method: 'PUT', body: '15' })).to.equal('15\n');
      await waitFor(async () => (await other.ask()) === '15\n', { what: 'the update on the other server' });
      await redis.kill();
      expect([await one.ask(), await other.ask()]).to.deep.equal(['15\n', '15\n']);
      expect(await one.ask({ method: 'PUT', body: '18' })).to.match(
        /^CacheEvictError: .* What the method did stands\. The eviction is retried/,
      );
      expect([await one.interrupt(), await other.interrupt()]).to.deep.equal([0, 0]);
    } finally {
      await redis.stop();
    }
  });
});
