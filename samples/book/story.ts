import { setTimeout as pause } from 'node:timers/promises';
import type { Book } from './book.js';
import { BookClient } from './book-client.js';
import type { BookRepository } from './book-repository.js';
import type { Fleet } from '../support/fleet.js';
import { monotonicMs } from '../support/monotonic-time.js';
import type { AnswerSource } from '../support/request-trace.js';
import type { ServerHandle } from '../support/server-handle.js';
import type { ServerNotice } from './server-notice.js';
import { type StatisticsRow, statisticsTable } from './statistics-table.js';
import type { Timeline } from '../support/timeline.js';
import { type Answer, judge, type Observation, type Sighting, type Verdict } from './verdict.js';

const NAME = 'Dune';
const AUTHOR = 'Frank Herbert';
const DUNE = { name: NAME, author: AUTHOR };
const NEW_AUTHOR = 'Frank Patrick Herbert';

/** What is read in one call. */
const SHELF = [NAME, 'Emma', 'Kim', 'Ulysses'] as const;

/** What holds the author's name. */
const CACHES = ['book', 'booksByAuthor'] as const;

/** How long a server may take to tell of an eviction, in milliseconds. Normally it takes less than one. */
const SEEN_WITHIN_MS = 5_000;

/** How often a server is asked whether it caches the book again, in milliseconds. */
const ASK_EVERY_MS = 100;

/** How long that may take, in milliseconds. Normally it takes the `intentLease` and a quarter of it. */
const CACHED_WITHIN_MS = 20_000;

/** What a {@link Story} needs. */
export interface StoryOptions {
  /** Four servers that answer requests. */
  readonly fleet: Fleet<ServerNotice>;
  /** To ask the database, past every cache. */
  readonly books: BookRepository;
  readonly timeline: Timeline;
  readonly print: (line: string) => void;
  /** What a killed server is, for the headings: a process or a container. */
  readonly unit: 'process' | 'container';
}

/**
 * The demonstration: reads and updates one book on four servers, kills one of them in between, renames the
 * author, reads several books in one call, and judges what was read.
 */
export class Story {
  readonly #options: StoryOptions;
  readonly #observations: Observation[] = [];
  readonly #sightings: Sighting[] = [];
  readonly #lives: StatisticsRow[] = [];

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** Tells it from beginning to end. @throws {Error} when a server does not answer as it should. */
  async tell(): Promise<Verdict> {
    const { fleet, timeline, unit } = this.#options;
    const [first, second, third, fourth] = fleet.servers as readonly [ServerHandle, ServerHandle, ServerHandle, ServerHandle];

    timeline.chapter(`1. Read ${NAME} on all four, twice: the first read runs the method, the others find its result`);
    await this.#readOnAll();
    await this.#readOnAll();

    timeline.chapter(`2. Save ${NAME} on ${first.name}: the eviction crosses to all four`);
    await this.#update(first, { ...DUNE, price: 12.5 });
    await this.#readOnAll();

    timeline.chapter(`3. Kill ${third.name}, save on ${second.name} while it is away, start it again`);
    await this.#kill(third);
    await this.#update(second, { ...DUNE, price: 14 });
    await this.#restart(third);
    await this.#readOnAll();

    timeline.chapter(`4. Save on the new ${unit} of ${third.name}: it takes part as before`);
    await this.#update(third, { ...DUNE, price: 10 });
    await this.#readOnAll();

    if (unit === 'process') {
      timeline.chapter(`5. Kill ${fourth.name} between the commit and the eviction of its save: nothing old is left`);
      await this.#updateAndDie(fourth, 11);
      await this.#readOnAll();
      await this.#restart(fourth);
      await this.#untilCached(first);
      await this.#readOnAll();
    } else {
      timeline.chapter('5. Left out: a container cannot be killed between the commit and the eviction of its save');
    }

    timeline.chapter(`6. Rename the author on ${second.name}: one eviction by tag, and the old name is in no book and no list`);
    const { authorId } = await this.#stored();
    await this.#readAuthorOnAll(authorId);
    await this.#renameAuthor(second, authorId);

    timeline.chapter(`7. Read ${SHELF.length} books in one call, on all four: one query for those that are not cached`);
    await this.#readShelfOnAll();
    await this.#update(third, { name: 'Emma', author: 'Jane Austen', price: 8 });
    await this.#readShelfOnAll();

    await this.#tellStatistics();
    return judge(this.#observations, this.#sightings);
  }

  async #readOnAll(): Promise<void> {
    for (const server of this.#running) await this.#read(server);
  }

  get #running(): readonly ServerHandle[] {
    return this.#options.fleet.servers.filter(({ url }) => url !== '');
  }

