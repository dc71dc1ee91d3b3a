import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RedisServer } from '../support/redis-server.js';
import { isListening, type SampleRun } from './sample-run.js';
import { expectSuccess, sampleRuns } from './sample-runs.js';

const SERVERS = ['server-1', 'server-2', 'server-3'];
const CLOSED = 'banner v2 "Closed on Monday"';
const OPEN = 'banner v3 "Open on Monday"';

interface Told {
  readonly atMs: number;
  readonly server: string;
  readonly text: string;
}

/** The timeline of a chapter. */
function chapter(output: string, title: string): readonly Told[] {
  const lines = output.split('\n');
  const start = lines.indexOf(title);
  expect(start, `'${title}' in: ${output}`).to.be.greaterThan(-1);
  return lines.slice(start + 1, lines.indexOf('', start)).map((line) => {
    const [, at, server, text] = /^ {2}\+ +(\d+\.\d) ms {2}(server-\d|database) +(\S.*)$/.exec(line) ?? [];
    if (at === undefined || server === undefined || text === undefined) throw new Error(`Not a line of the timeline: ${line}`);
    return { atMs: Number(at), server, text };
  });
}

/** What all servers answer when nobody is cut off: first from the board, then through the cache. */
function expectReads(told: readonly Told[], setting: string, sources: readonly string[]): void {
  const reads = told.filter(({ text }) => text.startsWith('read ')).map(({ server, text }) => `${server} ${text}`);
  const expected = SERVERS.flatMap((server, i) =>
    ['the board', sources[i]].map((source) => `${server} read    ${setting}  from ${source}`),
  );
  expect(reads).to.deep.equal(expected);
}

/** A change that each of these servers hears of, after it was saved. */
function expectChange(told: readonly Told[], by: string, setting: string, servers: readonly string[]): void {
  const saved = told.filter(({ text }) => text.startsWith('saved'));
  expect(saved.map(({ server, text }) => [server, text])).to.deep.equal([[by, `saved   ${setting}`]]);
  const name = setting.split(' ')[0];
  for (const heard of [`board   ${setting}, `, `cache   dropped ${name}, `]) {
    const those = told.filter(({ text }) => text.startsWith(heard) && /, \d+\.\d ms after it was saved$/.test(text));
    expect(those.map(({ server }) => server)).to.have.members(servers);
    expect(those.filter(({ atMs }) => atMs < (saved[0]?.atMs ?? Infinity))).to.deep.equal([]);
  }
}

/** What happens whatever is between the servers. */
function expectCommonStory(output: string): void {
  const first = chapter(output, '1. Read banner on all three, from the board and through the cache');
  expectReads(first, 'banner v1 ""', ['database', 'L2', 'L2']);
  const second = chapter(output, '2. Change banner on server-1: told on settings-changed, and dropped from every cache');
  expectChange(second, 'server-1', CLOSED, SERVERS);
  expectReads(second, CLOSED, ['database', 'L2', 'L2']);
  const third = chapter(output, '3. Change page-size on server-2: the same, and the cache gets the new value');
  expectReads(third.slice(0, 6), 'page-size v1 20', ['database', 'L2', 'L2']);
  expectChange(third, 'server-2', 'page-size v2 50', SERVERS);
  expectReads(third.slice(6), 'page-size v2 50', ['L2', 'L2', 'L2']); // The database was not asked again.
  const fifth = chapter(output, '5. Change maintenance on server-3');
  expectChange(fifth, 'server-3', 'maintenance v2 true', SERVERS);
  expectReads(fifth, 'maintenance v2 true', ['database', 'L2', 'L2']);
}

const FAILS = 'fails: The database failed: no such table: setting';

/** What a timeline tells, without when. */
const untimed = (told: readonly Told[]): readonly string[] => told.map(({ server, text }) => `${server} ${text}`);

/**
 * The database goes away and comes back. Where answers come from before and after that depends on how fast the
 * servers are. Who is answered while it is away, and who is not, does not.
 */
