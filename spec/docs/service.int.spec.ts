/** `docs/service.md`: its service as three processes on one Redis and one SQLite file, and what the page says of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runProgram } from '../support/programs.js';
import { RedisServer } from '../support/redis-server.js';
import { waitFor } from '../support/wait.js';
import { type CodeBlock, readCodeBlocks } from './code-block.js';
import { DocsProject, pathOf } from './docs-project.js';
import { readPage } from './pages.js';

const PAGE = 'docs/service.md';
const NEW_BOOK = { id: 1, authorId: 1, title: 'Dune', price: 12, stock: 3 };
const NEW_AUTHOR = { id: 1, name: 'Frank Herbert', royalties: 0 };

interface Answer {
  readonly status: number;
  readonly body: any;
}

/** One process of the service. */
class Service {
  readonly #process: ChildProcess;
  #printed = '';
  #url = '';

  constructor(script: string, env: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [script], {
      env: { ...process.env, REDIS_HOST: undefined, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const note = (chunk: Buffer): void => void (this.#printed += chunk.toString());
    this.#process.stdout!.on('data', note);
    this.#process.stderr!.on('data', note);
  }

  /** Resolves once it listens. @throws {Error} with what it printed, if it ended before. */
  async started(): Promise<void> {
    const port = (): string | undefined => /^listening on port (\d+)$/m.exec(this.#printed)?.[1];
    await waitFor(() => port() !== undefined || this.hasEnded, { what: 'the service to listen' });
    if (port() === undefined) throw new Error(`The service ended: ${this.#printed}`);
    this.#url = `http://127.0.0.1:${port()}`;
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async ask(path: string, method = 'GET', body?: object): Promise<Answer> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }

  /** What is stored of the first book and its author, as a client sees it. */
  async shown(): Promise<{ readonly price: number; readonly stock: number; readonly royalties: number }> {
    const [book, author] = [await this.ask('/books/1'), await this.ask('/authors/1')];
    expect([book.status, author.status]).to.deep.equal([200, 200]);
    const { price, stock } = book.body;
    return { price, stock, royalties: author.body.royalties };
  }

  /** How often it has printed this line. */
  count(line: string): number {
    return this.#printed.split('\n').filter((each) => each === line).length;
  }

  /** How often it has asked the database for a row. */
  loads(row = '\\w+ \\d+'): number {
    return this.#printed.match(new RegExp(`^the database is asked for ${row}$`, 'gm'))?.length ?? 0;
  }

  /** Ends it, and resolves with how it ended. */
  async end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: string | null; readonly printed: string }> {
    const closed = once(this.#process, 'close');
    this.#process.kill(signal);
    await waitFor(() => this.hasEnded, { what: `the service to end at ${signal}` });
    const [code, by] = (await closed) as [number | null, string | null];
    return { code, signal: by, printed: this.#printed };
  }
}

describe(PAGE, function () {
  this.timeout(120_000);
  const blocks = readCodeBlocks(PAGE, readPage(PAGE));
  const blockOf = (path: string): CodeBlock => blocks.find((block) => pathOf(block) === path)!;
  const services: Service[] = [];
  let project: DocsProject;
  let folder: string;
  let redis: RedisServer;
  let one: Service;
  let other: Service;
  let third: Service;

  const everywhere = <T>(ask: (service: Service) => Promise<T>): Promise<T[]> => Promise.all(services.map(ask));

  /** How often Redis was asked for a value. */
  const readsOfRedis = async (): Promise<number> => {
    const { get = 0, mget = 0 } = await redis.commandCalls();
    return get + mget;
  };

  /** Resolves once every process shows `expected`, and goes on doing so from its memory. */
  const knownEverywhere = async (expected: object): Promise<void> => {
    for (const service of services) {
      await waitFor(
        async () => {
          const before = { loads: service.loads(), reads: await readsOfRedis() };
          const shown = await service.shown();
          const after = { loads: service.loads(), reads: await readsOfRedis() };
          expect({ shown, ...after }).to.deep.equal({ shown: expected, ...before });
          return true;
        },
        { what: `a process to answer ${JSON.stringify(expected)} from its memory` },
      );
    }
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inversify-cache-service-'));
    project = new DocsProject(new Map([[PAGE, blocks]]));
    expect([...project.compile().values()]).to.deep.equal([]);
    redis = await RedisServer.start();
    const env = { DATABASE_URL: `file:${join(folder, 'library.db')}`, REDIS_URL: redis.url };
    await runProgram(process.execPath, [project.compiled(blockOf('src/create-tables.ts'))], { cwd: folder, env });
    for (let i = 0; i < 3; i += 1) services.push(new Service(project.compiled(blockOf('src/main.ts')), env));
    await everywhere((service) => service.started());
    [one, other, third] = services as [Service, Service, Service];
  });

  after(async () => {
    redis?.resume();
    for (const service of services) if (!service.hasEnded) await service.end('SIGKILL');
    await redis?.stop();
    project?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('answers the requests of the page to the letter', async () => {
    const { text } = blocks.find((block) => block.language === 'console' && block.text.includes('$ curl'))!;
    const request = /^\$ curl (-X PUT )?(?:-H content-type:application\/json -d '(.+)' )?'?localhost:800([1-3])([^'\s]+)'?\n(.*)$/gm;
    const dialogue = [...text.matchAll(request)];
    expect(dialogue.length)
      .to.equal(text.split('$ curl').length - 1)
      .and.greaterThan(0);
    for (const [command, put, body, number, path, answer] of dialogue) {
      const method = put !== undefined ? 'PUT' : body !== undefined ? 'POST' : 'GET';
      const ask = async (): Promise<string> => {
        const answered = await services[Number(number) - 1]!.ask(path!, method, body === undefined ? undefined : JSON.parse(body));
        return JSON.stringify(answered.body);
      };
      if (method !== 'GET') expect(await ask(), command).to.equal(answer);
      else await waitFor(async () => (await ask()) === answer, { what: command }); // Another process may take its bound.
    }
  });

  it('asks the database once, whichever process is asked, and answers from memory then', async () => {
    const book = { id: 2, authorId: 1, title: 'Dune Messiah', price: 10, stock: 5, currency: 'EUR', author: NEW_AUTHOR.name };
    expect(await one.ask('/books/2')).to.deep.equal({ status: 200, body: book });
    expect(await everywhere((service) => service.ask('/books/2'))).to.deep.equal(services.map(() => ({ status: 200, body: book })));
    expect(services.map((service) => service.loads('book 2'))).to.deep.equal([1, 0, 0]);
    await knownEverywhere({ price: 16, stock: 3, royalties: 0 });
  });

  it('answers 404 for a row that is not there', async () => {
    expect(await one.ask('/books/7')).to.deep.equal({ status: 404, body: { error: 'There is no book 7.' } });
  });

  it('keeps the values of two subclasses of the repository apart', async () => {
    await everywhere((service) => service.shown());
    expect((await one.ask('/books/1', 'PUT', { price: 13 })).status).to.equal(200);
    await knownEverywhere({ price: 13, stock: 3, royalties: 0 });
    expect(await everywhere(async (service) => (await service.ask('/authors/1')).body)).to.deep.equal(services.map(() => NEW_AUTHOR));
  });

  it('lets a change at one process reach the others', async () => {
    await everywhere((service) => service.shown());
    expect(await other.ask('/books/1', 'PUT', { price: 16 })).to.deep.equal({ status: 200, body: { ...NEW_BOOK, price: 16 } });
    expect((await other.shown()).price).to.equal(16);
    await knownEverywhere({ price: 16, stock: 3, royalties: 0 });
  });

  it('leaves nothing behind of a transaction that is rolled back', async () => {
    const before = await everywhere((service) => service.shown());
    expect(before).to.deep.equal(services.map(() => ({ price: 16, stock: 3, royalties: 0 })));
    expect(await third.ask('/books/1/sales', 'POST', { copies: 100 })).to.deep.equal({
      status: 409,
      body: { error: 'Only 3 copies of Dune are left.' },
    });
    expect(await everywhere((service) => service.shown())).to.deep.equal(before);
    await knownEverywhere(before[0]!);
  });

  it('lets all rows of a transaction that is committed reach the others', async () => {
    expect(await third.ask('/books/1/sales', 'POST', { copies: 2 })).to.deep.equal({
      status: 200,
      body: { ...NEW_BOOK, price: 16, stock: 1 },
    });
    await knownEverywhere({ price: 16, stock: 1, royalties: 32 });
  });

  it('has an object for each request, with caches that outlive it', async () => {
    for (const [path, price, currency] of [
      ['/books/1?currency=USD', 20, 'USD'],
      ['/books/1', 16, 'EUR'], // Its object does not know what the one before was asked for.
      ['/books/1?currency=USD', 20, 'USD'],
    ] as const) {
      const { body } = await one.ask(path);
      expect([body.price, body.currency]).to.deep.equal([price, currency]);
    }
    const asked = services.map((service) => service.count('the rate of USD is asked for'));
    expect(asked.reduce((sum, count) => sum + count)).to.equal(1);
  });

  it('answers reads while Redis is away, and a write with 202; everybody knows of it when Redis is back', async () => {
    await knownEverywhere({ price: 16, stock: 1, royalties: 32 }); // So Redis has the old row, too.
    redis.pause();
    expect(await one.ask('/books/1', 'PUT', { price: 18 })).to.deep.equal({ status: 202, body: { ...NEW_BOOK, price: 18, stock: 1 } });
    expect((await one.shown()).price).to.equal(18);
    for (const service of [other, third]) {
      await waitFor(async () => (await service.shown()).price === 18, { what: 'a read to be answered by the database' });
    }
    redis.resume();
    await knownEverywhere({ price: 18, stock: 1, royalties: 32 });
    await waitFor(async () => (await one.ask('/books/1', 'PUT', { price: 20 })).status === 200, { what: 'a write to be acknowledged' });
    await knownEverywhere({ price: 20, stock: 1, royalties: 32 });
  });

  it('ends by itself at SIGTERM', async () => {
    for (const service of services) {
      const { code, signal, printed } = await service.end('SIGTERM');
      expect({ code, signal }, printed).to.deep.equal({ code: 0, signal: null });
    }
  });
});