  async #read(server: ServerHandle): Promise<void> {
    const { observation, source } = await this.#observe(server);
    this.#options.timeline.answer(server.name, inWords(observation.answer), source, judge([observation], []).stale.length === 0);
  }

  async #observe(server: ServerHandle): Promise<{ readonly observation: Observation<Book>; readonly source: AnswerSource }> {
    const { book: answer, source } = await new BookClient(server.url).find(NAME);
    const observation = { server: server.name, answer, stored: await this.#stored() };
    this.#observations.push(observation);
    return { observation, source };
  }

  async #stored(name: string = NAME): Promise<Book> {
    const book = await this.#options.books.findByName(name);
    if (book === undefined) throw new Error(`There is no book '${name}' in the database.`);
    return book;
  }

  async #readShelfOnAll(): Promise<void> {
    for (const { name: server, url } of this.#running) {
      const { books, queries } = await new BookClient(url).findShelf(SHELF);
      if (books.map(({ name }) => name).join() !== SHELF.join())
        throw new Error(`${server} answered with other books than were asked for.`);
      const observations: Observation[] = [];
      for (const answer of books) observations.push({ server, answer, stored: await this.#stored(answer.name) });
      this.#observations.push(...observations);
      const source = shelfInWords(books.length, queries);
      this.#options.timeline.answer(server, `${books.length} books`, source, judge(observations, []).stale.length === 0);
    }
  }

  async #update(server: ServerHandle, book: Pick<Book, 'name' | 'author' | 'price'>): Promise<void> {
    const { fleet, timeline } = this.#options;
    const { name: bookName } = book;
    const saved = await new BookClient(server.url).update(book);
    const update = await this.#updateOf(server, saved);
    const since = (atMs: number): string => `${(atMs - update.committedAtMs).toFixed(1)} ms after the commit`;
    const seenBy = (name: string): number | undefined =>
      fleet.notices
        .of('evicted')
        .find(({ server, notice }) => server === name && notice.keys.includes(bookName) && notice.atMs > update.committedAtMs)?.notice.atMs;
    const running = this.#running;
    await fleet.notices.until(() => running.every(({ name }) => seenBy(name) !== undefined), SEEN_WITHIN_MS);

    const lines = [{ atMs: update.committedAtMs, server: server.name, text: `saved   ${inWords(saved)}` }];
    for (const { name } of running) {
      const atMs = seenBy(name);
      this.#sightings.push({ server: name, what: `${bookName} v${saved.version - 1}`, wasSeen: atMs !== undefined });
      const text = atMs === undefined ? `has not seen the eviction within ${SEEN_WITHIN_MS} ms` : `saw the eviction ${since(atMs)}`;
      lines.push({ atMs: atMs ?? monotonicMs(), server: name, text });
    }
    lines.push({
      atMs: update.acknowledgedAtMs,
      server: server.name,
      text: `knows that no server serves the old one, ${since(update.acknowledgedAtMs)}`,
    });
    for (const { atMs, server, text } of lines.sort((a, b) => a.atMs - b.atMs)) timeline.event(atMs, server, text);
  }

  async #updateOf(server: ServerHandle, saved: Book): Promise<{ readonly committedAtMs: number; readonly acknowledgedAtMs: number }> {
    const { notices } = this.#options.fleet;
    const find = () =>
      notices
        .of('updated')
        .find(({ server: name, notice }) => name === server.name && notice.name === saved.name && notice.version === saved.version);
    await notices.until(() => find() !== undefined, SEEN_WITHIN_MS);
    const update = find()?.notice;
    if (update === undefined) throw new Error(`${server.name} did not tell when it saved '${saved.name}'.`);
    return update;
  }

  /** The server dies after its commit. All it has told the others is the eviction before it, which came with its intent to save. */
  async #updateAndDie(server: ServerHandle, price: number): Promise<void> {
    const { fleet, timeline } = this.#options;
    const { notices } = fleet;
    await this.#keepStatistics(server);
    const { version } = await this.#stored();
    await new BookClient(server.url).updateAndDie({ name: NAME, author: AUTHOR, price });
    await this.#untilKilled(server);
    const endedAtMs = monotonicMs();
    const saved = await this.#stored();
    if (saved.version === version) throw new Error(`${server.name} was killed before it had saved '${NAME}'.`);

    const seenBy = (name: string): number | undefined =>
      notices
        .of('evicted')
        .find((told) => told.server === name && told.notice.origin.startsWith(`${server.name}-`) && told.notice.keys.includes(NAME))?.notice
        .atMs;
    await notices.until(() => this.#running.every(({ name }) => seenBy(name) !== undefined), SEEN_WITHIN_MS);
    const seen = this.#running.map(({ name }) => ({ name, atMs: seenBy(name) }));
    for (const { name, atMs = monotonicMs() } of seen.sort((a, b) => (a.atMs ?? Infinity) - (b.atMs ?? Infinity))) {
      const wasSeen = seenBy(name) !== undefined;
      this.#sightings.push({ server: name, what: `${NAME} v${saved.version - 1}`, wasSeen });
      timeline.event(atMs, name, wasSeen ? 'saw the eviction before the save' : 'has seen no eviction before the save');
    }
    timeline.event(endedAtMs, server.name, `saved   ${inWords(saved)}, and was killed (SIGKILL) before its eviction`);
  }

  /** @throws {Error} when it ends otherwise, or lives on. */
  async #untilKilled(server: ServerHandle): Promise<void> {
    const { notices } = this.#options.fleet;
    const end = () => notices.of('ended').find(({ server: name }) => name === server.name)?.notice.how;
    await notices.until(() => end() !== undefined, SEEN_WITHIN_MS);
    if (end() !== 'SIGKILL')
      throw new Error(`${server.name} should have been killed, but it ${end() === undefined ? 'lives' : `ended (${end()})`}.`);
  }

  /** Reads until the intent of the killed server has ended, and a read comes from the cache. */
  async #untilCached(server: ServerHandle): Promise<void> {
    const startedAtMs = monotonicMs();
    for (let loads = 0; monotonicMs() < startedAtMs + CACHED_WITHIN_MS; loads += 1) {
      const { source } = await this.#observe(server);
      if (source !== 'database') {
        const text = `has ${NAME} cached again (reads from the database until then: ${loads})`;
        return this.#options.timeline.event(monotonicMs(), server.name, text);
      }
      await pause(ASK_EVERY_MS);
    }
    throw new Error(`${server.name} did not cache '${NAME}' again within ${CACHED_WITHIN_MS} ms.`);
  }

  /** Reads a list and a book on all four. @returns how many of the answers told which name of the author. */
  async #readAuthorOnAll(authorId: number): Promise<ReadonlyMap<string, number>> {
    const told = new Map<string, number>();
    const tell = (server: string, answer: Answer, stored: Answer, source: AnswerSource): void => {
      const observation = { server, answer, stored };
      this.#observations.push(observation);
      told.set(answer.author, (told.get(answer.author) ?? 0) + 1);
      const what = 'names' in answer ? `${answer.author}: ${answer.names.join(', ')}` : `${answer.name} by ${answer.author}`;
      this.#options.timeline.answer(server, what, source, judge([observation], []).stale.length === 0);
    };
    for (const { name, url } of this.#running) {
      const client = new BookClient(url);
      const { list, source: listSource } = await client.findByAuthor(authorId);
      const storedList = await this.#options.books.findByAuthor(authorId);
      if (storedList === undefined) throw new Error(`There is no author ${authorId} in the database.`);
      tell(name, list, storedList, listSource);
      const { book, source } = await client.find(NAME);
      tell(name, book, await this.#stored(), source);
    }
    return told;
  }

  async #renameAuthor(server: ServerHandle, authorId: number): Promise<void> {
    const { fleet, timeline } = this.#options;
    const { notices } = fleet;
    await new BookClient(server.url).renameAuthor(authorId, NEW_AUTHOR);
    const find = () => notices.of('renamed').find(({ server: name, notice }) => name === server.name && notice.authorId === authorId);
    await notices.until(() => find() !== undefined, SEEN_WITHIN_MS);
    const renamed = find()?.notice;
    if (renamed === undefined) throw new Error(`${server.name} did not tell when it renamed the author.`);
    const { committedAtMs, acknowledgedAtMs } = renamed;

    const tag = `author:${authorId}`;
    const seenIn = (name: string, cache: string): number | undefined =>
      notices
        .of('tagsEvicted')
        .find(
          (told) =>
            told.server === name && told.notice.cache === cache && told.notice.tags.includes(tag) && told.notice.atMs > committedAtMs,
        )?.notice.atMs;
    const seenBy = (name: string): number | undefined => {
      const times = CACHES.map((cache) => seenIn(name, cache));
      return times.includes(undefined) ? undefined : Math.max(...(times as number[]));
    };
    const running = this.#running;
    await notices.until(() => running.every(({ name }) => seenBy(name) !== undefined), SEEN_WITHIN_MS);

    const since = (atMs: number): string => `${(atMs - committedAtMs).toFixed(1)} ms after the commit`;
    const lines = [{ atMs: committedAtMs, server: server.name, text: `renamed ${AUTHOR}: ${NEW_AUTHOR}` }];
    for (const { name } of running) {
      const atMs = seenBy(name);
      this.#sightings.push({ server: name, what: `${tag}, from both caches`, wasSeen: atMs !== undefined });
      const text =
        atMs === undefined
          ? `has not seen ${tag} evicted within ${SEEN_WITHIN_MS} ms`
          : `saw ${tag} evicted from both caches ${since(atMs)}`;
      lines.push({ atMs: atMs ?? monotonicMs(), server: name, text });
    }
    lines.push({
      atMs: acknowledgedAtMs,
      server: server.name,
      text: `knows that no server serves the old name, ${since(acknowledgedAtMs)}`,
    });
    for (const { atMs, server, text } of lines.sort((a, b) => a.atMs - b.atMs)) timeline.event(atMs, server, text);

    const told = await this.#readAuthorOnAll(authorId);
    const reads = [...told.values()].reduce((sum, count) => sum + count, 0);
    timeline.event(monotonicMs(), server.name, `of ${reads} answers after it, ${told.get(AUTHOR) ?? 0} tell the old name`);
  }

  async #kill(server: ServerHandle): Promise<void> {
    const { timeline, unit } = this.#options;
    await this.#keepStatistics(server);
    await server.kill();
    const how =
      unit === 'process'
        ? 'was killed (SIGKILL): for others it is there until its read lease runs out'
        : 'was ended (its container is unbound)';
    timeline.event(monotonicMs(), server.name, how);
  }

  async #keepStatistics(server: ServerHandle): Promise<void> {
    this.#lives.push({ server: `${server.name} (ended)`, statistics: await new BookClient(server.url).statistics() });
  }

  async #restart(server: ServerHandle): Promise<void> {
    await server.start();
    this.#options.timeline.event(monotonicMs(), server.name, 'is back, and subscribed');
  }

  async #tellStatistics(): Promise<void> {
    const { fleet, timeline, print } = this.#options;
    const rows = await Promise.all(
      fleet.servers.map(async ({ name, url }) => ({ server: name, statistics: await new BookClient(url).statistics() })),
    );
    timeline.chapter("What every server's cache counted");
    for (const line of statisticsTable(rows.concat(this.#lives).sort((a, b) => a.server.localeCompare(b.server)))) print(line);
  }
}

function inWords({ name, version, price }: Book): string {
  return `${name} v${version} ${price.toFixed(2).padStart(6)}`;
}

/** Where the books of a shelf came from: `cache (3), one query (Emma)`. */
function shelfInWords(count: number, queries: readonly (readonly string[])[]): string {
  const asked = queries.map((names) => `(${names.join(', ')})`).join(' ');
  const cached = `cache (${count - queries.flat().length})`;
  return queries.length === 0 ? cached : `${cached}, ${queries.length === 1 ? 'one query' : `${queries.length} queries`} ${asked}`;
}