function expectOutage(output: string, banner: string): void {
  const each = (text: string): readonly string[] => SERVERS.map((server) => `${server} ${text}`);
  const [known, wrong] = ['page-size v2 50', banner];
  const away = untimed(chapter(output, '6. Take the database away: strict reads fail, those with staleIfError get what was known last'));
  const begun = away.indexOf('database is away: every query fails');
  const before = away.slice(0, begun).map((text) => text.replace(/from (database|L1|L2)$/, 'from …'));
  expect(before).to.deep.equal([...each(`read    ${known}  from …`), ...each(`read    ${wrong}  from …`)]);
  const ages = [...output.matchAll(/ told {4}served \S+, (\d+) ms old: /g)].map(([, ms]) => Number(ms));
  expect(ages.filter((ms) => ms >= 500)).to.have.lengthOf(6); // They live for half a second.
  const told = (name: string, value: string): readonly string[] =>
    SERVERS.flatMap((server) => [
      `${server} told    served ${name}, … ms old: The database failed: no such table: setting`,
      `${server} read    ${value}  from stale`,
    ]);
  expect(away.slice(begun + 1).map((text) => text.replace(/, \d+ ms old/, ', … ms old'))).to.deep.equal([
    ...each(`strict  page-size  ${FAILS}`),
    ...each(`strict  banner  ${FAILS}`),
    ...told('page-size', known),
    ...told('banner', wrong),
  ]);

  const evicted = untimed(chapter(output, '7. Evict banner on server-1: what is known of it is wrong, and the database is still away'));
  expect(evicted[0]).to.equal('server-1 evicts  banner');
  expect(evicted.slice(1, 4)).to.have.members(each('cache   dropped banner'));
  expect(evicted.slice(4)).to.deep.equal([...each(`read    banner  ${FAILS}`), ...each(`read    ${known}  from stale`)]);

  const back = untimed(chapter(output, '8. Bring the database back: somebody has corrected both by hand meanwhile, and told no server'));
  expect(back[0]).to.equal('database is back');
  const corrected = `banner v${Number(/ v(\d) /.exec(banner)?.[1]) + 1} "Open on Tuesday"`;
  expect(
    back
      .slice(1)
      .filter((text) => !/^server-\d has a new page-size \(old answers until then: \d+\)$/.test(text))
      .map((text) => text.replace(/from (database|L1|L2), \d+\.\d ms after it was back$/, 'from …')),
  ).to.deep.equal([...each('read    page-size v3 100  from …'), ...each(`read    ${corrected}  from …`)]);
}

/** One server misses a change, says that it may have, and catches up. */
function expectCut(output: string): void {
  const told = chapter(output, "4. Cut server-3's way to Redis, change banner on server-1, restore it");
  const restored = told.findIndex(({ text }) => text === 'has its way to Redis again');
  const during = told.slice(0, restored);
  expect(during.map(({ server, text }) => `${server} ${text}`)).to.include.members([
    'server-3 lost its subscriber connection',
    'server-3 reads past L1, which may be out of date',
  ]);
  expectChange(during, 'server-1', OPEN, ['server-1', 'server-2']);
  const reads = (of: readonly Told[]): readonly string[] =>
    of.filter(({ text }) => text.startsWith('read ')).map(({ server, text }) => `${server} ${text}`);
  expect(reads(during)).to.deep.equal([
    `server-1 read    ${OPEN}  from the board`,
    `server-1 read    ${OPEN}  from database`,
    `server-2 read    ${OPEN}  from the board`,
    `server-2 read    ${OPEN}  from L2`,
    `server-3 read    ${CLOSED}  from the board, may be out of date`,
    `server-3 read    ${OPEN}  from database`,
  ]);
  const after = told.slice(restored + 1);
  expect(after.map(({ server, text }) => `${server} ${text}`)).to.include.members([
    'server-3 is subscribed to settings-changed',
    'server-3 answers from L1 again',
  ]);
  expect(after.map(({ text }) => text).join('\n')).to.match(
    new RegExp(
      `^board   ${OPEN}  by reload, \\d+\\.\\d ms after it was restored\nvouches for its board, \\d+\\.\\d ms after it was restored$`,
      'm',
    ),
  );
  const boards = reads(after).filter((read) => read.includes('from the board'));
  expect(boards).to.deep.equal(SERVERS.map((server) => `${server} read    ${OPEN}  from the board`));
}

