import { expect } from 'chai';
import { ToldStory, type ToldCounters } from './told-story.js';

const ALL = ['server-1', 'server-2', 'server-3', 'server-4'] as const;

/** What is told of the server that is ended and started again. */
export interface Ending {
  readonly unit: 'process' | 'container';
  readonly how: string;
}

const FIFTH_CHAPTER = {
  process: '5. Kill server-4 between the commit and the eviction of its save: nothing old is left',
  container: '5. Left out: a container cannot be killed between the commit and the eviction of its save',
} as const;

/** Whatever stands between the four servers, the sample tells this story. */
export function expectWholeStory(output: string, { unit, how }: Ending): void {
  const story = new ToldStory(output);
  expect(story.chapters.map(({ title }) => title)).to.deep.equal([
    '1. Read Dune on all four, twice: the first read runs the method, the others find its result',
    '2. Save Dune on server-1: the eviction crosses to all four',
    '3. Kill server-3, save on server-2 while it is away, start it again',
    `4. Save on the new ${unit} of server-3: it takes part as before`,
    FIFTH_CHAPTER[unit],
    '6. Rename the author on server-2: one eviction by tag, and the old name is in no book and no list',
    '7. Read 4 books in one call, on all four: one query for those that are not cached',
  ]);
  expectTwoTiers(story);
  expectUpdate(story, 2, { by: 'server-1', version: 2, price: '12.50', seenBy: ALL });
  expectUpdate(story, 3, { by: 'server-2', version: 3, price: '14.00', seenBy: ['server-1', 'server-2', 'server-4'] });
  expectUpdate(story, 4, { by: 'server-3', version: 4, price: '10.00', seenBy: ALL });
  expect([1, 2, 4].flatMap((chapter) => story.others(chapter))).to.deep.equal([]);
  expect(story.others(3)).to.deep.equal([`server-3 ${how}`, 'server-3 is back, and subscribed']);
  const polls = unit === 'process' ? expectCrash(story) : expectNoCrash(story);
  expectRenaming(story);
  expectShelves(story);
  expectTable(story, polls);
  const single = story.chapters.flatMap((_, i) => [...story.reads(i + 1), ...story.names(i + 1)]).length + polls;
  const reads = single + story.shelves(7).length * 4;
  if (unit === 'container') expect(reads).to.equal(68);
  expect(story.lastLine).to.equal(`Fresh: all ${reads} reads equal the database, and every eviction was seen by every running server.`);
  expect(story.lines.filter((line) => line.length > 100 || line.includes('\u001b'))).to.deep.equal([]); // No terminal, no colours.
}

/** The first server asks the database, the others find its result in L2; after that each has it in L1. */
function expectTwoTiers(story: ToldStory): void {
  const read = (server: string, source: string) => ({ server, version: 1, price: '9.99', source });
  expect(story.reads(1)).to.deep.equal([
    ...ALL.map((server) => read(server, server === 'server-1' ? 'database' : 'L2')),
    ...ALL.map((server) => read(server, 'L1')),
  ]);
}

function expectUpdate(
  story: ToldStory,
  chapter: number,
  {
    by,
    version,
    price,
    seenBy,
  }: { readonly by: string; readonly version: number; readonly price: string; readonly seenBy: readonly string[] },
): void {
  const { saved, seen, known } = story.update(chapter);
  expect(saved.map(({ server, text }) => [server, text])).to.deep.equal([[by, `saved   Dune v${version} ${price.padStart(6)}`]]);
  expect(seen.map(({ server }) => server)).to.have.members(seenBy);
  expect(known.map(({ server }) => server)).to.deep.equal([by]);
  expect(seen.filter(({ atMs }) => atMs < (saved[0]?.atMs ?? Infinity) || atMs > (known[0]?.atMs ?? 0))).to.deep.equal([]);

  const reads = story.reads(chapter);
  expect(reads.map(({ server, version, price }) => ({ server, version, price }))).to.deep.equal(
    ALL.map((server) => ({ server, version, price })),
  );
  // Nothing is left in either tier: the first read asks the database. The others find what it fetched, but none of them in its own L1.
  expect(reads[0]?.source).to.equal('database');
  expect(reads.filter(({ source }) => source === 'L1')).to.deep.equal([]);
}

/**
 * A server was killed after its commit, and nothing old is left: the others dropped it before, keep nothing while its intent holds, and cache
 * the new one afterwards.
 *
 * @returns how many reads it took until it was cached: all but the last from the database. The timeline tells only their number.
 */
function expectCrash(story: ToldStory): number {
  const living = ALL.slice(0, 3);
  const others = story.others(5);
  const polled = /^server-1 has Dune cached again \(reads from the database until then: (\d+)\)$/.exec(others.at(-1) ?? '')?.[1];
  expect(others.slice(0, 3)).to.have.members(living.map((server) => `${server} saw the eviction before the save`));
  expect(others.slice(3)).to.deep.equal([
    'server-4 saved   Dune v5  11.00, and was killed (SIGKILL) before its eviction',
    'server-4 is back, and subscribed',
    `server-1 has Dune cached again (reads from the database until then: ${polled})`,
  ]);
  const read = (server: string, source: string) => ({ server, version: 5, price: '11.00', source });
  expect(story.reads(5)).to.deep.equal([
    ...living.map((server) => read(server, 'database')),
    ...ALL.map((server) => read(server, server === 'server-1' ? 'L1' : 'L2')),
  ]);
  expect(Number(polled)).to.be.at.least(1);
  return Number(polled) + 1;
}

