import type { Book } from './book.js';
import { BookClient } from './book-client.js';
import type { Fleet } from '../support/fleet.js';
import { monotonicMs } from '../support/monotonic-time.js';
import type { ServerHandle } from '../support/server-handle.js';
import type { ServerNotice } from './server-notice.js';
import { type StatisticsRow, statisticsTable } from './statistics-table.js';
import type { Timeline } from '../support/timeline.js';
import { judge, type Observation, type Sighting, type Verdict } from './verdict.js';

const NAME = 'Dune';

/** How long a server may take to tell of an eviction, in milliseconds. Normally it takes less than one. */
const SEEN_WITHIN_MS = 5_000;

/** What a {@link Story} needs. */
export interface StoryOptions {
  /** Four servers that answer requests. */
  readonly fleet: Fleet<ServerNotice>;
  /** What the database says, past every cache. */
  readonly stored: (name: string) => Promise<Book | undefined>;
  readonly timeline: Timeline;
  readonly print: (line: string) => void;
  /** What a killed server is, for the headings: a process or a container. */
  readonly unit: 'process' | 'container';
}

/** The demonstration: reads and updates one book on four servers, kills one of them in between, and judges what was read. */
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
    const [first, second, third] = fleet.servers as readonly [ServerHandle, ServerHandle, ServerHandle, ServerHandle];

    timeline.chapter(`1. Read ${NAME} on all four, twice: the first read runs the method, the others find its result`);
    await this.#readOnAll();
    await this.#readOnAll();

    timeline.chapter(`2. Save ${NAME} on ${first.name}: the eviction crosses to all four`);
    await this.#update(first, 12.5);
    await this.#readOnAll();

    timeline.chapter(`3. Kill ${third.name}, save on ${second.name} while it is away, start it again`);
    await this.#kill(third);
    await this.#update(second, 14);
    await this.#restart(third);
    await this.#readOnAll();

    timeline.chapter(`4. Save on the new ${unit} of ${third.name}: it takes part as before`);
    await this.#update(third, 10);
    await this.#readOnAll();

    await this.#tellStatistics();
    return judge(this.#observations, this.#sightings);
  }

  async #readOnAll(): Promise<void> {
    for (const server of this.#options.fleet.servers) await this.#read(server);
  }

  async #read(server: ServerHandle): Promise<void> {
    const { stored, timeline } = this.#options;
    const { book: answer, source } = await new BookClient(server.url).find(NAME);
    const inDatabase = await stored(NAME);
    if (inDatabase === undefined) throw new Error(`There is no book '${NAME}' in the database.`);
    const observation = { server: server.name, answer, stored: inDatabase };
    this.#observations.push(observation);
    const { name, version, price } = answer;
    const what = `${name} v${version} ${price.toFixed(2).padStart(6)}`;
    timeline.answer(server.name, what, source, judge([observation], []).stale.length === 0);
  }

  async #update(server: ServerHandle, price: number): Promise<void> {
    const { fleet, timeline } = this.#options;
    const saved = await new BookClient(server.url).update({ name: NAME, author: 'Frank Herbert', price });
    const update = await this.#updateOf(server, saved);
    const since = (atMs: number): string => `${(atMs - update.committedAtMs).toFixed(1)} ms after the commit`;
    const seenBy = (name: string): number | undefined =>
      fleet.notices
        .of('evicted')
        .find(({ server, notice }) => server === name && notice.keys.includes(NAME) && notice.atMs > update.committedAtMs)?.notice.atMs;
    const running = fleet.servers.filter(({ url }) => url !== '');
    await fleet.notices.until(() => running.every(({ name }) => seenBy(name) !== undefined), SEEN_WITHIN_MS);

    const lines = [
      { atMs: update.committedAtMs, server: server.name, text: `saved   ${NAME} v${saved.version} ${saved.price.toFixed(2).padStart(6)}` },
    ];
    for (const { name } of running) {
      const atMs = seenBy(name);
      this.#sightings.push({ server: name, version: saved.version, wasSeen: atMs !== undefined });
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
    const find = () => notices.of('updated').find(({ server: name, notice }) => name === server.name && notice.version === saved.version);
    await notices.until(() => find() !== undefined, SEEN_WITHIN_MS);
    const update = find()?.notice;
    if (update === undefined) throw new Error(`${server.name} did not tell when it saved '${saved.name}'.`);
    return update;
  }

  async #kill(server: ServerHandle): Promise<void> {
    const { timeline, unit } = this.#options;
    this.#lives.push({ server: `${server.name} (ended)`, statistics: await new BookClient(server.url).statistics() });
    await server.kill();
    const how =
      unit === 'process'
        ? 'was killed (SIGKILL): for others it is there until its read lease runs out'
        : 'was ended (its container is unbound)';
    timeline.event(monotonicMs(), server.name, how);
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