const IN_FORCE =
  /\nIn force: all (\d+) answers equal the database or say that they may not, and every change was\non every server within \d+\.\d ms(, and on the server that was cut off \d+\.\d ms after it was let back in)?\.\nWithout the database: \d+ answers were the last known value \(told \d+ times, with the error\), and\n6 failed that did not allow it\. What was evicted was answered to nobody: 3 of 3 failed\.\n$/;

describe('the story of samples/settings', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  const start = sampleRuns('settings');

  const endsWell = async (run: SampleRun): Promise<void> => {
    await expectSuccess(run);
    expect(run.output.split('\n').filter((line) => line.length > 110 || line.includes('\u001b'))).to.deep.equal([]);
  };

  it('is told by three containers in one process where there is no Redis', async () => {
    const run = start('none');
    await endsWell(run);
    expect(run.output).to.include('\n  Servers:   three containers embedded in this process\n');
    expectCommonStory(run.output);
    expect(chapter(run.output, '4. There is no way to Redis that could be cut')).to.deep.equal([]);
    expect(IN_FORCE.exec(run.output)?.slice(1)).to.deep.equal(['42', undefined]);
    expectOutage(run.output, CLOSED);
  });

  it('is told by three processes on a private Redis, which ends with it', async () => {
    const run = start('program');
    await endsWell(run);
    const port = /\n {2}Redis: {5}a private redis-server on port (\d+)\n {2}Servers: {3}three processes\n/.exec(run.output)?.[1];
    expectCommonStory(run.output);
    expectCut(run.output);
    expectOutage(run.output, OPEN);
    expect(await isListening(Number(port))).to.be.false;
  });

  it('is told by three processes on the Redis of the environment, twice, whatever the run before has left there', async () => {
    const server = await RedisServer.start({ password: 's3cret' });
    const listener = new Redis(server.url);
    try {
      const heard: Record<string, unknown[]> = { 'settings-changed': [], 'settings-channel': [] };
      listener.on('message', (channel: string, message: string) => heard[channel]?.push(JSON.parse(message)));
      await listener.subscribe('settings-changed', 'settings-channel');
      for (const token of ['t0ken-of-the-first', 't0ken-of-the-second']) {
        const run = start({ url: server.url }, [], { SETTINGS_ADMIN_TOKEN: token });
        await endsWell(run);
        expectCommonStory(run.output);
        expectCut(run.output);
        expectOutage(run.output, OPEN);
        expect(IN_FORCE.exec(run.output)?.[1]).to.equal('54');
        expect(run.output).not.to.match(/s3cret|t0ken/);
      }
      await listener.ping(); // What was published before it was asked has arrived when it answers.
      const told = [
        { name: 'banner', value: 'Closed on Monday', version: 2 },
        { name: 'page-size', value: 50, version: 2 },
        { name: 'banner', value: 'Open on Monday', version: 3 },
        { name: 'maintenance', value: true, version: 2 },
      ];
      expect(heard['settings-changed']).to.deep.equal([...told, ...told]);
      const evictions = ['clear', 'evict banner', 'put page-size', 'evict banner', 'evict maintenance', 'evict banner'];
      expect((heard['settings-channel'] as { op: string; keys: string[] }[]).map(({ op, keys }) => [op, ...keys].join(' '))).to.deep.equal([
        ...evictions,
        ...evictions,
      ]);
    } finally {
      listener.disconnect();
      await server.stop();
    }
  });

  for (const [when, line] of [
    ['at its beginning', '1. Read banner'],
    ['while the database is away', 'is away: every query fails'],
  ] as const) {
    it(`is broken off by Ctrl-C ${when}, and leaves nothing behind`, async () => {
      const run = start('program');
      await run.printed(line);
      run.interrupt();
      expect(await run.end).to.deep.equal({ code: 130, signal: null });
      expect(run.errors).to.equal('');
      expect(run.leftovers).to.deep.equal([]);
    });
  }
});