/** @returns as {@link expectCrash}. */
function expectNoCrash(story: ToldStory): 0 {
  expect(story.others(5)).to.deep.equal([]);
  expect(story.reads(5)).to.deep.equal([]);
  return 0;
}

/**
 * All four hold the old name, in a list and in a book. One eviction by tag takes it out of both caches of
 * each. The first reader after it asks the database, the others find what that one fetched.
 */
function expectRenaming(story: ToldStory): void {
  const told = (author: string) => (server: string) => [
    { server, what: `${author}: Dune, Dune Messiah` },
    { server, what: `Dune by ${author}` },
  ];
  const names = story.names(6);
  expect(names.map(({ server, what }) => ({ server, what }))).to.deep.equal([
    ...ALL.flatMap(told('Frank Herbert')),
    ...ALL.flatMap(told('Frank Patrick Herbert')),
  ]);
  expect(names.slice(8).map(({ source }) => source)).to.deep.equal(['database', 'database', ...ALL.slice(1).flatMap(() => ['L2', 'L2'])]);
  const others = story.others(6).map((text) => text.replace(/\d+\.\d ms after the commit$/, '… ms after the commit'));
  expect(others[0]).to.equal('server-2 renamed Frank Herbert: Frank Patrick Herbert');
  expect(others.slice(1, 5)).to.have.members(ALL.map((server) => `${server} saw author:1 evicted from both caches … ms after the commit`));
  expect(others.slice(5)).to.deep.equal([
    'server-2 knows that no server serves the old name, … ms after the commit',
    'server-2 of 8 answers after it, 0 tell the old name',
  ]);
}

/**
 * Of four books the first server has one cached, and asks the database for the other three by one query. The others find in L2
 * what it fetched. A save on another server evicts one of them, and the next query is for that one alone.
 */
function expectShelves(story: ToldStory): void {
  const fromCache = ALL.slice(1).map((server) => ({ server, cached: 4, queried: undefined }));
  expect(story.shelves(7)).to.deep.equal([
    { server: 'server-1', cached: 1, queried: 'Emma, Kim, Ulysses' },
    ...fromCache,
    { server: 'server-1', cached: 3, queried: 'Emma' },
    ...fromCache,
  ]);
  const { saved, seen, known } = story.update(7);
  expect(saved.map(({ server, text }) => [server, text])).to.deep.equal([['server-3', 'saved   Emma v2   8.00']]);
  expect(seen.map(({ server }) => server)).to.have.members(ALL);
  expect(known.map(({ server }) => server)).to.deep.equal(['server-3']);
  expect(story.others(7)).to.deep.equal([]);
}

/** What a server has of the reads of {@link expectShelves}: all have Dune in L1 before, and the whole shelf between the two rounds. */
const OF_SHELVES = { first: { L1: 1 + 3, L2: 0, database: 3 + 1 }, others: { L1: 1 + 3, L2: 3 + 1, database: 0 } } as const;

/**
 * A row for every server and one for each life that was ended; together they count what the timeline tells. A save evicts twice: every server
 * sees two evictions, of which the timeline tells the one after the commit. The renaming evicts once. `polls` were the reads that {@link expectCrash} counts.
 */
function expectTable(story: ToldStory, polls: number): void {
  const ended = polls === 0 ? ['server-3 (ended)'] : ['server-3 (ended)', 'server-4 (ended)'];
  expect([...story.table.keys()]).to.deep.equal([...ALL, ...ended].sort());
  const chapters = [1, 2, 3, 4, 5, 7];
  for (const name of ALL) {
    const counted = (title: string): number => sum(story.table, name, title);
    const ofBook = [
      ...chapters.flatMap((chapter) => story.reads(chapter)),
      ...story.names(6).filter(({ what }) => what.startsWith('Dune by')),
    ];
    const reads = ofBook.filter(({ server }) => server === name);
    const ofShelves = OF_SHELVES[name === 'server-1' ? 'first' : 'others'];
    const from = (wanted: 'L1' | 'L2' | 'database'): number => reads.filter(({ source }) => source === wanted).length + ofShelves[wanted];
    const updates = chapters.map((chapter) => story.update(chapter));
    const beforeCrash = story.others(5).filter((text) => text === `${name} saw the eviction before the save`).length;
    const isPolled = name === 'server-1' && polls > 0;
    const told = {
      'L1 hits': from('L1') + (isPolled ? 1 : 0),
      'L2 hits': from('L2'),
      'database loads': from('database') + (isPolled ? polls - 1 : 0),
      'evictions sent':
        updates.flatMap(({ saved }) => saved).filter(({ server }) => server === name).length + (name === 'server-2' ? 1 : 0),
      'evictions seen': updates.flatMap(({ seen }) => seen).filter(({ server }) => server === name).length * 2 + beforeCrash + 1,
    };
    expect(Object.fromEntries(Object.keys(told).map((title) => [title, counted(title)])), name).to.deep.equal(told);
  }
}

function sum(table: ReadonlyMap<string, ToldCounters>, server: string, title: string): number {
  return (table.get(server)?.[title] ?? 0) + (table.get(`${server} (ended)`)?.[title] ?? 0);
}
