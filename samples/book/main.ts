/**
 * The Book sample, `npm run sample`. Read `book-service.ts` first, then `book-container.ts`: these two are all an application needs. The
 * rest of this folder puts it behind HTTP, runs it four times, and shows what happens.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheError } from '../../lib/index.js';
import { type Backend, chooseBackend } from './backend.js';
import { BookRepository } from './book-repository.js';
import { readCommandLine, type SampleOptions, USAGE, UsageError } from './command-line.js';
import { Database } from './database.js';
import { Fleet } from './fleet.js';
import type { Links } from './links.js';
import { painterFor } from './painter.js';
import { Readers } from './readers.js';
import type { Ask } from './server-notice.js';
import { fillStock } from './stock.js';
import { Story } from './story.js';
import { Teardown } from './teardown.js';
import { Timeline } from './timeline.js';
import { exitCodeOf, type Verdict } from './verdict.js';

const print = (line: string): void => console.log(line);
const paint = painterFor(process.stdout);
const teardown = new Teardown();

/** Starts everything, does what it was asked to do, and returns the exit code. */
async function run(options: SampleOptions): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'inversify-cache-book-'));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeDirectory); // Should we not get as far as the teardown.
  teardown.defer(removeDirectory);

  const file = join(directory, 'books.db');
  const backend = await chooseBackend(file, teardown, { isLinked: options.mode === 'serve' });
  const database = await Database.open(file);
  teardown.defer(() => database.close());
  await fillStock(database, backend.redis);

  const fleet = new Fleet(backend.make, options.port);
  teardown.defer(() => fleet.stop());
  introduce(backend);
  await fleet.start();
  return options.mode === 'serve' ? serve(fleet, backend) : tell(fleet, new BookRepository(database), backend);
}

function introduce({ description, unit }: Backend): void {
  print(paint('bold', 'Books, cached on four servers'));
  print(`  Redis:     ${description}`);
  print(`  Servers:   four ${unit === 'process' ? 'processes' : 'containers embedded in this process'}`);
  print('  Database:  an SQL database in a file, shared by all four');
}

async function tell(fleet: Fleet, books: BookRepository, { unit }: Backend): Promise<number> {
  print("  Freshness: updateBook evicts with acks: 'all', so from the moment it resolves every read, on every");
  print('             server, must equal what is in the database. Each one is compared.');
  const story = new Story({ fleet, stored: (name) => books.findByName(name), timeline: new Timeline(print, paint), print, unit });
  const verdict = await story.tell();
  conclude(verdict);
  return exitCodeOf(verdict);
}

function conclude({ reads, stale, missed, isGood }: Verdict): void {
  print('');
  if (isGood)
    return print(paint('green', `Fresh: all ${reads} reads equal the database, and every eviction was seen by every running server.`));
  for (const { server, answer, stored } of stale) {
    print(
      paint(
        'red',
        `Stale: ${server} answered v${answer.version} at ${answer.price}, the database has v${stored.version} at ${stored.price}.`,
      ),
    );
  }
  for (const { server, version } of missed) print(paint('red', `Missed: ${server} did not see the eviction of v${version - 1}.`));
}

async function serve(fleet: Fleet, { links }: Backend): Promise<number> {
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
  print(`  curl ${url}/cache/caches/book`);
  print('');
  print('Ctrl-C ends them.');
  let told = 0;
  let asked = 0;
  for (;;) {
    await fleet.notices.until(() => fleet.notices.of('ended').length > told || fleet.notices.of('asked').length > asked);
    const asks = fleet.notices.of('asked');
    for (const { notice } of asks.slice(asked)) obey(notice.ask, links, readers);
    asked = asks.length;
    const ended = fleet.notices.of('ended');
    for (const { server, notice } of ended.slice(told)) console.error(`${server} ended (${notice.how}), though nobody asked it to.`);
    told = ended.length;
    if (fleet.servers.every(({ url }) => url === '')) return 1;
  }
}

function obey(ask: Ask, links: Links | undefined, readers: Readers): void {
  if (ask.what === 'link') links?.set(ask.server, ask.isPaused);
  else if (ask.isOn) readers.start();
  else readers.stop();
}

/** Ctrl-C is the way to end `--serve` and so a success; a story that is not told to its end is none. A second one does not wait. */
function endOn(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', { mode }: SampleOptions): void {
  const interrupted = 128 + constants.signals[signal];
  process.on(signal, () => {
    if (teardown.hasBegun) process.exit(interrupted);
    void teardown.run().then(() => process.exit(mode === 'serve' ? 0 : interrupted));
  });
}

function complain(error: unknown): void {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (CacheError.is(error)) console.error(`${error.code}: ${error.message}`);
  else console.error(error instanceof Error ? error.message : error);
}

try {
  const options = readCommandLine(process.argv.slice(2));
  if (options.mode === 'help') {
    print(USAGE);
  } else {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) endOn(signal, options);
    process.exitCode = await run(options);
  }
} catch (error) {
  if (!teardown.hasBegun) complain(error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
} finally {
  await teardown.run();
}
