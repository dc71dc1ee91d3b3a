import { expect } from 'chai';
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

  const join = async (instanceId: string): Promise<Cache> => {
    const instance = createInstance({ ...PATIENT, redis: server.url, instanceId, caches: { book: {} } });
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
});
