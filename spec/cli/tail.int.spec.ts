import { expect } from 'chai';
import { readCommandLine } from '../../lib/cli/command-line.js';
import { FleetLink } from '../../lib/cli/fleet-link.js';
import { Tail } from '../../lib/cli/tail.js';
import type { Cache } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { faultyRedis } from '../../lib/testing/index.js';
import { PATIENT } from '../support/patient.js';
import { Bookkeeping } from '../support/bookkeeping.js';
import { RedisServer } from '../support/redis-server.js';
import { type CliRun, runCli } from '../support/run-cli.js';
import { waitFor } from '../support/wait.js';

/** A tail in this process. */
class Following {
  out = '';
  err = '';
  readonly ended: Promise<CliRun>;
  readonly #interrupt = new AbortController();

  constructor(args: readonly string[]) {
    const printed = (out: string, err: string): void => void ([this.out, this.err] = [out, err]);
    this.ended = runCli(['tail', ...args], { interrupt: this.#interrupt.signal, printed });
  }

  get lines(): readonly string[] {
    return this.out.split('\n').slice(0, -1);
  }

  async end(): Promise<CliRun> {
    this.#interrupt.abort();
    return this.ended;
  }
}

describe('inversify-cache tail', () => {
  const instances: CacheInstance[] = [];
  const tails: Following[] = [];
  let server: RedisServer;

  before(async () => {
    server = await RedisServer.start();
  });
  after(() => server.stop());
  afterEach(async () => {
    for (const tail of tails.splice(0)) await tail.end();
    await Promise.all(instances.splice(0).map((instance) => instance.stop()));
    await server.cli('FLUSHALL');
  });

  const join = async (instanceId: string, ...caches: readonly string[]): Promise<Cache> => {
    const named = Object.fromEntries(['book', ...caches].map((name) => [name, {}]));
    const instance = createInstance({ ...PATIENT, redis: server.url, instanceId, caches: named });
    instances.push(instance);
    await instance.start();
    return instance.manager.getCache('book') as Cache;
  };
  const cli = (...args: readonly string[]): Promise<CliRun> => runCli([...args, '--redis', server.url, '--timeout', '20s']);
  const follow = (...args: readonly string[]): Following => {
    const tail = new Following([...args, '--redis', server.url, '--timeout', '20s']);
    tails.push(tail);
    return tail;
  };
  /** Resolves once the tail prints evictions with the reports of these instances. */
  const hearing = (tail: Following, cache: Cache, ...ids: readonly string[]): Promise<void> =>
    waitFor(
      async () => {
        await cache.evict('hello');
        return tail.lines.some((line) => line.includes('hello') && ids.every((id) => new RegExp(`${id} [0-9.]+ m?s`).test(line)));
      },
      { what: 'the tail to hear', everyMs: 50 },
    );

  it('names the messages that were missed, whether an echo or the next message showed it', async () => {
    const tail = follow();
    await hearing(tail, await join('one'), 'one');
    const gaps = (): readonly string[] => tail.lines.filter((line) => line.includes('missed')).map((line) => line.slice(14));
    const last = (): Promise<number> => new Bookkeeping(server).seq();
    await cli('evict', '--cache', 'book', '--topic', 'nosuch', '--acks', 'none', 'Dune');
    const first = await last();
    await waitFor(() => gaps().length === 1, { what: 'the gap that an echo shows' });
    await new Bookkeeping(server).skip(2);
    await waitFor(() => gaps().length === 2, { what: 'the gap of two messages' });
    expect(gaps()).to.deep.equal([
      `one  missed message ${first} of book, and emptied its local tier`,
      `one  missed messages ${first + 1} to ${first + 2} of book, and emptied its local tier`,
    ]);
  });

  it('ends with 1 if it has never seen a cache that it was asked for, and with 0 once it has', async () => {
    await join('one');
    /** The exit code where the time of `--for` ends with `fact`. */
    const endedBy = async (fact: (printed: () => string) => Promise<void>): Promise<number> => {
      const link = new FleetLink({ redis: server.url, namespace: 'cache', timeoutMs: 20_000 });
      let printed = '';
      const print = (line: string): void => void (printed += `${line}\n`);
      const tail = new Tail(readCommandLine(['tail', '--cache', 'book', '--cache', 'nosuch', '--timeout', '20s']), link, print, print);
      await link.start();
      const code = await tail.run(fact(() => printed));
      await link.stop();
      return code;
    };
    const missed = "No instance of namespace 'cache' has a cache 'nosuch'; they have book.\n";
    expect(await endedBy((printed) => waitFor(() => printed() === missed, { what: 'the complaint' }))).to.equal(1);
    await join('late', 'nosuch');
    const cache = instances.at(-1)!.manager.getCache('nosuch') as Cache;
    const evicted = async (printed: () => string): Promise<void> =>
      waitFor(async () => (await cache.evict('Dune'), printed().includes('Dune')), { what: 'the eviction', everyMs: 50 });
    expect(await endedBy(evicted)).to.equal(0);
    expect(await cli('tail', '--cache', 'nobodys', '--for', '1ms')).to.deep.include({ code: 1, out: '' });
  });

  it('says that nobody listens yet, and goes on', async () => {
    const tail = follow();
    await waitFor(() => tail.err !== '', { what: 'the complaint' });
    const nobody = "There is no instance of namespace 'cache': nobody listens on 'cache:fleet:ask' at";
    const hint = 'Check --namespace, and the server and database of --redis. Waiting for one.';
    expect(tail.err).to.equal(`${nobody} 127.0.0.1:${server.port}. ${hint}\n`);
    await hearing(tail, await join('one'), 'one');
  });

  const lost = /^\d\d:\d\d:\d\d\.\d{3} {2}tail lost its own connection to Redis(: .+)?$/;
  const again = /^\d\d:\d\d:\d\d\.\d{3} {2}tail has its own connection to Redis again$/;

  it('says once that it lost its own connection to Redis, and once that it has it again', async () => {
    const link = new FleetLink({ redis: server.url, namespace: 'cache', timeoutMs: 20_000 });
    const [lines, complaints]: [string[], string[]] = [[], []];
    const tail = new Tail(
      readCommandLine(['tail']),
      link,
      (line) => void lines.push(line),
      (line) => void complaints.push(line),
    );
    let end = (): void => undefined;
    await join('one');
    await link.start();
    const following = tail.run(new Promise((resolve) => (end = resolve)));
    const own = (): readonly string[] => lines.filter((line) => line.includes('tail '));
    await waitFor(() => link.reached === 1, { what: 'the first question' });
    await waitFor(async () => (await instances[0]!.manager.getCache('book')!.evict('x'), lines.length > 0), {
      what: 'a line',
      everyMs: 50,
    });
    await server.stop({ keepDir: true });
    await waitFor(() => own().length === 1 && link.reached === undefined, { what: 'a question that cannot be sent' });
    await server.restart();
    await waitFor(() => own().length === 2, { what: 'the return' });
    end();
    await following;
    await link.stop();
    expect(own()[0]).to.match(lost);
    expect(own()[1]).to.match(again);
    expect([own().length, complaints]).to.deep.equal([2, []]);
  });

  for (const [how, options] of [
    ['for people', []],
    ['for programs', ['--json']],
  ] as const) {
    it(`does not claim of an instance that it heard nothing, if that was not heard since the connection is back: ${how}`, async () => {
      const proxy = await faultyRedis(server.url);
      const book = await join('one');
      const tail = new Following([...options, '--redis', proxy.url, '--timeout', '20s']);
      tails.push(tail);
      const caches = { book: { status: 'up', isServing: true, statistics: {} } };
      const status = {
        id: 'mute',
        namespace: 'cache',
        host: 'h',
        pid: 1,
        startedAt: 1,
        at: 1,
        boundMs: 1,
        status: 'up',
        links: {},
        caches,
      };
      /** Has `mute` say how it is, and resolves once the tail has heard it and a line after it. */
      let marks = 0;
      const say = async (entry: object): Promise<unknown> =>
        server.cli('PUBLISH', 'cache:fleet:answer', JSON.stringify({ v: 1, ...entry }));
      const spoken = async (): Promise<void> => {
        const mark = `mark-${(marks += 1)}`;
        await waitFor(
          async () => {
            await say({ kind: 'status', from: 'mute', status });
            await say({ kind: 'feed', from: 'mute', lost: 0, entries: [{ at: 1, kind: 'link', link: mark, isUp: true }] });
            return tail.out.includes(mark);
          },
          { what: 'the mute instance to be heard', everyMs: 50 },
        );
      };
      /** What is told of `mute` and an eviction of `key`. */
      const toldOf = async (key: string): Promise<string> => {
        const line = (): string | undefined => tail.lines.find((each) => each.includes(key));
        await book.evict(key);
        await waitFor(() => line() !== undefined, { what: key });
        if (how === 'for people') return /mute (.*)$/.exec(line()!)![1]!;
        const { missing, untold } = JSON.parse(line()!) as { missing: string[]; untold: string[] };
        return missing.includes('mute') ? 'missing' : untold.includes('mute') ? 'untold' : 'neither';
      };
      await spoken();
      expect(await toldOf('before')).to.equal(how === 'for people' ? 'not heard' : 'missing');
      proxy.away();
      await waitFor(() => tail.out.includes('tail lost') || tail.out.includes('"isUp":false'), { what: 'the loss' });
      proxy.heal();
      await waitFor(() => tail.out.includes('to Redis again') || tail.out.includes('"kind":"connection","isUp":true'), {
        what: 'the return',
      });
      expect(await toldOf('after')).to.equal(how === 'for people' ? 'did not tell' : 'untold');
      await spoken();
      expect(await toldOf('later')).to.equal(how === 'for people' ? 'not heard' : 'missing');
      await tail.end();
      await proxy.stop();
      expect(tail.err).to.equal('');
    });
  }
});
