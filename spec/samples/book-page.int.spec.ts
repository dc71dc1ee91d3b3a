import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type BrowserContext, type Page, sharedBrowser } from '../support/browser.js';
import { findServerProgram } from '../support/server-program.js';
import { waitFor } from '../support/wait.js';

/** `npm run sample -- --serve`, as somebody at a browser sees it. */
describe('the page of the Book sample', function () {
  this.timeout(120_000);

  let sample: ChildProcess;
  let output: string;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  const start = async (env: NodeJS.ProcessEnv): Promise<string> => {
    output = '';
    complaints = [];
    const main = fileURLToPath(new URL('../../samples/book/main.js', import.meta.url));
    sample = spawn(process.execPath, ['--enable-source-maps', main, '--serve', '--port', '0'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [sample.stdout, sample.stderr]) stream!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const isUp = (): boolean => {
      if (sample.exitCode !== null) throw new Error(`The sample ended: ${output}`);
      return output.includes('Ctrl-C ends them.');
    };
    await waitFor(isUp, { what: 'the sample to be up', timeoutMs: 90_000, everyMs: 20 });
    return /Open (\S+)/.exec(output)![1]!;
  };

  const open = async (url: string): Promise<void> => {
    context = await (await sharedBrowser()).newContext({ viewport: { width: 1280, height: 1000 } });
    page = await context.newPage();
    page.on('console', (message) => void (message.type() === 'log' || complaints.push(`${message.type()}: ${message.text()}`)));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
  };

  afterEach(async () => {
    await context?.close();
    if (sample.exitCode !== null) return;
    const ended = once(sample, 'exit');
    sample.kill('SIGINT');
    expect((await ended)[0], 'exit code after Ctrl-C').to.equal(0);
  });

  const inConsole = (selector: string) => page.frameLocator('iframe').locator(selector);
  const states = (): Promise<string[]> => inConsole('.instance .state').allTextContents();
  const until = (fact: () => Promise<boolean>, what: string): Promise<void> => waitFor(fact, { what, everyMs: 50 });

  it('shows an update cross to four servers, and a paused one fall silent and come back', async () => {
    const program = findServerProgram();
    const folder = program!.slice(0, program!.lastIndexOf('/'));
    await open(await start({ ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, PATH: `${folder}:${process.env['PATH']}` }));
    await until(async () => (await states()).join() === 'Serving,Serving,Serving,Serving', 'four servers that serve');

    await page.locator('#update').click();
    await until(
      async () => (await inConsole('#feed .entry').first().locator('.applied li[data-state="applied"]').count()) === 4,
      'the eviction on all four',
    );
    expect(await inConsole('#feed .key').first().textContent()).to.equal('Dune');
    expect(await page.locator('#told').textContent()).to.match(
      /^Dune now costs 10\.24 \(version 2\)\. Saved, and no server serves the old one any more, after \d+\.\d ms\.$/,
    );

    const third = page.locator('#links button').locator('nth=2');
    await third.click();
    await until(async () => (await states())[2] === 'Not heard', 'the silence of server-3');
    expect((await states()).filter((state) => state === 'Serving').length).to.equal(3);
    await page.locator('#update').click();
    await until(async () => (await page.locator('#told').textContent())!.includes('(version 3)'), 'an update past the paused one');
    await third.click();
    await until(async () => (await states()).join() === 'Serving,Serving,Serving,Serving', 'the return of server-3');

    await page.locator('#readers').click();
    const reads = inConsole('[data-instance^="server-3"] dd').first();
    const before = await reads.textContent();
    await until(async () => (await reads.textContent()) !== before, 'readers');
    expect(complaints).to.deep.equal([]);
  });

  it('renames an author by one eviction of a tag, and back', async () => {
    const url = await start({ ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, PATH: '' });
    await open(url);
    await until(async () => (await page.locator('#book option').count()) > 0, 'the books');
    const urls = [...output.matchAll(/^ {2}server-\d {2}(\S+)$/gm)].map(([, address]) => String(address));
    const authors = () =>
      Promise.all(urls.map(async (each) => ((await (await fetch(`${each}/books/Dune`)).json()) as { author: string }).author));
    for (const [old, name] of [
      ['Frank Herbert', 'Frank Herbert, Esq.'],
      ['Frank Herbert, Esq.', 'Frank Herbert'],
    ] as const) {
      expect(await authors()).to.deep.equal([old, old, old, old]);
      await page.locator('#rename').click();
      await until(async () => (await page.locator('#told').textContent())!.startsWith(`${old} is now called “${name}”.`), 'the answer');
      expect(await page.locator('#told').textContent()).to.match(
        /”\. No server tells the old name any more, after \d+\.\d ms: not in Dune, Dune Messiah, nor in the list of them\.$/,
      );
      expect(await authors()).to.deep.equal([name, name, name, name]);
    }
    expect(complaints).to.deep.equal([]);
  });

  it('says of a book that was saved out of the reach of Redis that others may serve the old one', async () => {
    const program = findServerProgram();
    const folder = program!.slice(0, program!.lastIndexOf('/'));
    const url = await start({ ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, PATH: `${folder}:${process.env['PATH']}` });
    await open(url);
    const [, second] = [...output.matchAll(/^ {2}server-\d {2}(\S+)$/gm)].map(([, address]) => String(address));
    const version = async (): Promise<number> => ((await (await fetch(`${second}/books/Dune`)).json()) as { version: number }).version;
    expect(await version()).to.equal(1);
    const first = page.locator('#links button').first();
    await first.click();
    const status = async (): Promise<string> => ((await (await fetch(`${url}cache/health`)).json()) as { status: string }).status;
    await until(async () => (await status()) !== 'up', 'server-1 to notice that it cannot reach Redis');

    await page.locator('#update').click();
    await until(async () => (await page.locator('#told').textContent())!.includes('now costs'), 'the answer');
    expect(await page.locator('#told').textContent()).to.match(
      /^Dune now costs 10\.24 \(version 2\)\. Saved, but after \d+\.\d ms Redis had not acknowledged the eviction\. It is repeated until Redis does: till then other servers may serve the old one, for at most 10 minutes, the life of an entry\.$/,
    );
    await first.click();
    await until(async () => (await version()) === 2, 'the eviction on server-2');
  });

  it('says what is known of a book when the server does not answer, or something else answers', async () => {
    await open(await start({ ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, PATH: '' }));
    await until(async () => (await page.locator('#book option').count()) > 0, 'the books');
    const told = async (): Promise<string> => {
      await page.evaluate(`document.getElementById('told').textContent = ''`);
      await page.locator('#update').click();
      await until(async () => (await page.locator('#told').textContent()) !== '', 'an answer');
      return (await page.locator('#told').textContent())!;
    };
    const answers: readonly (readonly [answer: { status: number; contentType?: string; body: string } | undefined, text: string])[] = [
      [undefined, 'The server cannot be reached, or ended before it answered. Read the book to learn whether it was saved.'],
      [{ status: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' }, 'The answer was 502, and no more. Read the book to learn whether it was saved.'], // prettier-ignore
      [{ status: 500, body: '{"error":"The server failed."}' }, 'The server failed. Read the book to learn whether it was saved.'],
      [{ status: 400, body: '{"error":"Expected `price`."}' }, 'Expected `price`. Nothing was saved.'],
    ];
    let answer: (typeof answers)[number][0];
    await page.route('**/books/*', (route) => {
      if (route.request().method() !== 'PUT') return route.fallback();
      return answer === undefined ? route.abort() : route.fulfill(answer);
    });
    for (const [each, text] of answers) {
      answer = each;
      expect(await told()).to.equal(text);
    }
  });

  it('does without Redis: then there are no links to pause', async () => {
    await open(await start({ ...process.env, REDIS_URL: undefined, REDIS_HOST: undefined, PATH: '' }));
    await until(async () => (await states()).length === 4, 'four servers');
    await until(async () => (await page.locator('#links').textContent()) === 'No Redis: there are no links to pause.', 'the label');
    await page.locator('#update').click();
    await until(
      async () => (await inConsole('#feed .entry').first().locator('.applied li[data-state="applied"]').count()) === 4,
      'the eviction on all four',
    );
    expect(complaints).to.deep.equal([]);
  });
});
