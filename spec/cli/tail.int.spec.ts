import { expect } from 'chai';
import { readCommandLine } from '../../lib/cli/command-line.js';
import { FleetLink } from '../../lib/cli/fleet-link.js';
import { Tail } from '../../lib/cli/tail.js';
import type { Cache } from '../../lib/index.js';
import { type CacheInstance, createInstance } from '../../lib/instance/cache-instance.js';
import { PATIENT } from '../support/patient.js';
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
    const last = async (): Promise<number> => Number(await server.cli('GET', 'cache:book:seq'));
    await cli('evict', '--cache', 'book', '--topic', 'nosuch', '--acks', 'none', 'Dune');
    const first = await last();
    await waitFor(() => gaps().length === 1, { what: 'the gap that an echo shows' });
    await server.cli('INCRBY', 'cache:book:seq', '2');
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
});
