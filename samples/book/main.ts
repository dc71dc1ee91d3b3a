/**
 * The Book sample, `npm run sample`. Read `book-service.ts` first, then `book-container.ts`: these two are all an application needs. The
 * rest of this folder puts it behind HTTP, runs it four times, and shows what happens.
 */
import { join } from 'node:path';
import { type Backend, chooseBackend } from '../support/backend.js';
import type { ServersOptions } from '../support/command-line.js';
import type { Fleet } from '../support/fleet.js';
import { keepUp } from '../support/keep-up.js';
import { Links } from '../support/links.js';
import { painterFor } from '../support/painter.js';
import { runSample } from '../support/run-sample.js';
import type { Teardown } from '../support/teardown.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { bookFleet } from './book-fleet.js';
import { BookRepository } from './book-repository.js';
import { readCommandLine, USAGE } from './command-line.js';
import { Database } from './database.js';
import { Readers } from './readers.js';
import { SERVER_NAMES } from './server-names.js';
import type { Ask, ServerNotice } from './server-notice.js';
import { fillStock } from './stock.js';
import { Story } from './story.js';
import { Timeline } from '../support/timeline.js';
import { type Answer, exitCodeOf, type Verdict } from './verdict.js';

const print = (line: string): void => console.log(line);
const paint = painterFor(process.stdout);

/** Starts everything, does what it was asked to do, and returns the exit code. */
async function run({ mode, port }: ServersOptions, teardown: Teardown): Promise<number> {
  const file = join(temporaryDirectory('book', teardown), 'books.db');
  const backend = await chooseBackend(teardown);
  const links = mode === 'serve' ? await Links.open(SERVER_NAMES, backend.env, teardown) : undefined;
  const database = await Database.open(file);
  teardown.defer(() => database.close());
  await fillStock(database, backend.redis);

  const fleet = bookFleet({ port, file, backend, links });
  teardown.defer(() => fleet.stop());
  introduce(backend);
  await fleet.start();
  return mode === 'serve' ? serve(fleet, links, teardown) : tell(fleet, new BookRepository(database), backend);
}

function introduce({ description, redis }: Backend): void {
  print(paint('bold', 'Books, cached on four servers'));
  print(`  Redis:     ${description}`);
  print(`  Servers:   four ${redis === undefined ? 'containers embedded in this process' : 'processes'}`);
  print('  Database:  an SQL database in a file, shared by all four');
}

async function tell(fleet: Fleet<ServerNotice>, books: BookRepository, { redis }: Backend): Promise<number> {
  print("  Freshness: updateBook evicts with acks: 'all', so from the moment it resolves every read, on every");
  print('             server, must equal what is in the database. Each one is compared.');
  print('             With aroundInvocation that also holds once a server has died before it resolved.');
  print("             renameAuthor evicts by tag, with acks: 'all': then no server tells the old name.");
  print('             findShelf reads several books in one call: each book is compared, and counts as a read.');
  const unit = redis === undefined ? 'container' : 'process';
  const story = new Story({ fleet, books, timeline: new Timeline(print, paint), print, unit });
  const verdict = await story.tell();
  conclude(verdict);
  return exitCodeOf(verdict);
}

function conclude({ reads, stale, missed, isGood }: Verdict): void {
  print('');
  if (isGood)
    return print(paint('green', `Fresh: all ${reads} reads equal the database, and every eviction was seen by every running server.`));
  for (const { server, answer, stored } of stale) {
    print(paint('red', `Stale: ${server} answered ${inFull(answer)}, the database has ${inFull(stored)}.`));
  }
  for (const { server, what } of missed) print(paint('red', `Missed: ${server} did not see the eviction of ${what}.`));
}

function inFull(answer: Answer): string {
  if ('names' in answer) return `the list of ${answer.author} (${answer.names.join(', ')})`;
  return `${answer.name} v${answer.version} by ${answer.author} at ${answer.price}`;
}

async function serve(fleet: Fleet<ServerNotice>, links: Links | undefined, teardown: Teardown): Promise<number> {
  const readers = new Readers(fleet);
  teardown.defer(() => readers.stop());
  const url = fleet.servers[0]?.url;
  print('');
  print(paint('bold', `  Open ${url}/ in a browser: books, buttons, and the console of the cache.`));
  print('');
  for (const { name, url } of fleet.servers) print(`  ${name}  ${url}`);
  print('');
  print(`  curl -i ${url}/books/Dune`);
  print(`  curl -i -X PUT ${url}/books/Dune -d '{"author": "Frank Herbert", "price": 12.5}'`);
  print(`  curl -i '${url}/books?name=Dune&name=Emma&name=Kim'`);
  print(`  curl -i ${url}/authors/1/books`);
  print(`  curl -i -X PUT ${url}/authors/1 -d '{"name": "Frank Patrick Herbert"}'`);
  print(`  curl ${url}/cache/caches/book`);
  print('');
  print('Ctrl-C ends them.');
  await Promise.race([keepUp(fleet), obeyAll(fleet, links, readers)]);
  return 1;
}

async function obeyAll({ notices }: Fleet<ServerNotice>, links: Links | undefined, readers: Readers): Promise<never> {
  for (let obeyed = 0; ;) {
    await notices.until(() => notices.of('asked').length > obeyed);
    for (const { notice } of notices.of('asked').slice(obeyed)) {
      obey(notice.ask, links, readers);
      obeyed += 1;
    }
  }
}

function obey(ask: Ask, links: Links | undefined, readers: Readers): void {
  if (ask.what === 'link') {
    const link = links?.of(ask.server);
    if (ask.isPaused) link?.pause();
    else link?.resume();
  } else if (ask.isOn) readers.start();
  else readers.stop();
}

await runSample({ usage: USAGE, read: readCommandLine, isEndless: ({ mode }) => mode === 'serve', run });
