/** One line of the timeline. */
export interface ToldEvent {
  readonly atMs: number;
  readonly server: string;
  readonly text: string;
}

/** A read of the timeline. */
export interface ToldRead {
  readonly server: string;
  readonly version: number;
  readonly price: string;
  readonly source: string;
}

/** A read in the chapter of the author's name: of the list, or of a book. */
export interface ToldName {
  readonly server: string;
  readonly what: string;
  readonly source: string;
}

/** A read of several books in one call. */
export interface ToldShelf {
  readonly server: string;
  /** How many books came from a cache. */
  readonly cached: number;
  /** The books that the database was asked for, by one query; `undefined`: it was not asked. */
  readonly queried: string | undefined;
}

/** What the sample printed under one heading. */
export interface Chapter {
  readonly title: string;
  readonly events: readonly ToldEvent[];
}

/** The columns of the final table, by their titles. */
export type ToldCounters = Readonly<Record<string, number>>;

const EVENT = /^ {2}\+ +(?<at>\d+\.\d) ms {2}(?<server>server-\d) +(?<text>\S.*)$/;
const READ = /^read +Dune v(?<version>\d+) +(?<price>\d+\.\d\d) {2}from (?<source>\S+)$/;
const NAMED = /^read +(?<what>[A-Z][A-Za-z ]*: .+|Dune by .+?) {2}from (?<source>\S+)$/;
const SHELF = /^read +\d+ books {2}from cache \((?<cached>\d+)\)(, one query \((?<queried>[^)]+)\))?$/;
const SAVED = /^saved +\w+ v(?<version>\d+) +(?<price>\d+\.\d\d)$/;
const SEEN = /^saw the eviction \d+\.\d ms after the commit$/;
const KNOWN = /^knows that no server serves the old one, \d+\.\d ms after the commit$/;
const TITLES = ['L1 hits', 'L2 hits', 'database loads', 'evictions sent', 'evictions seen'];

/** The printed story, read as a person would read it. */
export class ToldStory {
  /** The numbered ones. */
  readonly chapters: readonly Chapter[];
  /** The rows of the final table. */
  readonly table: ReadonlyMap<string, ToldCounters>;
  readonly lines: readonly string[];

  /** @throws {Error} for a line of the timeline that says something unknown to us. */
  constructor(output: string) {
    this.lines = output.trimEnd().split('\n');
    const starts = this.lines.flatMap((line, i) => (/^\d+\. /.test(line) ? [i] : []));
    this.chapters = starts.map((start) => {
      const end = this.lines.indexOf('', start);
      return { title: this.lines[start] as string, events: this.lines.slice(start + 1, end).map(readEvent) };
    });
    const table = this.lines.indexOf("What every server's cache counted");
    const [head = '', ...rows] = this.lines.slice(table + 1, this.lines.indexOf('', table));
    if (head.trim().split(/ {2,}/).join() !== TITLES.join()) throw new Error(`The table has other columns: ${head}`);
    this.table = new Map(rows.map(readRow));
  }

  get lastLine(): string {
    return this.lines.at(-1) ?? '';
  }

  /** The reads of a chapter, counted from one. */
  reads(chapter: number): readonly ToldRead[] {
    return this.#events(chapter).flatMap(({ server, text }) => {
      const { version, price, source } = READ.exec(text)?.groups ?? {};
      return version === undefined || price === undefined || source === undefined
        ? []
        : [{ server, version: Number(version), price, source }];
    });
  }

  /** Who told which name of the author in a chapter. */
  names(chapter: number): readonly ToldName[] {
    return this.#events(chapter).flatMap(({ server, text }) => {
      const { what, source } = NAMED.exec(text)?.groups ?? {};
      return what === undefined || source === undefined ? [] : [{ server, what, source }];
    });
  }

  /** The reads of several books in a chapter. */
  shelves(chapter: number): readonly ToldShelf[] {
    return this.#events(chapter).flatMap(({ server, text }) => {
      const { cached, queried } = SHELF.exec(text)?.groups ?? {};
      return cached === undefined ? [] : [{ server, cached: Number(cached), queried }];
    });
  }

  /** Who saved what in a chapter, who has seen the eviction, and who was told that all had. */
  update(chapter: number) {
    const events = this.#events(chapter);
    const saved = events.filter(({ text }) => SAVED.test(text));
    const seen = events.filter(({ text }) => SEEN.test(text));
    const known = events.filter(({ text }) => KNOWN.test(text));
    return { saved, seen, known };
  }

  /** What else happened in a chapter. */
  others(chapter: number): readonly string[] {
    return this.#events(chapter)
      .filter(({ text }) => ![READ, NAMED, SHELF, SAVED, SEEN, KNOWN].some((known) => known.test(text)))
      .map(({ server, text }) => `${server} ${text}`);
  }

  #events(chapter: number): readonly ToldEvent[] {
    return this.chapters[chapter - 1]?.events ?? [];
  }
}

function readEvent(line: string): ToldEvent {
  const { at, server, text } = EVENT.exec(line)?.groups ?? {};
  if (at === undefined || server === undefined || text === undefined) throw new Error(`Not a line of the timeline: ${line}`);
  return { atMs: Number(at), server, text };
}

function readRow(line: string): readonly [string, ToldCounters] {
  const [server = '', ...counts] = line.trim().split(/ {2,}/);
  return [server, Object.fromEntries(TITLES.map((title, i) => [title, Number(counts[i])]))];
}
