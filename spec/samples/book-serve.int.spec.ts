import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { MAXIMUM_BODY_BYTES, MAXIMUM_NAME_LENGTH, MAXIMUM_SHELF } from '../../samples/book/book-request.js';
import { USAGE } from '../../samples/book/command-line.js';
import { ask } from './ask.js';
import { isListening, isRunning, SampleRun } from './sample-run.js';

const NAMES = ['server-1', 'server-2', 'server-3', 'server-4'];
const EMMA = { name: 'Emma', author: 'Jane Austen', price: 7.5, version: 1, authorId: 2 };
const PUT = (body: unknown): RequestInit => ({ method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) });

/** The addresses of the four servers, as they are printed. */
function addresses(output: string): readonly string[] {
  const lines = [...output.matchAll(/^ {2}(server-\d) {2}(http:\/\/127\.0\.0\.1:\d+)$/gm)];
  expect(lines.map(([, name]) => name)).to.deep.equal(NAMES);
  return lines.map(([, , url]) => String(url));
}

for (const redis of ['none', 'program'] as const) {
  describe(`samples/book --serve, ${redis === 'none' ? 'without Redis' : 'on a private Redis'}`, function () {
    this.timeout(120_000);

    let run: SampleRun;
    let urls: readonly string[];

    before(async () => {
      run = new SampleRun('book', ['--serve', '--port', '0'], redis);
      await run.printed('Ctrl-C ends them.');
      urls = addresses(run.output);
    });

    after(() => run.remove());

    it('answers from the database, then from L2 on the others, then from L1', async () => {
      const rounds = [];
      for (const url of [...urls, ...urls]) {
        const { status, headers, body } = await ask(`${url}/books/Emma`);
        expect({ status, body }).to.deep.equal({ status: 200, body: EMMA });
        rounds.push(`${headers.get('x-server')} ${headers.get('x-cache')}`);
      }
      const first = NAMES.map((name, i) => `${name} ${i === 0 ? 'database' : 'L2'}`);
      expect(rounds).to.deep.equal([...first, ...NAMES.map((name) => `${name} L1`)]);
    });

    it('saves a book on one server, and every other one knows it', async () => {
      for (const url of urls) await ask(`${url}/books/Kim`); // All of them hold the old one.
      const saved = await ask(`${urls[0]}/books/Kim`, PUT({ author: ' Rudyard Kipling ', price: 5 }));
      const kim = { name: 'Kim', author: 'Rudyard Kipling', price: 5, version: 2, authorId: 3 };
      expect({ status: saved.status, body: saved.body }).to.deep.equal({ status: 200, body: kim });
      expect(await Promise.all(urls.map(async (url) => (await ask(`${url}/books/Kim`)).body))).to.deep.equal([kim, kim, kim, kim]);
    });

    it('does not die for the header by which the story kills a server', async () => {
      const put = { ...PUT({ author: 'James Joyce', price: 12 }), headers: { 'x-die': 'after-commit' } };
      const { status, body } = await ask(`${urls[3]}/books/Ulysses`, put);
      expect({ status, body }).to.deep.equal({
        status: 200,
        body: { name: 'Ulysses', author: 'James Joyce', price: 12, version: 2, authorId: 4 },
      });
    });

    it('adds a book of which every server has said that there is none', async () => {
      const path = `/books/${encodeURIComponent('Les Misérables / 1')}`;
      for (const url of [...urls, ...urls]) {
        const { status, body } = await ask(url + path);
        expect({ status, body }).to.deep.equal({ status: 404, body: { error: "There is no book 'Les Misérables / 1'." } });
      }
      expect((await ask(urls[3] + path)).headers.get('x-cache')).to.equal('L1'); // "There is none" is an answer too.
      const book = { name: 'Les Misérables / 1', author: 'Victor Hugo', price: 0, version: 1, authorId: 5 };
      for (const url of urls) expect((await ask(`${url}/authors/5/books`)).status).to.equal(404);
      const added = await ask(urls[1] + path, PUT({ author: 'Victor Hugo', price: 0 }));
      expect({ status: added.status, body: added.body }).to.deep.equal({ status: 201, body: book });
      expect(await Promise.all(urls.map(async (url) => (await ask(url + path)).body))).to.deep.equal([book, book, book, book]);
      const list = { authorId: 5, author: 'Victor Hugo', names: [book.name] };
      expect(await Promise.all(urls.map(async (url) => (await ask(`${url}/authors/5/books`)).body))).to.deep.equal([
        list,
        list,
        list,
        list,
      ]);
    });

    it('lists the books of an author, from the database, then from L2 on the others, then from L1', async () => {
      const rounds = [];
      for (const url of [...urls, ...urls]) {
        const { status, headers, body } = await ask(`${url}/authors/1/books`);
        expect({ status, body }).to.deep.equal({
          status: 200,
          body: { authorId: 1, author: 'Frank Herbert', names: ['Dune', 'Dune Messiah'] },
        });
        rounds.push(headers.get('x-cache'));
      }
      expect(rounds).to.deep.equal(['database', 'L2', 'L2', 'L2', 'L1', 'L1', 'L1', 'L1']);
    });

    it('renames an author on one server, and no server tells the old name, in a book or in the list', async () => {
      const told = (path: string) => Promise.all(urls.map(async (url) => String((await ask(url + path)).body.author)));
      const PATHS = ['/books/Dune', `/books/${encodeURIComponent('Dune Messiah')}`, '/authors/1/books'];
      for (const name of ['F. Herbert', 'Frank Herbert']) {
        for (const path of PATHS) expect(new Set(await told(path)).has(name)).to.be.false; // All of them hold the old one.
        const { status, body } = await ask(`${urls[2]}/authors/1`, PUT({ name: ` ${name} ` }));
        expect({ status, body }).to.deep.equal({ status: 200, body: { authorId: 1, name } });
        for (const path of PATHS) expect(await told(path)).to.deep.equal([name, name, name, name]);
      }
      expect((await ask(`${urls[0]}/books/Emma`)).headers.get('x-cache')).to.equal('L1'); // Another author.
    });

    it('reads several books in one call: one query for those that no server has cached, in the order that they were asked for', async () => {
      const shelf = async (url: string | undefined, ...names: readonly string[]) => {
        const { status, headers, body } = await ask(`${url}/books?${names.map((name) => `name=${encodeURIComponent(name)}`).join('&')}`);
        expect(status).to.equal(200);
        const found = body.books.map(({ name, price }: { name: string; price: number }) => `${name} ${price}`);
        return { found, missing: body.missing, queries: headers.get('x-queries') };
      };
      const names = ['Tristram, Shandy; I', 'Emma', 'Ubik', 'Walden', 'Emma'];
      const [first, , third, fourth] = urls;
      expect((await ask(`${first}/books/Emma`)).status).to.equal(200); // It is cached from here on.
      expect((await ask(`${third}/books/Walden`, PUT({ author: 'Henry Thoreau', price: 4 }))).status).to.equal(201);
      const walden = { found: ['Emma 7.5', 'Walden 4'], missing: ['Tristram, Shandy; I', 'Ubik'] };
      expect(await shelf(first, ...names)).to.deep.equal({ ...walden, queries: 'Tristram%2C%20Shandy%3B%20I,Ubik,Walden' });
      // "There is none" is an answer too, for the others and for who reads that book alone.
      expect(await shelf(fourth, ...names)).to.deep.equal({ ...walden, queries: '' });
      expect((await ask(`${third}/books/Ubik`)).headers.get('x-cache')).to.equal('L2');
      await ask(`${third}/books/Walden`, PUT({ author: 'Henry Thoreau', price: 5 }));
      await ask(`${third}/books/Ubik`, PUT({ author: 'Philip K. Dick', price: 6 }));
      const later = { found: ['Emma 7.5', 'Ubik 6', 'Walden 5'], missing: ['Tristram, Shandy; I'] };
      expect(await shelf(fourth, ...names)).to.deep.equal({ ...later, queries: 'Ubik,Walden' });
      expect(await shelf(first, ...names)).to.deep.equal({ ...later, queries: '' });
    });

    it('moves a book from the list of one author to that of another', async () => {
      const names = async (url: string, author: number): Promise<string[]> => (await ask(`${url}/authors/${author}/books`)).body.names;
      const path = `/books/${encodeURIComponent('Dune Messiah')}`;
      const lists = () => Promise.all(urls.map(async (url) => [await names(url, 1), await names(url, 2)]));
      const before = [['Dune', 'Dune Messiah'], ['Emma']];
      expect(await lists()).to.deep.equal([before, before, before, before]);
      await ask(`${urls[3]}${path}`, PUT({ author: 'Jane Austen', price: 1 }));
      const after = [['Dune'], ['Dune Messiah', 'Emma']];
      expect(await lists()).to.deep.equal([after, after, after, after]);
    });

    it('tells what the caches counted', async () => {
      const before = await ask(`${urls[2]}/stats`);
      expect(before.status).to.equal(200);
      expect(before.body.server).to.equal('server-3');
      await ask(`${urls[2]}/books/Ulysses`);
      const { headers } = await ask(`${urls[2]}/books/Ulysses`);
      expect(headers.get('x-cache')).to.equal('L1');
      const { body } = await ask(`${urls[2]}/stats`);
      const grew = (counter: string): number => body.caches.book[counter] - before.body.caches.book[counter];
      expect(['localHits', 'remoteHits', 'loads', 'evictions'].map(grew)).to.deep.equal([1, 0, 1, 0]);
    });

    const NOTHING = 'There is nothing here. Try /books/Dune, /authors/1/books or /stats.';
    const newName = `Expected \`name\` to be a string of 1 to ${MAXIMUM_NAME_LENGTH} characters.`;
    const json = 'Expected the body to be JSON.';
    const author = 'Expected `author` to be a non-empty string.';
    const price = 'Expected `price` to be a number that is not negative.';
    const name = `Expected a name of 1 to ${MAXIMUM_NAME_LENGTH} characters.`;
    const names = `Expected 1 to ${MAXIMUM_SHELF} names: /books?name=Dune&name=Emma.`;
    const refused: readonly (readonly [what: string, path: string, init: RequestInit, status: number, error: string])[] = [
      ['a body that is no JSON', '/books/Dune', PUT('{'), 400, json],
      ['no body', '/books/Dune', PUT(''), 400, json],
      ['an array', '/books/Dune', PUT([]), 400, 'Expected a JSON object.'],
      ['null', '/books/Dune', PUT(null), 400, 'Expected a JSON object.'],
      ['a book without author', '/books/Dune', PUT({ price: 1 }), 400, author],
      ['an author of blanks', '/books/Dune', PUT({ author: ' ', price: 1 }), 400, author],
      ['a price in words', '/books/Dune', PUT({ author: 'Frank Herbert', price: '1' }), 400, price],
      ['a negative price', '/books/Dune', PUT({ author: 'Frank Herbert', price: -1 }), 400, price],
      ['a price beyond all numbers', '/books/Dune', PUT('{"author": "Frank Herbert", "price": 1e999}'), 400, price],
      ['an empty name', '/books/', {}, 400, name],
      ['a name that is too long', `/books/${'x'.repeat(MAXIMUM_NAME_LENGTH + 1)}`, {}, 400, name],
      ['a name in another encoding', '/books/%E9', {}, 400, 'The name of the book is not percent-encoded UTF-8.'],
      ['a shelf without names', '/books', {}, 400, names],
      ['a shelf of too many books', `/books?${'name=x&'.repeat(MAXIMUM_SHELF + 1)}`, {}, 400, names],
      ['another parameter', '/books?name=Dune&author=Frank', {}, 400, names],
      ['an empty name of a shelf', '/books?name=Dune&name=', {}, 400, name],
      ['a name of a shelf in another encoding', '/books?name=%E9', {}, 400, 'The name of the book is not percent-encoded UTF-8.'],
      ['a shelf that is put', '/books?name=Dune', PUT({}), 405, 'Expected GET.'],
      ['a path nobody knows', '/authors/Dune', {}, 404, NOTHING],
      ['a path below a book', '/books/Dune/author', {}, 404, NOTHING],
      ['an author nobody knows', '/authors/99/books', {}, 404, 'There is no author 99.'],
      ['a list that is put', '/authors/1/books', PUT({}), 405, 'Expected GET.'],
      ['an author without a name', '/authors/1', PUT({}), 400, newName],
      ['a name of blanks', '/authors/1', PUT({ name: ' ' }), 400, newName],
      ['a new name that is too long', '/authors/1', PUT({ name: 'x'.repeat(MAXIMUM_NAME_LENGTH + 1) }), 400, newName],
      ['a name for nobody', '/authors/99', PUT({ name: 'A' }), 409, "There is no author 99, or somebody else is called 'A'."],
      [
        'the name of another',
        '/authors/1',
        PUT({ name: 'Jane Austen' }),
        409,
        "There is no author 1, or somebody else is called 'Jane Austen'.",
      ],
      ['an author who is read', '/authors/1', {}, 405, 'Expected PUT.'],
      ['another method', '/books/Dune', { method: 'DELETE' }, 405, 'Expected GET or PUT.'],
      ['a PUT of statistics', '/stats', PUT({}), 405, 'Expected GET.'],
      [
        'a body that is too large',
        '/books/Dune',
        PUT('x'.repeat(MAXIMUM_BODY_BYTES + 1)),
        413,
        `Expected a body of at most ${MAXIMUM_BODY_BYTES} bytes.`,
      ],
    ];
    for (const [what, path, init, status, error] of refused) {
      it(`answers ${status} to ${what}`, async () => {
        const answer = await ask(`${urls[0]}${path}`, init);
        expect({ status: answer.status, body: answer.body }).to.deep.equal({ status, body: { error } });
        expect(answer.headers.get('content-type')).to.equal('application/json');
        const allowed = error.replace(/^Expected |\.$/g, '').replace(' or ', ', ');
        expect(answer.headers.get('allow')).to.equal(status === 405 ? allowed : null);
      });
    }

    it('has not changed the book by anything it refused', async () => {
      const { body } = await ask(`${urls[0]}/books/Dune`);
      expect(body).to.deep.equal({ name: 'Dune', author: 'Frank Herbert', price: 9.99, version: 1, authorId: 1 });
    });

    it('ends on Ctrl-C with everything it started', async () => {
      const instances = await Promise.all(urls.map(async (url) => String((await ask(`${url}/stats`)).body.instance)));
      const pids = instances.map((instance) => Number(/^server-\d-(\d+)/.exec(instance)?.[1]));
      expect(pids.map(isRunning)).to.deep.equal([true, true, true, true]);
      expect(new Set(pids).size).to.equal(redis === 'none' ? 1 : 4);
      const ports = urls.map((url) => Number(new URL(url).port));
      if (redis === 'program') ports.push(Number(/a private redis-server on port (\d+)/.exec(run.output)?.[1]));
      expect(await Promise.all(ports.map(isListening))).to.deep.equal(ports.map(() => true));

      run.interrupt();
      expect(await run.end).to.deep.equal({ code: 0, signal: null });
      expect(run.errors).to.equal('');
      expect(pids.map(isRunning)).to.deep.equal([false, false, false, false]);
      expect(await Promise.all(ports.map(isListening))).to.deep.equal(ports.map(() => false));
      expect(run.leftovers).to.deep.equal([]);
    });
  });
}

