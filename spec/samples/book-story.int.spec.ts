import { expect } from 'chai';
import { Redis } from 'ioredis';
import { freePort, RedisServer } from '../support/redis-server.js';
import { expectWholeStory } from './expected-story.js';
import { isListening, type RedisOfRun, SampleRun } from './sample-run.js';

const KILLED = {
  unit: 'process',
  how: 'was killed (SIGKILL): for others it is there until its read lease runs out',
} as const;

describe('the story of samples/book', function () {
  this.timeout(120_000);
  this.retries(2); // Its processes run in real time: where the machine stands still, leases lapse.

  const runs: SampleRun[] = [];
  let redis: RedisServer;
  let listener: Redis;
  let lostPort: number;
  let lost: SampleRun; // It spends its time waiting: the others are told meanwhile.

  function start(redis: RedisOfRun, ...args: string[]): SampleRun {
    const run = new SampleRun('book', args, redis);
    runs.push(run);
    return run;
  }

  before(async () => {
    redis = await RedisServer.start({ password: 's3cret' });
    lostPort = await freePort();
    lost = new SampleRun('book', [], { url: `redis://bob:s3cret@127.0.0.1:${lostPort}` });
  });

  after(async () => {
    await lost.remove();
    await redis.stop();
  });

  beforeEach(async () => {
    listener = new Redis(redis.url, { retryStrategy: () => null });
    listener.on('error', () => undefined); // One spec ends the server.
    await listener.subscribe('book-channel');
  });

  afterEach(async () => {
    listener.disconnect();
    await Promise.all(runs.splice(0).map((run) => run.remove()));
  });

  it('is told by four containers in one process where there is no Redis', async () => {
    const run = start('none');
    expect(await run.end, run.errors).to.deep.equal({ code: 0, signal: null });
    expect(run.errors).to.equal('');
    expect(run.output.split('\n').slice(0, 4)).to.deep.equal([
      'Books, cached on four servers',
      '  Redis:     none: no REDIS_URL or REDIS_HOST, and no redis-server or valkey-server on the PATH',
      '  Servers:   four containers embedded in this process',
      '  Database:  an SQL database in a file, shared by all four',
    ]);
    expectWholeStory(run.output, { unit: 'container', how: 'was ended (its container is unbound)' });
    expect(run.leftovers).to.deep.equal([]);
  });

  it('is told by four processes on the Redis of the environment, and each update is two messages with keys, the renaming one with a tag, and none has values', async () => {
    const messages: string[] = [];
    listener.on('message', (_channel, message) => messages.push(message));
    const run = start({ url: redis.url });
    expect(await run.end, run.errors).to.deep.equal({ code: 0, signal: null });
    expect(run.errors).to.equal('');
    expect(run.output.split('\n').slice(1, 3)).to.deep.equal([
      `  Redis:     the Redis of the environment (127.0.0.1:${redis.port})`,
      '  Servers:   four processes',
    ]);
    expect(run.output).not.to.include('s3cret');
    expectWholeStory(run.output, KILLED);
    expect(run.leftovers).to.deep.equal([]);
    await listener.ping(); // What was published before it was asked has arrived when it answers.
    expectMessages(messages);
  });

  it('is told on a private Redis where a server program is on the PATH, which ends with it', async () => {
    const run = start('program');
    expect(await run.end, run.errors).to.deep.equal({ code: 0, signal: null });
    expect(run.errors).to.equal('');
    const port = /^ {2}Redis: {5}a private redis-server on port (\d+)\n {2}Servers: {3}four processes$/m.exec(run.output)?.[1];
    expectWholeStory(run.output, KILLED);
    expect(await isListening(Number(port))).to.be.false;
    expect(run.leftovers).to.deep.equal([]);
  });

  it('breaks off where the Redis is not there, and says where it looked', async () => {
    expect(await lost.end).to.deep.equal({ code: 1, signal: null });
    expect(lost.errors).to.equal(
      `CACHE_REMOTE_CONNECT_FAILED: Could not reach Redis at 127.0.0.1:${lostPort} within 20000 ms (ECONNREFUSED). ` +
        'Check host, port, credentials and that the server accepts connections.\n',
    );
    expect(lost.output).to.equal('');
    expect(lost.leftovers).to.deep.equal([]);
  });

  it('breaks off by itself, and says why, where the Redis dies half-way', async () => {
    const mortal = await RedisServer.start();
    try {
      const run = start({ url: mortal.url });
      await run.printed('1. Read Dune');
      await mortal.kill();
      expect(await run.end).to.deep.equal({ code: 1, signal: null });
      // Either the eviction found no Redis, or, had it just passed, the new server-3 finds none.
      const ends = [
        'PUT /books/Dune was saved, but Redis did not acknowledge the eviction: other servers may serve the old book until it does.\n',
        `Could not reach Redis at 127.0.0.1:${mortal.port} within 20000 ms (ECONNREFUSED). Check host, port, credentials and that the server accepts connections.\n`,
      ];
      expect(ends).to.include(run.errors);
      expect(run.output).to.not.match(/STALE|Fresh:/);
      expect(run.leftovers).to.deep.equal([]);
    } finally {
      await mortal.stop();
    }
  });

  it('is broken off by Ctrl-C, and leaves nothing behind', async () => {
    const run = start('program');
    await run.printed('1. Read Dune');
    run.interrupt();
    expect(await run.end).to.deep.equal({ code: 130, signal: null });
    expect(run.errors).to.equal('');
    expect(run.leftovers).to.deep.equal([]);
  });
});

function expectMessages(messages: readonly string[]): void {
  // Any author, any price: a value in a message would be one of these.
  expect(messages.filter((message) => /"author"|price|Herbert|Austen|Kipling|Joyce|9\.99|12\.5/i.test(message))).to.deep.equal([]);
  const parsed = messages.map((message) => JSON.parse(message) as Readonly<Record<string, unknown>>);
  const [{ seq, gen } = {}] = parsed;
  const origins = [
    'stock',
    'server-1',
    'server-1',
    'server-2',
    'server-2',
    'server-3',
    'server-3',
    'server-4',
    'server-2',
    'server-3',
    'server-3',
  ];
  expect(parsed.map(({ origin }) => String(origin).replace(/-\d+~[0-9a-f]{12}$/, ''))).to.deep.equal(origins);
  const common = (i: number) => {
    const { origin, at } = parsed[i] ?? {};
    expect(at).to.be.a('number');
    return { v: 2, cache: 'book', ns: 'cache', seq: Number(seq) + i, gen, origin, at };
  };
  const before = (i: number, name = 'Dune') => ({ ...common(i), op: 'evict', keys: [name] });
  const after = (i: number, name = 'Dune') => ({ ...before(i, name), ack: true });
  const clear = { ...common(0), op: 'clear', keys: [] };
  const renaming = { ...common(8), op: 'evictTagged', keys: [], tags: ['author:1'], ack: true };
  const ofEmma = [before(9, 'Emma'), after(10, 'Emma')];
  // The fourth `before` has none after it: its server was killed in between.
  const ofDune = [before(1), after(2), before(3), after(4), before(5), after(6), before(7)];
  expect(parsed).to.deep.equal([clear, ...ofDune, renaming, ...ofEmma]);
}
