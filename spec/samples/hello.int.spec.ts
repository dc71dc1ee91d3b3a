import { expect } from 'chai';
import { Redis } from 'ioredis';
import { USAGE } from '../../samples/hello/command-line.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { isRunning } from './sample-run.js';
import { expectRefusal, expectSuccess, sampleRuns } from './sample-runs.js';

const SERVERS = ['one', 'two', 'one', 'two'] as const;

interface ToldRead {
  readonly server: string;
  readonly text: string;
  readonly source: string;
}

/** The lines of a numbered chapter. */
function chapter(output: string, number: number): readonly string[] {
  const lines = output.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`${number}. `));
  expect(start, `chapter ${number} of: ${output}`).to.be.greaterThan(-1);
  return lines.slice(start, lines.indexOf('', start));
}

function reads(output: string, number: number): readonly ToldRead[] {
  return chapter(output, number).flatMap((line) => {
    const [, server, text, source] = /^ {2}\+ +[\d.]+ ms {2}(one|two) +read +"(.*)" {2}from (\S+)$/.exec(line) ?? [];
    return server === undefined || text === undefined || source === undefined ? [] : [{ server, text, source }];
  });
}

/** What else is told of a server. */
const told = (output: string, number: number, server: string): readonly string[] =>
  chapter(output, number)
    .filter((line) => line.includes(` ms  ${server} `) && !line.includes('read    '))
    .map((line) => line.replace(/^.*? ms {2}\w+ +/, ''));

const all = (text: string, ...sources: readonly string[]): readonly ToldRead[] =>
  sources.map((source, i) => ({ server: SERVERS[i % 4]!, text, source }));

/** Reads and an eviction, whatever is between the servers. */
function expectBeginning(output: string): void {
  expect(reads(output, 1)).to.deep.equal(all('Hello, world', 'database', 'L2', 'L1', 'L1'));
  expect(reads(output, 2)).to.deep.equal(all('Hello, Redis', 'database', 'L2', 'L1', 'L1'));
  for (const server of ['one', 'two'])
    expect(told(output, 2, server).join()).to.match(/dropped hello from L1, \d+\.\d ms after it was evicted from L2/);
}

/** Redis goes and comes back. */
function expectHealing(output: string, begins: string, ends: string): void {
  expect(chapter(output, 3)[0]).to.equal(`3. ${begins}: L1 is not trusted any more, the database answers`);
  expect(reads(output, 3)).to.deep.equal([
    ...all('Hello, Redis', 'database', 'database', 'database', 'database'),
    ...all('Hello again', 'database', 'database', 'database', 'database'),
  ]);
  for (const server of ['one', 'two']) {
    const lost = told(output, 3, server);
    expect(lost).to.include.members(['lost its subscriber connection', 'cannot prove that it is up to date: it does not answer from L1']);
    expect(told(output, 4, server)).to.include.members([
      'is subscribed to user-events; L1 begins empty',
      'has proof again that it is up to date: it may answer from L1',
    ]);
  }
  expect(told(output, 3, 'one')).to.include('has no acknowledgement from Redis: the eviction is repeated until it has');
  expect(chapter(output, 4)[0]).to.equal(`4. ${ends}; both come back by themselves`);
  expect(told(output, 4, 'one').join()).to.match(/has evicted after all, at attempt \d+/);

  const after = reads(output, 4);
  expect(after.filter(({ text }) => text !== 'Hello again')).to.deep.equal([]);
  expect(after.slice(0, 2).map(({ source }) => source)).not.to.include('L1'); // What L1 held before was dropped.
  expect(after.slice(-2).map(({ source }) => source)).to.deep.equal(['L1', 'L1']);
  const count = [1, 2, 3, 4].reduce((sum, number) => sum + reads(output, number).length, 0);
  expect(output.trimEnd().split('\n').at(-1)).to.equal(`Right: all ${count} reads.`);
}