describe('the command line of samples/book', function () {
  this.timeout(120_000);

  let run: SampleRun;

  afterEach(() => run.remove());

  it('is explained by --help', async () => {
    run = new SampleRun('book', ['--help'], 'none');
    expect(await run.end).to.deep.equal({ code: 0, signal: null });
    expect({ output: run.output, errors: run.errors }).to.deep.equal({ output: `${USAGE}\n`, errors: '' });
  });

  it('refuses an option it does not know, and starts nothing', async () => {
    run = new SampleRun('book', ['--sevre'], 'none');
    expect(await run.end).to.deep.equal({ code: 2, signal: null });
    expect({ output: run.output, errors: run.errors }).to.deep.equal({ output: '', errors: `Unknown option '--sevre'\n\n${USAGE}\n` });
    expect(run.leftovers).to.deep.equal([]);
  });

  it('listens where BOOK_HOST says', async () => {
    run = new SampleRun('book', ['--serve', '--port', '0'], 'none', { BOOK_HOST: '192.0.2.1' }); // No machine has this address.
    expect(await run.end).to.deep.equal({ code: 1, signal: null });
    expect(run.errors).to.match(/^server-\d cannot listen on port 0: listen EADDRNOTAVAIL: address not available 192\.0\.2\.1\.$/m);
  });

  for (const redis of ['none', 'program'] as const) {
    it(`ends everything where a port is taken, ${redis === 'none' ? 'without Redis' : 'on a private Redis'}`, async () => {
      const owner = createServer().listen(0, '127.0.0.1');
      await once(owner, 'listening');
      const { port } = owner.address() as AddressInfo;
      try {
        run = new SampleRun('book', ['--serve', '--port', `${port}`], redis);
        expect(await run.end).to.deep.equal({ code: 1, signal: null });
        // The ports after it are not ours: should one of them be taken as well, its server may be the first to say so.
        const [, server, taken] = /^server-(\d) cannot listen on port (\d+): /.exec(run.errors) ?? [];
        expect(Number(taken)).to.equal(port + Number(server) - 1);
        expect(run.errors).to.equal(
          `server-${server} cannot listen on port ${taken}: listen EADDRINUSE: address already in use 127.0.0.1:${taken}.\n`,
        );
        expect(run.output).not.to.include('Ctrl-C');
        expect(run.leftovers).to.deep.equal([]);
      } finally {
        owner.close();
      }
    });
  }

  it('leaves no server and no Redis behind if it is killed', async () => {
    run = new SampleRun('book', ['--serve', '--port', '0'], 'program');
    await run.printed('Ctrl-C ends them.');
    const ports = [...addresses(run.output).map((url) => new URL(url).port), /a private redis-server on port (\d+)/.exec(run.output)?.[1]];
    run.kill();
    expect(await run.end).to.deep.equal({ code: null, signal: 'SIGKILL' });
    expect(await Promise.all(ports.map((port) => isListening(Number(port))))).to.deep.equal([false, false, false, false, false]);
    expect(run.leftovers.filter((name) => name.includes('redis'))).to.deep.equal([]);
  });
});