describe('samples/hello', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  const start = sampleRuns('hello');

  it('tells the beginning of its story where there is no Redis', async () => {
    const run = start('none');
    await expectSuccess(run);
    expectBeginning(run.output);
    expect(run.output).to.match(/\n3\. There is no Redis that could go away\n\nRight: all 8 reads\.\n$/);
  });

  it('kills its private Redis, starts it again, and heals', async () => {
    const run = start('program');
    await expectSuccess(run);
    expectBeginning(run.output);
    expectHealing(run.output, 'Kill Redis (SIGKILL)', 'Start Redis again: it has forgotten everything');
    expect(run.output.split('\n').filter((line) => line.length > 100)).to.deep.equal([]);
  });

  it('cuts the way to the Redis of the environment, which sees three messages with keys and no values, and heals', async () => {
    const server = await RedisServer.start({ password: 's3cret' });
    const listener = new Redis(server.url);
    try {
      const messages: string[] = [];
      listener.on('message', (_channel, message) => messages.push(message));
      await listener.subscribe('user-events');
      const { run_id: before } = await server.info('server');
      const run = start({ url: server.url });
      await expectSuccess(run);
      expectBeginning(run.output);
      expectHealing(run.output, 'Cut the way to Redis', 'Restore the way to Redis');
      expect(run.output).not.to.include('s3cret');
      expect((await server.info('server'))['run_id']).to.equal(before); // It was left alone.
      await listener.ping(); // What was published before it was asked has arrived when it answers.
      const parsed = messages.map((message) => JSON.parse(message) as { op: string; keys: string[] });
      expect(parsed.map(({ op, keys }) => [op, ...keys])).to.deep.equal([['clear'], ['evict', 'hello'], ['evict', 'hello']]);
      expect(messages.filter((message) => message.includes('Hello'))).to.deep.equal([]);
    } finally {
      listener.disconnect();
      await server.stop();
    }
  });

  it('can be watched while somebody kills its Redis: it is started again, and both servers come back', async () => {
    const run = start('program', ['--watch']);
    await run.printed('"  subscription listening   from L1');
    const pid = Number(/Redis is process (\d+): kill -9 \1, and it is started again after 5 s\./.exec(run.output)?.[1]);
    expect(isRunning(pid)).to.be.true;
    process.kill(pid, 'SIGKILL');
    await run.printed('Redis has ended.');
    await run.printed('subscription recovering  from database');
    const duringOutage = run.output.length;
    await run.printed('has proof again that it is up to date', duringOutage);
    const healed = run.output.length;
    await run.printed('"  subscription listening   from L1', healed);
    const second = Number(/Redis is process (\d+)/.exec(run.output.slice(duringOutage))?.[1]);
    expect(second).not.to.equal(pid);
    expect(run.output).not.to.include('STALE');
    run.interrupt();
    await expectSuccess(run);
    expect([pid, second].map(isRunning)).to.deep.equal([false, false]);
  });

  for (const mode of [[], ['--watch']]) {
    it(`breaks off${mode.map((option) => ` ${option}`).join('')} where the Redis is not there, and says where it looked`, async () => {
      const port = await freePort();
      const run = start({ url: `redis://bob:s3cret@127.0.0.1:${port}` }, mode);
      expect(await run.end).to.deep.equal({ code: 1, signal: null });
      expect(run.errors).to.equal(
        `CACHE_REMOTE_CONNECT_FAILED: Could not reach Redis at 127.0.0.1:${port} within 5000 ms (ECONNREFUSED). ` +
          'Check host, port, credentials and that the server accepts connections.\n',
      );
      expect(run.output).not.to.include('s3cret');
    });
  }

  it('can be watched without Redis, until Ctrl-C', async () => {
    const run = start('none', ['--watch']);
    await run.printed('"  subscription listening   from L1');
    expect(run.output).not.to.include('Redis is process');
    run.interrupt();
    await expectSuccess(run);
  });

  it('explains itself, and refuses what it does not know', async () => {
    const help = start('none', ['--help']);
    await expectSuccess(help);
    expect(help.output).to.equal(`${USAGE}\n`);
    await expectRefusal(start('none', ['--wacth']), "Unknown option '--wacth'", USAGE);
    expect(USAGE.split('\n').filter((line) => line.length > 100)).to.deep.equal([]);
  });
});
